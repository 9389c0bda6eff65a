#ifndef STEELYARD_TRAINING_DATA_UTF8_H_
#define STEELYARD_TRAINING_DATA_UTF8_H_

#include "absl/strings/string_view.h"

namespace steelyard::training {

// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no
// surrogates, nothing past U+10FFFF) without the control characters below
// U+0020 and U+007F.
bool IsPrintableUtf8(absl::string_view text);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_UTF8_H_
