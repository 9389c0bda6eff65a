#ifndef STEELYARD_TRAINING_DATA_ARRAY_H_
#define STEELYARD_TRAINING_DATA_ARRAY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "training/data/byte_source.h"
#include "training/data/selection.h"
#include "training/data/summary.h"

// What IDX and NPY files have in common: a header that names a type of number
// and a shape, then the values, one behind the other, to the end of the data.
// For the readers of such files.
//
// Errors name the offset in the inflated data:
//   InvalidArgument    the file is cut short, too long, or holds what is wrong
//   ResourceExhausted, Internal  of the source
namespace steelyard::training {

// A type of number as it lies in a file.
struct NumberType {
  const char* name = "";   // "uint8", ...
  int64_t size_bytes = 1;  // 1, 2, 4 or 8
  // The value at `bytes`.
  double (*decode)(const unsigned char* bytes) = nullptr;
};

struct ArrayHeader {
  NumberType type;
  std::vector<int64_t> shape;  // at least one dimension, each >= 1
  // Whether the first index runs fastest in the file, and not the last.
  bool column_major = false;
  int64_t values = 0;       // the product of the shape
  int64_t data_offset = 0;  // of the first value

  int64_t rows() const { return shape[0]; }
  int64_t columns() const { return values / shape[0]; }  // of a row, flattened
  int64_t bytes() const { return values * type.size_bytes; }
  // As in `60000 x 28 x 28 of uint8`.
  std::string Describe() const;
};

// `status` with `what: ` before its message.
absl::Status Within(absl::string_view what, const absl::Status& status);

// Fills `out`, or says which bytes of `what` were wanted there.
absl::Status ReadAll(ByteSource& source, std::span<unsigned char> out,
                     absl::string_view what);

// Sets `values`.  Errors, at `offset`: a product of shape and size that is no
// length of a file.
absl::Status CountValues(int64_t offset, ArrayHeader& header);

// Hands the bytes of the values, before which `source` stands, to `use`, in
// chunks that hold whole values.
absl::Status ReadValues(
    ByteSource& source, const ArrayHeader& header,
    absl::FunctionRef<absl::Status(std::span<const unsigned char>)> use);

// Errors: there are bytes behind the values.
absl::Status CheckEnd(ByteSource& source, const ArrayHeader& header);

// Back to the first value.
absl::Status RewindToValues(ByteSource& source, const ArrayHeader& header);

// Reads the values, before which `source` stands, to the end of the file.
absl::StatusOr<FileSummary> InspectArray(ByteSource& source,
                                         const ArrayHeader& header);

// Errors: `labels` is no list, or not as long as there are `what` ("images").
absl::Status CheckLabelShape(const ArrayHeader& labels, int64_t rows,
                             absl::string_view what);

// Calls `use` with what each row's label becomes, nothing for one left out.
// Errors also: a label that RowPicker refuses; no row picked; those of `use`.
absl::Status ForEachLabel(
    ByteSource& labels, const ArrayHeader& header,
    const RowSelection& selection,
    absl::FunctionRef<absl::Status(std::optional<double>)> use);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_ARRAY_H_
