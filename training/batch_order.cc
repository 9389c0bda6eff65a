#include "training/batch_order.h"

#include <algorithm>
#include <numeric>

#include "training/random.h"

namespace steelyard::training {

BatchOrder::BatchOrder(int64_t rows, const Batches& batches, uint64_t seed)
    : rows_(rows),
      size_(batches.size == 0 ? rows : batches.size),
      shuffles_(batches.size != 0),
      seed_(seed),
      order_(static_cast<size_t>(rows)) {
  const int64_t whole = rows_ / size_;
  const bool short_last = batches.keep_last && whole * size_ < rows_;
  steps_per_epoch_ = whole + (short_last ? 1 : 0);
  std::iota(order_.begin(), order_.end(), int64_t{0});
}

std::span<const int64_t> BatchOrder::Rows(int64_t step) {
  const int64_t epoch = step / steps_per_epoch_;
  if (shuffles_ && epoch != epoch_) {
    std::iota(order_.begin(), order_.end(), int64_t{0});
    RandomStream random(seed_, "order of rows", static_cast<uint64_t>(epoch));
    Shuffle(random, std::span(order_));
    epoch_ = epoch;
  }
  const int64_t first = step % steps_per_epoch_ * size_;
  const int64_t count = std::min(size_, rows_ - first);
  return std::span<const int64_t>(order_).subspan(static_cast<size_t>(first),
                                                  static_cast<size_t>(count));
}

}  // namespace steelyard::training
