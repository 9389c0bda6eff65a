#ifndef STEELYARD_TRAINING_DATA_NPY_HEADER_H_
#define STEELYARD_TRAINING_DATA_NPY_HEADER_H_

#include "absl/status/statusor.h"
#include "training/data/array.h"
#include "training/data/byte_source.h"

namespace steelyard::training {

// Reads the header that npy.h describes; `source` stands at the front, and then
// before the first value.
// Errors: InvalidArgument, naming the offset and what was wanted there; those
// of the source.
absl::StatusOr<ArrayHeader> ReadNpyHeader(ByteSource& source);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_NPY_HEADER_H_
