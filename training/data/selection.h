#ifndef STEELYARD_TRAINING_DATA_SELECTION_H_
#define STEELYARD_TRAINING_DATA_SELECTION_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace steelyard::training {

// Which rows are wanted, and what their labels become.
struct RowSelection {
  // Labels that become +1 and -1; rows with another label are left out.  Both
  // empty: labels must be -1 and +1, and all rows are wanted.
  std::vector<int64_t> positive;
  std::vector<int64_t> negative;
  // At most so many rows of +1, and so many of -1: the first ones.
  int64_t first_per_class = std::numeric_limits<int64_t>::max();
};

// Goes through the labels of a file in order and picks rows.
class RowPicker {
 public:
  explicit RowPicker(RowSelection selection);

  // What the next row's label becomes, +1 or -1; 0 when the row is left out.
  // Errors: InvalidArgument when it is no whole number, or neither -1 nor +1
  // where there are no classes.
  absl::StatusOr<int> Pick(double label);

  // Whether no later row will be picked.
  bool full() const;
  int64_t positive_rows() const { return positive_rows_; }
  int64_t negative_rows() const { return negative_rows_; }
  int64_t rows() const { return positive_rows_ + negative_rows_; }

  // Errors: InvalidArgument when no row was picked.
  absl::Status CheckSome() const;

 private:
  // What `label` becomes, whatever was picked before.
  absl::StatusOr<int> Map(double label) const;

  RowSelection selection_;  // lists sorted
  int64_t positive_rows_ = 0;
  int64_t negative_rows_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_SELECTION_H_
