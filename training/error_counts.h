#ifndef STEELYARD_TRAINING_ERROR_COUNTS_H_
#define STEELYARD_TRAINING_ERROR_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace steelyard::training {

// Errors over the rows of one set, counted by kind: the rows' classes, or their
// groups.
class ErrorCounts {
 public:
  explicit ErrorCounts(size_t kinds) : rows_(kinds, 0), errors_(kinds, 0) {}

  // A row of the kind, and whether its prediction is wrong.
  void Add(size_t kind, bool wrong) {
    ++rows_[kind];
    errors_[kind] += wrong ? 1 : 0;
  }

  int64_t rows() const;
  // Errors over rows.  There is a row.
  double Fraction() const;
  // Of one kind, that has rows.
  double FractionOf(size_t kind) const;
  // The mean of the kinds' fractions, over those that have rows.  There is one.
  double MeanFraction() const;

 private:
  std::vector<int64_t> rows_;    // of each kind
  std::vector<int64_t> errors_;  // of each kind
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_ERROR_COUNTS_H_
