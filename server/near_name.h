#ifndef STEELYARD_SERVER_NEAR_NAME_H_
#define STEELYARD_SERVER_NEAR_NAME_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace steelyard::server {

// The one of `names` that someone who wrote `wrong` most likely meant; empty
// when none is near.  Case, _ and - do not count; an insertion, a deletion, a
// replacement and a swap of neighbours count one each, and a third of the
// letters may differ.  Of equally near names the first.
std::string NearName(absl::string_view wrong,
                     const std::vector<std::string>& names);

// What to say of a name that is none: "did you mean logistic?", or "want one of
// exponential, logistic".
std::string AdviseName(absl::string_view wrong,
                       const std::vector<std::string>& names);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_NEAR_NAME_H_
