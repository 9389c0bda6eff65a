#ifndef STEELYARD_SERVER_WORKER_NPY_BYTES_H_
#define STEELYARD_SERVER_WORKER_NPY_BYTES_H_

#include <cstdint>
#include <span>
#include <string>

namespace steelyard::worker {

enum class NpyType { kFloat32, kFloat64 };

// An array as numpy.save writes it: NPY 1.0, little-endian, C order.
class NpyBytes {
 public:
  // The whole file's size.
  static int64_t SizeBytes(NpyType type, std::span<const int64_t> shape);

  // Takes the memory for the whole array at once.
  NpyBytes(NpyType type, std::span<const int64_t> shape);

  // The next elements, as many in all as the shape says.
  void Append(std::span<const double> values);
  // Once, when all are there.
  std::string Take();

 private:
  const NpyType type_;
  const int64_t size_bytes_;
  std::string bytes_;
};

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_NPY_BYTES_H_
