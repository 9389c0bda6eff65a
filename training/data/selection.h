#ifndef STEELYARD_TRAINING_DATA_SELECTION_H_
#define STEELYARD_TRAINING_DATA_SELECTION_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "training/rows.h"

namespace steelyard::training {

// Of one problem; each has a metric of its own.
inline constexpr int64_t kMostClasses = 1'000;

// Which rows are wanted, and what their labels become.
struct RowSelection {
  LabelValues labels = LabelValues::kSigns;
  // Of kSigns: labels that become +1 and -1; rows with another label are left
  // out.  Both empty: labels must be -1 and +1, and all rows are wanted.
  std::vector<int64_t> positive;
  std::vector<int64_t> negative;
  // Of kClasses: the label each[k] becomes k; rows with another label are left
  // out.  Empty: labels must be 0 to kMostClasses - 1, and all rows are wanted.
  std::vector<int64_t> each = {};
  // Wanted are, instead, the rows that these lists leave out, all labelled 1.
  // Not with empty lists.
  bool left_out = false;
  // Whether each label of the lists must have a row.  Not with left_out.
  bool every_label = false;
  // At most so many rows of each class: the first ones.  No limit for kNumbers.
  int64_t first_per_class = std::numeric_limits<int64_t>::max();
};

// Goes through the labels of a file in order and picks rows.
class RowPicker {
 public:
  explicit RowPicker(RowSelection selection);

  // What the next row's label becomes; nothing when the row is left out.
  // Errors: InvalidArgument when it is no label of its kind.
  absl::StatusOr<std::optional<double>> Pick(double label);

  // What `label` becomes, whatever was picked before.  Errors: as Pick.
  absl::StatusOr<std::optional<double>> Map(double label) const;

  // Whether no later row will be picked, nor is wanted for every_label.
  bool full() const;
  int64_t rows() const { return rows_; }

  // Errors: InvalidArgument when no row was picked, or a label that is wanted
  // has none: then it names labels that rows have.
  absl::Status CheckSome() const;

 private:
  // A label of the lists, and what it becomes.
  struct Listed {
    int64_t label;
    double mapped;
    bool found = false;  // where every_label is wanted
  };
  static constexpr size_t kShownLabels = 10;

  absl::StatusOr<std::optional<double>> MapWhole(double label) const;
  // Without lists.
  absl::StatusOr<std::optional<double>> MapItself(double label) const;
  // The place in counts_ of a label that was mapped.
  size_t ClassOf(double mapped) const;
  // The place of a label in listed_, or its end.
  size_t FindListed(int64_t label) const;
  // Looks whether a label is one of those that are missing.
  void Note(double label);
  absl::Status CheckEvery() const;
  std::string ShowLists() const;

  RowSelection selection_;
  std::vector<Listed> listed_;  // by label, each once
  size_t missing_ = 0;          // of listed_, without a row until now
  std::set<int64_t> others_;    // seen while some were missing: kShownLabels
  int64_t rows_ = 0;
  std::vector<int64_t> counts_;  // of each class; -1 is 0, and +1 is 1
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_SELECTION_H_
