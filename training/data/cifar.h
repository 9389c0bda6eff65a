#ifndef STEELYARD_TRAINING_DATA_CIFAR_H_
#define STEELYARD_TRAINING_DATA_CIFAR_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "training/data/byte_source.h"
#include "training/data/selection.h"
#include "training/data/summary.h"
#include "training/rows.h"

// The binary form of CIFAR-10 and CIFAR-100 (Krizhevsky, 2009): records without
// a header, each of
//   CIFAR-10    a label, 0 to 9;                       then the pixels
//   CIFAR-100   a coarse label, 0 to 19, a fine one, 0 to 99; then the pixels
// in one byte a label and 3,072 of pixels: 32 x 32 red ones, row by row, then
// the green and the blue.
//
// Which of the two a file is, its length tells: a multiple of 3,073 or of 3,074
// bytes.  Where it is both, it is CIFAR-10 if each label read so is below 10.
//
// Errors name the record, from 1 on, and the offset in the inflated data:
//   InvalidArgument    the file is not of this form
//   ResourceExhausted, Internal  of the source
namespace steelyard::training {

inline constexpr int64_t kCifarPixels = int64_t{3} * 32 * 32;

// Which label of CIFAR-100; CIFAR-10 has a fine one alone.
enum class CifarLabel { kFine, kCoarse };

// Reads the whole file.  The summary's columns are its labels: `label` for
// CIFAR-10, `coarse` and `fine` for CIFAR-100; minimum and maximum are those of
// the pixels.
absl::StatusOr<FileSummary> InspectCifar(ByteSource& source);

// The rows wanted of all batches, at least one, in order as one table: pixels
// as they are stored, divided by 255.  Reads each batch twice, the second time
// no further than to the last row wanted.  `expected_rows` is a hint: room is
// made for so many at once.
// Errors also, with the batch, from 0 on: batches of two kinds; coarse labels
// of CIFAR-10; a label that RowPicker refuses; no row picked.
absl::StatusOr<Rows> ReadCifar(
    std::span<const std::unique_ptr<ByteSource>> batches, CifarLabel label,
    const RowSelection& selection, int64_t expected_rows = 0);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_CIFAR_H_
