#ifndef STEELYARD_TRAINING_DATA_SUMMARY_H_
#define STEELYARD_TRAINING_DATA_SUMMARY_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "training/data/preview.h"

namespace steelyard::training {

struct ValueCount {
  double value = 0;  // never -0.0, never NaN
  int64_t count = 0;
};

struct TextCount {
  std::string text;  // printable UTF-8
  int64_t count = 0;
};

// One column of a CSV file, or one kind of label.
struct ColumnSummary {
  std::string name;      // valid UTF-8
  bool numeric = false;  // min, max, values, non_finite are set only then
  double min = 0;        // of the finite values; 0 when there is none
  double max = 0;
  std::vector<ValueCount> values;  // by value; empty when there are too many
  int64_t non_finite = 0;          // rows that hold NaN or an infinity
  // CSV: how many texts differ, whether they are numbers or not.
  int64_t distinct = 0;  // as TextCounter has it
  // CSV: of a column that begins with a number, where it first holds something
  // else: `row 3 (line 4) holds "abc"`.
  std::string first_text = {};
  std::vector<TextCount> texts = {};  // by text; empty when there are too many
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
  size_t held() const { return counts_.size(); }

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

// Distinct texts of a stream.
class TextCounter {
 public:
  // They are counted up to so many, and listed up to so many.
  static constexpr size_t kMaxDistinct = 1000;
  static constexpr size_t kMaxListed = 100;
  static constexpr size_t kMaxTextBytes = 64;

  // Counting is given up past `most`, at most kMaxDistinct.
  explicit TextCounter(size_t most = kMaxDistinct) : most_distinct_(most) {}

  // Whether Add still does anything.
  bool counting() const { return !too_many_ && !given_up_; }
  void Add(absl::string_view text);

  // Gives counting up if there are more than so many, now or later.
  void LimitDistinct(size_t most);
  // How many it holds at present.
  size_t held() const { return counts_.size(); }

  // kMaxDistinct + 1 stands for more.  0: not known, because there was a text
  // longer than kMaxTextBytes, or because counting was given up.
  int64_t distinct() const;
  // By text; empty where there are more than kMaxListed, or one is not
  // printable UTF-8.
  std::vector<TextCount> Texts() const;

 private:
  bool too_many_ = false;
  bool given_up_ = false;
  size_t most_distinct_;
  absl::flat_hash_map<std::string, int64_t> counts_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_SUMMARY_H_
