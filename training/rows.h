#ifndef STEELYARD_TRAINING_ROWS_H_
#define STEELYARD_TRAINING_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace steelyard::training {

// What the labels of rows are.
enum class LabelValues {
  kSigns,    // -1 and +1
  kClasses,  // 0 ... K - 1
  kNumbers,  // finite
};

// To which group each row belongs, where rows have groups.
struct RowGroups {
  std::vector<int32_t> numbers;    // [n] places in names; empty: no groups
  std::vector<std::string> names;  // any bytes, not empty, each once
};

// n rows of d features and a label each.
struct Rows {
  int64_t rows = 0;              // n >= 1
  int64_t columns = 0;           // d >= 1
  std::vector<double> features;  // [n, d] row-major, finite
  std::vector<double> labels;    // [n] of the values that the loss takes
  RowGroups groups = {};
};

// Rows on which a model is tested, each with weight 1.
struct TestSet {
  std::string
      name;   // of its metrics: NAME/error; unique, not empty, not "train"
  Rows rows;  // as many columns as the training rows
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_ROWS_H_
