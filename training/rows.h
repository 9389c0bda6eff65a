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

// A part of what rows are drawn from: N(mean, covariance), or N(mean,
// standard_deviation^2 I) where there is no covariance.
struct GaussianPart {
  double label = 0;                // of its rows, as in Rows
  double share = 1;                // of the rows, > 0, on any scale
  std::vector<double> mean;        // [d], or fewer: it goes on with zeros
  std::vector<double> covariance;  // [d, d] row-major, symmetric; or empty
  double standard_deviation = 0;   // >= 0
};

// Rows on which a model is tested, each with weight 1.
struct TestSet {
  std::string
      name;   // of its metrics: NAME/error; unique, not empty, not "train"
  Rows rows;  // as many columns as the training rows
  // What the rows are drawn from, of as many dimensions; empty: not known.
  std::vector<GaussianPart> parts = {};
  // p_t / p of each row, on any scale, p_t being the problem's Target and p
  // where these rows come from; empty: not known.
  std::vector<double> target_weights = {};
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_ROWS_H_
