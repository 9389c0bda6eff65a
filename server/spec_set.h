#ifndef STEELYARD_SERVER_SPEC_SET_H_
#define STEELYARD_SERVER_SPEC_SET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/spec_tree.h"

namespace steelyard::server {

// Makes the change `path=value` in a spec's tree: `value`, a YAML value, takes
// the place of what stood at `path`, or is put there; fields on the way are
// made.  A branch of a oneof drops the others, `file` drops `dataset` and the
// other way round.  An element of a list must be there: lists do not grow.
//
// The names of the path are checked against RunSpec here, the value later, by
// the walk, as if it had stood in the text.  A change with a fault changes
// nothing.  Where the text itself is of a wrong kind on the way nothing is done
// and said: the walk finds it.
void ApplyChange(absl::string_view change, int32_t set_number,
                 const SpecLimits& limits, int64_t* nodes_left, SpecNode* root,
                 std::vector<PlacedFault>* faults);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_SET_H_
