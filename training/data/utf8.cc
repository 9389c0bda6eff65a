#include "training/data/utf8.h"

#include <cstddef>
#include <cstdint>

namespace steelyard::training {

bool IsPrintableUtf8(absl::string_view text) {
  // The least code point that needs 1, 2, 3 continuation bytes.
  constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) {
      if (lead < 0x20 || lead == 0x7f) return false;
      continue;
    }
    size_t more = 0;
    if (lead >= 0xc0 && lead < 0xe0) more = 1;
    if (lead >= 0xe0 && lead < 0xf0) more = 2;
    if (lead >= 0xf0 && lead < 0xf8) more = 3;
    if (more == 0 || text.size() - i < more) return false;
    uint32_t code = lead & (0x3fu >> more);
    for (size_t j = 0; j < more; ++j) {
      const auto byte = static_cast<unsigned char>(text[i++]);
      if ((byte & 0xc0) != 0x80) return false;
      code = code << 6 | (byte & 0x3fu);
    }
    if (code < kLeast[more] || code > 0x10ffff) return false;
    if (code >= 0xd800 && code <= 0xdfff) return false;
  }
  return true;
}

}  // namespace steelyard::training
