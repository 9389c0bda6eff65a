#ifndef STEELYARD_TRAINING_SUM_TREE_H_
#define STEELYARD_TRAINING_SUM_TREE_H_

#include <algorithm>
#include <cstdint>

#include "training/eight.h"

namespace steelyard::training {

// Rows of one block of every sum over rows.
inline constexpr int64_t kBlockRows = 1024;

// value(0) + ... + value(n - 1), added in the order that every sum over rows
// has here: blocks of 1,024 rows; within a block row i is added to partial sum
// i mod 8, in order; the eight are combined as ((0+4)+(2+6)) + ((1+5)+(3+7));
// blocks are added in order.
template <typename Value>
double SumOverRows(int64_t n, Value value) {
  double sum = 0;
  for (int64_t first = 0; first < n; first += kBlockRows) {
    double partial[8] = {};
    const int64_t end = std::min(first + kBlockRows, n);
    for (int64_t i = first; i < end; ++i) partial[i % 8] += value(i);
    sum += Combine(partial);
  }
  return sum;
}

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SUM_TREE_H_
