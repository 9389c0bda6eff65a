#include "server/worker/npy_bytes.h"

#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/check.h"

namespace steelyard::worker {
namespace {

static_assert(std::endian::native == std::endian::little);

std::string Header(NpyType type, std::span<const int64_t> shape) {
  // numpy wants the data at a multiple of 64, and a line break before it.
  constexpr size_t kAlignment = 64;
  constexpr size_t kPrefixBytes = 10;
  std::string text = absl::StrCat(
      "{'descr': '", type == NpyType::kFloat32 ? "<f4" : "<f8",
      "', 'fortran_order': False, 'shape': (", absl::StrJoin(shape, ", "),
      shape.size() == 1 ? ",), }" : "), }");
  while ((kPrefixBytes + text.size() + 1) % kAlignment != 0) text += ' ';
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() % 256);
  header += static_cast<char>(text.size() / 256);
  return header + text;
}

}  // namespace

int64_t NpyBytes::SizeBytes(NpyType type, std::span<const int64_t> shape) {
  int64_t size = type == NpyType::kFloat32 ? 4 : 8;
  for (const int64_t length : shape) size *= length;
  return size + std::ssize(Header(type, shape));
}

NpyBytes::NpyBytes(NpyType type, std::span<const int64_t> shape)
    : type_(type), size_bytes_(SizeBytes(type, shape)) {
  bytes_.reserve(static_cast<size_t>(size_bytes_));
  bytes_.append(Header(type, shape));
}

void NpyBytes::Append(std::span<const double> values) {
  for (const double value : values) {
    if (type_ == NpyType::kFloat32) {
      const auto rounded = static_cast<float>(value);
      bytes_.append(reinterpret_cast<const char*>(&rounded), sizeof rounded);
    } else {
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
}

std::string NpyBytes::Take() {
  STEELYARD_CHECK(std::ssize(bytes_) == size_bytes_);
  return std::move(bytes_);
}

}  // namespace steelyard::worker
