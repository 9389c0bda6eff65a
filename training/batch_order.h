#ifndef STEELYARD_TRAINING_BATCH_ORDER_H_
#define STEELYARD_TRAINING_BATCH_ORDER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "training/network_problem.h"

namespace steelyard::training {

// Which rows make the batch of each step.  An epoch goes through the rows in an
// order of its own, a function of the seed and the epoch's number alone, so any
// batch can be found without those before it.
class BatchOrder {
 public:
  // `rows` >= 1, batches.size <= rows.
  BatchOrder(int64_t rows, const Batches& batches, uint64_t seed);

  int64_t steps_per_epoch() const { return steps_per_epoch_; }
  // The largest batch.
  int64_t most_rows() const { return size_; }
  // The rows of the step after `step` >= 0 steps; valid until the next call.
  std::span<const int64_t> Rows(int64_t step);

 private:
  const int64_t rows_;
  const int64_t size_;
  const bool shuffles_;
  const uint64_t seed_;
  int64_t steps_per_epoch_ = 1;
  int64_t epoch_ = -1;  // whose order stands in order_
  std::vector<int64_t> order_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_BATCH_ORDER_H_
