#ifndef STEELYARD_SERVER_SPEC_TEXT_H_
#define STEELYARD_SERVER_SPEC_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace steelyard::server {

// Of ASCII; absl's take an unsigned char.
inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// The number of bytes before the first that is not part of well-formed UTF-8
// (surrogates and overlong forms are not): the size of `text` when all is well.
size_t ValidUtf8Bytes(absl::string_view text);

// `text` in quotes for a message: control characters and malformed bytes as
// \x1b, cut after about 60 bytes, always well-formed UTF-8.
std::string ShowText(absl::string_view text);

// A number for a message, as short as it can be read back: 0.1, 1e+300, nan.
std::string ShowNumber(double value);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_TEXT_H_
