#ifndef STEELYARD_TRAINING_DATA_IDX_H_
#define STEELYARD_TRAINING_DATA_IDX_H_

#include "absl/status/statusor.h"
#include "training/data/byte_source.h"
#include "training/data/selection.h"
#include "training/data/summary.h"
#include "training/rows.h"

// IDX, the form of MNIST: two zero bytes, the type, the number of dimensions,
// the dimensions (32 bits each), the values in row-major order; all big-endian.
// Types: 0x08 uint8, 0x09 int8, 0x0B int16, 0x0C int32, 0x0D float32,
// 0x0E float64.
//
// Errors name the offset in the inflated data:
//   InvalidArgument    the file is not of this form, cut short or too long
//   ResourceExhausted, Internal  of the source
// Nothing is allocated by what a header claims.
namespace steelyard::training {

// Reads the whole file.
absl::StatusOr<FileSummary> InspectIdx(ByteSource& source);

// Images [n, ...] of uint8, each flattened to a row and divided by 255; labels
// [n] of any type, whole numbers.  Reads the labels twice, the images once and
// no further than to the last row wanted; only those rows become doubles.
// Errors also: shapes that do not fit; a label that RowPicker refuses; no row
// picked.
absl::StatusOr<Rows> ReadIdx(ByteSource& images, ByteSource& labels,
                             const RowSelection& selection);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_IDX_H_
