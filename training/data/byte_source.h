#ifndef STEELYARD_TRAINING_DATA_BYTE_SOURCE_H_
#define STEELYARD_TRAINING_DATA_BYTE_SOURCE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace steelyard::training {

// The bytes of a file from front to back, inflated when they begin as gzip does
// (several members in a row are one file, as for gunzip).  Holds about 100 kB,
// whatever the file inflates to.  Not thread-safe.
//
// Errors of all calls:
//   InvalidArgument    damaged or cut short gzip data, with the offset in the
//                      file as it lies on disk
//   ResourceExhausted  more bytes than `limit_bytes`, inflated
//   Internal           the file cannot be opened or read
class ByteSource {
 public:
  static absl::StatusOr<std::unique_ptr<ByteSource>> OpenFile(
      const std::string& path, int64_t limit_bytes);
  // `bytes` must outlive the source.
  static absl::StatusOr<std::unique_ptr<ByteSource>> OpenMemory(
      absl::string_view bytes, int64_t limit_bytes);

  virtual ~ByteSource() = default;

  // Fills `out`; returns how many bytes it filled, fewer than its size only at
  // the end of the data.
  virtual absl::StatusOr<size_t> Read(std::span<char> out) = 0;

  // Back to the first byte.
  virtual absl::Status Rewind() = 0;

  // Inflated bytes read since the front.
  virtual int64_t offset() const = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_BYTE_SOURCE_H_
