#ifndef STEELYARD_TRAINING_DATA_SUMMARY_H_
#define STEELYARD_TRAINING_DATA_SUMMARY_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "training/data/preview.h"

namespace steelyard::training {

struct ValueCount {
  double value = 0;  // never -0.0, never NaN
  int64_t count = 0;
};

// One column of a CSV file, or one kind of label.
struct ColumnSummary {
  std::string name;      // valid UTF-8
  bool numeric = false;  // what follows is set only then
  double min = 0;        // of the finite values; 0 when there is none
  double max = 0;
  std::vector<ValueCount> values;  // by value; empty when there are too many
  int64_t non_finite = 0;          // rows that hold NaN or an infinity
};

// What is in a file.
struct FileSummary {
  std::vector<int64_t> shape;          // CSV: [rows, columns]; else as it is
  std::string dtype;                   // "float64" for CSV; "uint8", ...
  std::vector<ColumnSummary> columns;  // CSV; CIFAR: the labels
  std::vector<ValueCount> values;      // IDX, NPY of one dimension
  double min = 0;                      // of the finite values; not CSV
  double max = 0;
  int64_t non_finite = 0;  // IDX, NPY
  Preview preview;
};

// Extent and distinct values of a stream of numbers.
class ValueCounter {
 public:
  // The distinct values are given up past so many.
  static constexpr size_t kMaxDistinct = 1000;

  void Add(double value) { Add(value, 1); }
  void Add(double value, int64_t count);

  // Gives the distinct values up if there are more than so many, now or later.
  void LimitDistinct(size_t most);
  // How many it holds at present.
  size_t distinct() const { return counts_.size(); }

  double min() const { return finite_ > 0 ? min_ : 0; }
  double max() const { return finite_ > 0 ? max_ : 0; }
  int64_t non_finite() const { return non_finite_; }
  // The distinct values that are not NaN, by value; empty past kMaxDistinct.
  std::vector<ValueCount> Values() const;

 private:
  double min_ = 0;
  double max_ = 0;
  int64_t finite_ = 0;
  int64_t non_finite_ = 0;
  bool too_many_ = false;
  size_t most_distinct_ = kMaxDistinct;
  absl::flat_hash_map<double, int64_t> counts_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_SUMMARY_H_
