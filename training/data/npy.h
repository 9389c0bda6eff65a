#ifndef STEELYARD_TRAINING_DATA_NPY_H_
#define STEELYARD_TRAINING_DATA_NPY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "training/data/byte_source.h"
#include "training/data/selection.h"
#include "training/data/summary.h"
#include "training/rows.h"

// NPY, the form of numpy.save: the bytes 0x93 "NUMPY", the format's version
// (1.0, 2.0 or 3.0), the header's length (little-endian, of 2 bytes in version
// 1.0, of 4 later), the header, the values.  The header is a Python literal,
//   {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
// with these keys in any order, each once.  It is read by a parser of its own:
// nothing is evaluated.
//
// Types: bool, int8 to int64, uint8 to uint64, float16, float32, float64, of
// either byte order.  Shapes of 1 to 4 dimensions, each at least 1, in C or
// Fortran order.  Objects, structures, complex numbers, times and text are
// refused.
//
// Errors name the offset in the inflated data:
//   InvalidArgument    the file is not of this form, cut short or too long
//   ResourceExhausted, Internal  of the source
// Nothing is allocated by what a header claims.
namespace steelyard::training {

// Limit of one file: Python's literals are short.
inline constexpr int64_t kMaxNpyHeaderBytes = 64 << 10;
inline constexpr size_t kMaxNpyDimensions = 4;

// Reads the whole file.
absl::StatusOr<FileSummary> InspectNpy(ByteSource& source);

// Features [n] or [n, ...], each row flattened with its last index fastest,
// taken as they are; labels [n] of any type, whole numbers.  Reads the features
// twice, to the end: that all are there and finite is seen before there is
// memory for them.
// Errors also: a feature that is not finite, in any row; shapes that do not
// fit; a label that RowPicker refuses; no row picked.
absl::StatusOr<Rows> ReadNpy(ByteSource& features, ByteSource& labels,
                             const RowSelection& selection);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_NPY_H_
