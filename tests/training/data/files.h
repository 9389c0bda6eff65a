#ifndef STEELYARD_TESTS_TRAINING_DATA_FILES_H_
#define STEELYARD_TESTS_TRAINING_DATA_FILES_H_

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "training/data/byte_source.h"

// Files in memory, as tests of the readers need them.
namespace steelyard::training {

inline constexpr int64_t kAmple = int64_t{1} << 40;

inline std::unique_ptr<ByteSource> Source(absl::string_view bytes,
                                          int64_t limit_bytes = kAmple) {
  return ByteSource::OpenMemory(bytes, limit_bytes).value();
}

// One gzip member.
inline std::string Gzip(absl::string_view bytes) {
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  std::string in(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string BigEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) {
    text.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
  return text;
}

// An IDX header and then `values`, whatever they are.
inline std::string Idx(int type, const std::vector<uint32_t>& shape,
                       absl::string_view values) {
  std::string file("\0\0", 2);
  file.push_back(static_cast<char>(type));
  file.push_back(static_cast<char>(shape.size()));
  for (const uint32_t dimension : shape) file += BigEndian(dimension, 4);
  return file + std::string(values);
}

inline constexpr int kUint8 = 0x08;

inline std::string LittleEndian(uint64_t value, int bytes) {
  const std::string big = BigEndian(value, bytes);
  return {big.rbegin(), big.rend()};
}

// An NPY header of version 1.0 with that literal, then `values`, whatever they
// are.
inline std::string NpyFile(absl::string_view literal,
                           absl::string_view values) {
  return absl::StrCat("\x93NUMPY", std::string("\1\0", 2),
                      LittleEndian(literal.size(), 2), literal, values);
}

// As numpy.save writes it: type `<f8`, shape `2, 3`.
inline std::string Npy(absl::string_view descr, absl::string_view shape,
                       absl::string_view values,
                       absl::string_view fortran_order = "False") {
  return NpyFile(absl::StrCat("{'descr': '", descr, "', 'fortran_order': ",
                              fortran_order, ", 'shape': (", shape, "), }\n"),
                 values);
}

}  // namespace steelyard::training

#endif  // STEELYARD_TESTS_TRAINING_DATA_FILES_H_
