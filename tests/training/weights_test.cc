#include "training/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/status_matchers.h"

namespace steelyard::training {
namespace {

using testing::ElementsAre;

RowWeights Normalized(const std::vector<double>& weights,
                      Normalization normalization) {
  absl::StatusOr<RowWeights> result = NormalizeWeights(
      weights, static_cast<int64_t>(weights.size()), normalization);
  EXPECT_THAT(result, IsOk());
  return *std::move(result);
}

TEST(WeightsTest, EachNormalizationScalesAsItsNameSays) {
  const std::vector<double> w = {2, 4, 6};
  EXPECT_THAT(Normalized(w, Normalization::kNone).values, ElementsAre(2, 4, 6));
  EXPECT_THAT(Normalized(w, Normalization::kMeanOne).values,
              ElementsAre(0.5, 1, 1.5));
  EXPECT_THAT(Normalized(w, Normalization::kSumOne).values,
              ElementsAre(2. / 12, 4. / 12, 0.5));
  EXPECT_THAT(Normalized(w, Normalization::kMinOne).values,
              ElementsAre(1, 2, 3));
}

// n, sums and the minimum know nothing of rows of weight 0.
TEST(WeightsTest, RowsOfWeightZeroCountForNothing) {
  for (const Normalization normalization :
       {Normalization::kNone, Normalization::kMeanOne, Normalization::kSumOne,
        Normalization::kMinOne}) {
    const RowWeights with = Normalized({0, 2, 0, 0, 4, 6, 0}, normalization);
    const RowWeights without = Normalized({2, 4, 6}, normalization);
    EXPECT_EQ(with.values, without.values);
    EXPECT_EQ(with.shares, without.shares);
    EXPECT_EQ(with.effective_sample_size, without.effective_sample_size);
    EXPECT_THAT(with.kept, ElementsAre(1, 4, 5));
  }
}

TEST(WeightsTest, NoWeightsAreAllOne) {
  const absl::StatusOr<RowWeights> result =
      NormalizeWeights({}, 3, Normalization::kMeanOne);
  ASSERT_THAT(result, IsOk());
  EXPECT_THAT(result->values, ElementsAre(1, 1, 1));
  EXPECT_THAT(result->kept, ElementsAre(0, 1, 2));
}

TEST(WeightsTest, EffectiveSampleSizeIsNForEqualAndNearOneForOneHot) {
  EXPECT_EQ(
      Normalized({3, 3, 3, 3}, Normalization::kNone).effective_sample_size, 4);
  EXPECT_NEAR(Normalized({1, 1e-12, 1e-12}, Normalization::kMeanOne)
                  .effective_sample_size,
              1, 1e-11);
  EXPECT_EQ(Normalized({1, 3}, Normalization::kSumOne).effective_sample_size,
            16. / 10);
}

TEST(WeightsTest, SumsOfHugeWeightsDoNotOverflow) {
  const RowWeights huge =
      Normalized({1.7e308, 1.7e308}, Normalization::kMeanOne);
  EXPECT_THAT(huge.values, ElementsAre(1, 1));
  EXPECT_EQ(huge.effective_sample_size, 2);
  const RowWeights tiny = Normalized({5e-324, 5e-324}, Normalization::kSumOne);
  EXPECT_THAT(tiny.values, ElementsAre(0.5, 0.5));
}

TEST(WeightsTest, BadWeightsAreNamed) {
  const auto status = [](const std::vector<double>& w, int64_t rows) {
    return NormalizeWeights(w, rows, Normalization::kMinOne).status();
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(
      status({1, -1}, 2),
      StatusIs(kInvalid, "weights[1]: want a finite value >= 0, got -1"));
  EXPECT_THAT(status({std::nan(""), 1}, 2), StatusIs(kInvalid, "weights[0]"));
  EXPECT_THAT(status({1, std::numeric_limits<double>::infinity()}, 2),
              StatusIs(kInvalid, "weights[1]"));
  EXPECT_THAT(status({0, 0}, 2), StatusIs(kInvalid, "at least one above 0"));
  EXPECT_THAT(status({1, 1}, 3), StatusIs(kInvalid, "one for each of 3 rows"));
  EXPECT_THAT(status({1e-200, 1e200}, 2), StatusIs(kInvalid, "weights[0]"));
}

}  // namespace
}  // namespace steelyard::training
