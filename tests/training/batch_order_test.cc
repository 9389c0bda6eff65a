#include "training/batch_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace steelyard::training {
namespace {

std::vector<int64_t> Copy(std::span<const int64_t> rows) {
  return {rows.begin(), rows.end()};
}

// The rows of one epoch, in order.
std::vector<int64_t> Epoch(BatchOrder& order, int64_t epoch) {
  std::vector<int64_t> rows;
  for (int64_t k = 0; k < order.steps_per_epoch(); ++k) {
    const auto batch = order.Rows(epoch * order.steps_per_epoch() + k);
    rows.insert(rows.end(), batch.begin(), batch.end());
  }
  return rows;
}

TEST(BatchOrderTest, AnEpochHasEachRowAtMostOnceInANewOrder) {
  BatchOrder order(10, {.size = 3}, 1);
  EXPECT_EQ(order.steps_per_epoch(), 3);
  const std::vector<int64_t> first = Epoch(order, 0);
  const std::vector<int64_t> second = Epoch(order, 1);
  EXPECT_EQ(first.size(), 9U);  // the short last batch is dropped
  EXPECT_NE(first, second);
  for (std::vector<int64_t> rows : {first, second}) {
    std::sort(rows.begin(), rows.end());
    EXPECT_EQ(std::unique(rows.begin(), rows.end()), rows.end());
    EXPECT_GE(rows.front(), 0);
    EXPECT_LT(rows.back(), 10);
  }
}

TEST(BatchOrderTest, TheShortLastBatchMayBeKept) {
  BatchOrder order(10, {.size = 3, .keep_last = true}, 1);
  EXPECT_EQ(order.steps_per_epoch(), 4);
  EXPECT_EQ(order.Rows(3).size(), 1U);
  EXPECT_EQ(Epoch(order, 0).size(), 10U);
  BatchOrder even(9, {.size = 3, .keep_last = true}, 1);
  EXPECT_EQ(even.steps_per_epoch(), 3);
}

TEST(BatchOrderTest, ABatchIsFoundWithoutThoseBeforeIt) {
  BatchOrder whole(10, {.size = 3}, 7);
  std::vector<std::vector<int64_t>> batches;
  for (int64_t step = 0; step < 12; ++step) {
    batches.push_back(Copy(whole.Rows(step)));
  }
  for (int64_t step = 11; step >= 0; --step) {
    BatchOrder alone(10, {.size = 3}, 7);
    EXPECT_EQ(Copy(alone.Rows(step)), batches[static_cast<size_t>(step)]);
  }
  BatchOrder other(10, {.size = 3}, 8);
  EXPECT_NE(Epoch(other, 0), Epoch(whole, 0));
}

TEST(BatchOrderTest, FullBatchesKeepTheRowsOrder) {
  BatchOrder order(4, {}, 7);
  EXPECT_EQ(order.steps_per_epoch(), 1);
  EXPECT_EQ(Copy(order.Rows(5)), (std::vector<int64_t>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace steelyard::training
