// Targets and the weights that come of them, from a spec to the numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/worker/stored_leases.h"
#include "tests/server/worker/train_to_end.h"
#include "training/shift/kliep.h"
#include "training/shift/least_squares_ratio.h"
#include "training/shift/logistic_ratio.h"
#include "training/shift/mean_matching.h"
#include "training/shift/nearest_ratio.h"

namespace steelyard::worker {
namespace {

using training::Features;
using Values = std::vector<double>;
using Numbers = std::map<std::string, double>;

constexpr auto kSpec = absl::StatusCode::kInvalidArgument;
constexpr auto kDataset = absl::StatusCode::kFailedPrecondition;

void AddClass(v1::Data& data, int64_t label, uint64_t rows, double x,
              double y) {
  v1::GaussianClass& added = *data.mutable_gaussians()->add_classes();
  added.set_label(label);
  added.set_rows(rows);
  added.add_mean(x);
  added.add_mean(y);
  added.set_standard_deviation(1);
}

// Two classes, of which the target has other shares at another place, and a
// test set that has the source's.
v1::TrainLease Lease(uint64_t rows) {
  v1::TrainLease lease;
  v1::RunSpec& spec = *lease.mutable_spec();
  for (v1::Data* data :
       {spec.mutable_data(), &(*spec.mutable_test_sets())["held"]}) {
    AddClass(*data, 1, rows, 1, 0);
    AddClass(*data, -1, rows, -1, 0);
  }
  AddClass(*spec.mutable_target()->mutable_data(), 1, 3 * rows, 1, 0.5);
  AddClass(*spec.mutable_target()->mutable_data(), -1, rows, -0.75, 0);
  spec.mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(0.5);
  spec.mutable_stop()->set_steps(3);
  spec.set_seed(3);
  return lease;
}

// The rows of a set that a trainer holds.
struct Held {
  Values features;
  Values labels;
  Features view() const { return training::RowsOf(features, 2); }
};
Held HeldBy(const training::Trainer& trainer, const std::string& name) {
  const std::vector<training::HeldRows> sets = trainer.held_rows();
  for (size_t s = 0; s < sets.size(); ++s) {
    if (sets[s].name != name) continue;
    const auto n = static_cast<size_t>(sets[s].rows);
    Held held = {.features = Values(2 * n), .labels = Values(n)};
    trainer.ReadRows(s, 0, held.features, held.labels);
    return held;
  }
  ADD_FAILURE() << name;
  return {};
}

double EffectiveSize(const Values& weights) {
  double sum = 0;
  double squares = 0;
  for (const double w : weights) {
    sum += w;
    squares += w * w;
  }
  return sum * sum / squares;
}

// That a run weighs its rows by `weights`, and that what it says of the target
// follows from them.
void ExpectWeights(const Numbers& last, const Values& weights) {
  const auto n = static_cast<double>(weights.size());
  const double size = EffectiveSize(weights);
  ASSERT_EQ(last.count("weights/effective_sample_size"), 1U);
  EXPECT_LT(size, 0.999 * n);
  EXPECT_NEAR(last.at("weights/effective_sample_size"), size, 1e-10 * size);
  EXPECT_NEAR(last.at("target/renyi_2"), std::log(n / size), 1e-10);
  EXPECT_NEAR(last.at("target/chi_square"), n / size - 1, 1e-10 * n / size);
  // Of the same weights, scaled to mean 1.
  EXPECT_NEAR(last.at("train/target_risk"), last.at("train/loss"),
              1e-12 * last.at("train/loss"));
  EXPECT_EQ(last.count("target/loss"), 1U);
  EXPECT_EQ(last.count("target/target_risk"), 0U);
}

v1::DensityRatioWeighting* Ratio(v1::TrainLease& lease) {
  return lease.mutable_spec()->mutable_weighting()->mutable_density_ratio();
}

TEST(TargetTest, ADiscriminatorWeighsTheRows) {
  v1::TrainLease lease = Lease(60);
  Ratio(lease)->mutable_logistic()->set_inverse_penalty(0.5);
  const auto trainer = Make(lease);
  const auto ratio = training::FitLogisticRatio(
      HeldBy(*trainer, "train").view(), HeldBy(*trainer, "target").view(), 0.5);
  ASSERT_THAT(ratio, IsOk());
  Values weights =
      training::LogRatios(*ratio, HeldBy(*trainer, "train").view());
  for (double& w : weights) w = std::exp(w);
  const Numbers last = TrainToEnd(trainer.get());
  ExpectWeights(last, weights);
  EXPECT_EQ(last.count("held/target_risk"), 1U);
  EXPECT_EQ(last.count("held/target_error"), 1U);
}

TEST(TargetTest, KliepChoosesAmongWidthsOfTheMedian) {
  v1::TrainLease lease = Lease(60);
  v1::KliepRatio* kliep = Ratio(lease)->mutable_kliep();
  kliep->set_centres(20);
  kliep->set_parts(3);
  kliep->set_seed(9);
  const auto trainer = Make(lease);
  const Held train = HeldBy(*trainer, "train");
  const Held target = HeldBy(*trainer, "target");
  const double median = *training::MedianDistance(train.view(), target.view());
  const auto ratio = training::FitKliep(
      train.view(), target.view(),
      {.centres = training::ChooseCentres(target.view(), 20, 9),
       .widths = {median / 4, median / 2, median, 2 * median},
       .parts = training::DealParts(240, 3, 9)});
  ASSERT_THAT(ratio, IsOk());
  ExpectWeights(TrainToEnd(trainer.get()),
                training::Ratios(*ratio, train.view()));
}

TEST(TargetTest, LeastSquaresTakeTheirPenaltiesAndAlpha) {
  for (const double alpha : {0.0, 0.25}) {
    v1::TrainLease lease = Lease(60);
    if (alpha == 0) {
      Ratio(lease)->mutable_ulsif()->add_widths(1.5);
      Ratio(lease)->mutable_ulsif()->add_widths(0.75);
    } else {
      Ratio(lease)->mutable_rulsif()->set_alpha(alpha);
      Ratio(lease)->mutable_rulsif()->add_widths(1.5);
      Ratio(lease)->mutable_rulsif()->add_widths(0.75);
    }
    const auto trainer = Make(lease);
    const Held train = HeldBy(*trainer, "train");
    const Held target = HeldBy(*trainer, "target");
    const auto ratio = training::FitLeastSquaresRatio(
        train.view(), target.view(),
        {.centres = training::ChooseCentres(target.view(), 100, 3),
         .widths = {1.5, 0.75},
         .penalties = {0.001, 0.01, 0.1, 1, 10},
         .alpha = alpha});
    ASSERT_THAT(ratio, IsOk());
    ExpectWeights(TrainToEnd(trainer.get()),
                  training::Ratios(*ratio, train.view()));
  }
}

TEST(TargetTest, MeanMatchingWeighsTrainingRowsAlone) {
  v1::TrainLease lease = Lease(60);
  Ratio(lease)->mutable_kmm()->set_bound(5);
  Ratio(lease)->mutable_kmm()->set_width(1.25);
  const auto trainer = Make(lease);
  const auto all = Make(Lease(60));  // rows of weight 0 are not held
  const auto matched = training::MatchMeans(
      HeldBy(*all, "train").view(), HeldBy(*trainer, "target").view(),
      {.width = 1.25, .bound = 5, .ridge = 1e-5});
  ASSERT_THAT(matched, IsOk());
  const Numbers last = TrainToEnd(trainer.get());
  EXPECT_EQ(last.count("held/target_risk"), 0U);
  ASSERT_EQ(last.count("train/target_risk"), 1U);
  const double size = EffectiveSize(matched->weights);
  EXPECT_NEAR(last.at("weights/effective_sample_size"), size, 1e-10 * size);
  std::map<std::string, std::string> absent;
  for (const training::Absence& absence : trainer->absent()) {
    absent[absence.metric] = absence.reason;
  }
  EXPECT_EQ(absent["held/target_risk"],
            "the estimator weighs the training rows alone");
}

TEST(TargetTest, NeighboursWeighTheRows) {
  v1::TrainLease lease = Lease(60);
  Ratio(lease)->mutable_nearest()->set_smoothing(0.5);
  const auto trainer = Make(lease);
  const auto weights = training::NearestRatios(
      HeldBy(*trainer, "train").view(), HeldBy(*trainer, "target").view(), 0.5);
  ASSERT_THAT(weights, IsOk());
  ExpectWeights(TrainToEnd(trainer.get()), *weights);
}

// Five standard errors of a mean of n with this deviation.
double Tolerance(double deviation, double n) {
  return 5 * deviation / std::sqrt(n);
}

// The weighted errors of test rows are the target's, known or not.
TEST(TargetTest, TheExactRatioTakesErrorsToTheTarget) {
  v1::TrainLease lease = Lease(20'000);
  const Numbers unweighted = TrainToEnd(Make(lease).get());
  Ratio(lease)->mutable_exact();
  const Numbers weighted = TrainToEnd(Make(lease).get());
  // w = pi_t / pi_s times a shifted normal: of label 1 (3/4)/(1/2) e^{..}.
  const double second =
      0.75 * 0.75 / 0.5 * std::exp(0.25) + 0.25 * 0.25 / 0.5 * std::exp(0.0625);
  for (const Numbers* last : {&unweighted, &weighted}) {
    EXPECT_NEAR(last->at("target/chi_square"), second - 1, 1e-14);
    EXPECT_NEAR(last->at("target/renyi_2"), std::log(second), 1e-14);
    EXPECT_NEAR(
        last->at("target/kl"),
        0.75 * (std::log(1.5) + 0.125) + 0.25 * (std::log(0.5) + 0.03125),
        1e-14);
    for (const std::string set : {"train", "held"}) {
      // Of w 1[...], and of the target's own rows.
      EXPECT_NEAR(last->at(set + "/target_error"), last->at("target/error"),
                  Tolerance(std::sqrt(second), 40'000) + Tolerance(0.5, 80'000))
          << set;
      EXPECT_NEAR(last->at("target/error_exact"), last->at("target/error"),
                  Tolerance(0.5, 80'000));
    }
  }
  EXPECT_EQ(unweighted.at("weights/effective_sample_size"), 40'000);
  EXPECT_NEAR(weighted.at("weights/effective_sample_size") / 40'000, 1 / second,
              0.02);
}

// Without a ratio there are the target's rows, and reasons.
TEST(TargetTest, ATargetWithoutARatioHasItsSetAlone) {
  v1::TrainLease lease = Lease(10);
  lease.mutable_spec()->mutable_data()->mutable_take()->set_first_per_class(5);
  const auto trainer = Make(lease);
  const Numbers last = TrainToEnd(trainer.get());
  EXPECT_EQ(last.count("target/error"), 1U);
  EXPECT_EQ(last.count("target/kl"), 0U);
  EXPECT_EQ(last.count("train/target_risk"), 0U);
  size_t reasons = 0;
  for (const training::Absence& absence : trainer->absent()) {
    reasons += absence.reason ==
                       "the ratio of the densities is neither known nor "
                       "estimated"
                   ? 1
                   : 0;
  }
  EXPECT_EQ(reasons, 3U + 4U);
}

// 0.9 and 0.1 of what are 1/2 and 1/2: sums by hand over the set's own counts.
TEST(TargetTest, AClassPriorWeighsTheClasses) {
  v1::TrainLease lease = D8Lease(30);
  v1::RunSpec& spec = *lease.mutable_spec();
  (*spec.mutable_test_sets())["more"] = spec.data();
  v1::InlineData& more = *(*spec.mutable_test_sets())["more"].mutable_inline_();
  *more.add_features() = more.features(0);
  more.add_labels(-1);  // wrong whatever the model
  spec.mutable_target()->mutable_class_prior()->add_shares(0.9);
  spec.mutable_target()->mutable_class_prior()->add_shares(0.1);
  const Numbers last = TrainToEnd(Make(lease).get());
  EXPECT_EQ(last.at("more/error"), 1.0 / 9);
  EXPECT_NEAR(last.at("more/target_error"), 0.9 / 5, 1e-15);
  EXPECT_NEAR(last.at("target/chi_square"), (0.81 + 0.01) / 0.5 - 1, 1e-15);
  EXPECT_NEAR(last.at("target/kl"), 0.9 * std::log(1.8) + 0.1 * std::log(0.2),
              1e-15);
  EXPECT_EQ(last.count("target/loss"), 0U);
}

// Beside a class that never comes its logarithm is infinite.
TEST(TargetTest, AdjustedErrorsAreAbsentForAReason) {
  const auto reasons = [](double negative, double ratio) {
    v1::TrainLease lease = Lease(10);
    v1::RunSpec& spec = *lease.mutable_spec();
    spec.mutable_weighting()->mutable_per_class()->set_ratio(ratio);
    spec.mutable_target()->mutable_class_prior()->add_shares(negative);
    spec.mutable_target()->mutable_class_prior()->add_shares(1 - negative);
    const auto trainer = Make(lease);
    std::map<std::string, std::string> absent;
    for (const training::Absence& absence : trainer->absent()) {
      if (absence.metric.find("/adjusted_") == std::string::npos) continue;
      absent[absence.metric] = absence.reason;
    }
    EXPECT_EQ(TrainToEnd(trainer.get()).count("train/adjusted_error"), 0U);
    return absent;
  };
  const auto no_share = reasons(1, 2);
  EXPECT_EQ(no_share.size(), 6U);
  for (const char* metric :
       {"train/adjusted_error", "train/adjusted_balanced_error",
        "held/adjusted_error", "held/adjusted_balanced_error",
        "held/adjusted_error_exact", "held/adjusted_balanced_error_exact"}) {
    ASSERT_EQ(no_share.count(metric), 1U) << metric;
    EXPECT_EQ(no_share.at(metric), "the target has no share of class +1");
  }
  const auto no_weight = reasons(0.5, 0);
  ASSERT_EQ(no_weight.count("train/adjusted_error"), 1U);
  EXPECT_EQ(no_weight.at("train/adjusted_error"),
            "the training rows of class +1 have no weight");
}

// The prior that the weighted rows have is 10 : 1; to 1 : 10 the output moves
// by -2 ln 10, whatever trains the model.
TEST(TargetTest, OutputsAreAdjustedToAClassPrior) {
  v1::TrainLease lease = Lease(2'000);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_weighting()->mutable_per_class()->set_ratio(10);
  spec.mutable_target()->mutable_class_prior()->add_shares(10.0 / 11);
  spec.mutable_target()->mutable_class_prior()->add_shares(1.0 / 11);
  const auto check = [](const v1::TrainLease& given) {
    const auto trainer = Make(given);
    const Numbers last = TrainToEnd(trainer.get());
    const Held held = HeldBy(*trainer, "held");
    Values outputs(held.labels.size());
    trainer->Predict(held.features, outputs);
    double wrong = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const double f = outputs[i] - 2 * std::log(10);
      wrong += held.labels[i] * f <= 0 ? 1 : 0;
    }
    const double error = wrong / static_cast<double>(outputs.size());
    EXPECT_NEAR(last.at("held/adjusted_error"), error, 1e-12);
    EXPECT_NE(last.at("held/error"), error);
    EXPECT_NEAR(last.at("held/adjusted_error_exact"), error,
                Tolerance(0.5, 4'000));
    EXPECT_NEAR(last.at("held/adjusted_balanced_error"), error, 1e-12);
    return last;
  };
  const Numbers descent = check(lease);
  spec.mutable_optimizer()->mutable_sgd()->set_learning_rate(0.5);
  const Numbers sgd = check(lease);
  for (const auto& [name, value] : descent) {
    if (name.find("adjusted") == std::string::npos &&
        name.find("target") == std::string::npos) {
      continue;
    }
    ASSERT_EQ(sgd.count(name), 1U) << name;
    EXPECT_NEAR(sgd.at(name), value, 1e-9) << name;
  }
}

// Shares of 1/4 that become 3/4, with the same features in each class.
TEST(TargetTest, LabelShiftFindsTheShares) {
  for (const bool bbse : {true, false}) {
    v1::TrainLease lease;
    v1::RunSpec& spec = *lease.mutable_spec();
    AddClass(*spec.mutable_data(), 4, 3'000, 1, 0);
    AddClass(*spec.mutable_data(), 7, 9'000, -1, 0);
    spec.mutable_data()->mutable_classes()->add_positive(4);
    spec.mutable_data()->mutable_classes()->add_negative(7);
    AddClass(*spec.mutable_target()->mutable_data(), 4, 9'000, 1, 0);
    AddClass(*spec.mutable_target()->mutable_data(), 7, 3'000, -1, 0);
    v1::LabelShiftWeighting* shift =
        spec.mutable_weighting()->mutable_label_shift();
    if (bbse) shift->mutable_bbse();
    if (!bbse) shift->mutable_em();
    spec.mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(1);
    spec.mutable_stop()->set_steps(200);
    spec.set_seed(5);
    const Numbers last = TrainToEnd(Make(lease).get());
    // w = 3 and 1/3; the share's standard error is about .006.
    EXPECT_NEAR(last.at("target/chi_square"), 0.5625 / 0.25 + 0.0625 / 0.75 - 1,
                5 * 0.006 * 2 * (3 - 1.0 / 3));
    EXPECT_NEAR(last.at("weights/effective_sample_size") / 12'000,
                1 / (1 + last.at("target/chi_square")), 1e-12);
    EXPECT_NEAR(last.at("train/target_error"), last.at("target/error"),
                Tolerance(0.5, 12'000) * 2);
    // Weighted to the target's prior there is nothing left to adjust.
    EXPECT_NEAR(last.at("train/adjusted_error"), last.at("train/error"), 1e-12);
  }
}

v1::TrainLease GroupLease() {
  v1::TrainLease lease =
      CsvLease("train", "x,site,y\n1,a,1\n2,c,1\n-1,a,-1\n-2,c,-1\n5,c,1\n");
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_data()->mutable_csv()->set_group("site");
  auto& weights =
      *spec.mutable_weighting()->mutable_per_group()->mutable_weights();
  weights["a"] = 3;
  weights["c"] = 1;
  return lease;
}

TEST(TargetTest, GroupsHaveTheirWeights) {
  const Numbers last = TrainToEnd(Make(GroupLease()).get());
  EXPECT_NEAR(last.at("weights/effective_sample_size"), 81.0 / 21, 1e-14);
}

TEST(TargetTest, EachGroupNeedsAWeightAndEachWeightAGroup) {
  v1::TrainLease lease = GroupLease();
  auto& weights = *lease.mutable_spec()
                       ->mutable_weighting()
                       ->mutable_per_group()
                       ->mutable_weights();
  weights["b"] = 1;
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()).status(),
              StatusIs(kDataset,
                       "weights[\"b\"]: want a group that training "
                       "rows have; there are a, c"));
  weights.erase("b");
  weights.erase("c");
  EXPECT_THAT(
      MakeTrainer(lease, MemoryLimit()).status(),
      StatusIs(kDataset, "want a weight for each group, got none for \"c\""));
}

// What only the rows can say fails the run with the reason.
TEST(TargetTest, RowsThatDoNotServeAreRefused) {
  v1::TrainLease lease = D8Lease(1);
  v1::RunSpec& spec = *lease.mutable_spec();
  *spec.mutable_target()->mutable_data() = spec.data();
  for (v1::Row& row : *spec.mutable_target()
                           ->mutable_data()
                           ->mutable_inline_()
                           ->mutable_features()) {
    row.set_values(0, 0);
    row.set_values(1, 0);
  }
  *spec.mutable_data() = spec.target().data();
  Ratio(lease)->mutable_kmm()->set_bound(5);
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()).status(),
              StatusIs(kSpec, "weighting.density_ratio.kmm: "));
}

}  // namespace
}  // namespace steelyard::worker
