// Exact errors, from a spec to the numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "tests/server/worker/train_to_end.h"

namespace steelyard::worker {
namespace {

constexpr uint64_t kRows = 40'000;

v1::GaussianClass& AddClass(v1::Data& data, int64_t label, uint64_t rows,
                            double mean) {
  v1::GaussianClass& added = *data.mutable_gaussians()->add_classes();
  added.set_label(label);
  added.set_rows(rows);
  added.add_mean(mean);
  added.add_mean(-mean / 2);
  added.set_standard_deviation(1);
  return added;
}

// Classes 3 and 5, of which 5 is positive, a third of them in a place of its
// own with a covariance; a class 7 that no one asks for.
v1::TrainLease Lease() {
  v1::TrainLease lease;
  v1::RunSpec& spec = *lease.mutable_spec();
  for (v1::Data* data :
       {spec.mutable_data(), &(*spec.mutable_test_sets())["other"]}) {
    AddClass(*data, 3, kRows, -0.5);
    AddClass(*data, 7, 10, 100);
    AddClass(*data, 5, 2 * kRows, 0.5);
    v1::GaussianClass& third = AddClass(*data, 5, kRows, 2);
    for (const double value : {2.0, 0.5}) {
      v1::Row& row = *third.mutable_covariance()->add_rows();
      row.add_values(value);
      row.add_values(2.5 - value);
    }
    third.mutable_covariance()->mutable_rows(1)->set_values(1, 1);
  }
  spec.mutable_data()->mutable_classes()->add_positive(5);
  spec.mutable_data()->mutable_classes()->add_negative(3);
  spec.mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(0.5);
  spec.mutable_stop()->set_steps(20);
  spec.set_seed(1);
  return lease;
}

// Within five standard errors of what is counted over the set's rows, of which
// a fourth are negative.
void ExpectAsCounted(const std::map<std::string, double>& last,
                     const std::string& set, double rows) {
  ASSERT_EQ(last.count(set + "/error_exact"), 1U);
  const double error = last.at(set + "/error_exact");
  EXPECT_GT(error, 0.05);
  EXPECT_NEAR(last.at(set + "/error"), error,
              5 * std::sqrt(error * (1 - error) / rows));
  EXPECT_NEAR(last.at(set + "/balanced_error"),
              last.at(set + "/balanced_error_exact"),
              5 * std::sqrt(0.25 / rows));
}

TEST(DrawnErrorsTest, AreWhatCountingTendsTo) {
  const auto last = TrainToEnd(Make(Lease()).get());
  ExpectAsCounted(last, "other", 4 * kRows);
  EXPECT_NE(last.at("other/error_exact"), last.at("other/error"));
  EXPECT_EQ(last.count("train/error_exact"), 0U);
}

TEST(DrawnErrorsTest, ACopyAndASplitHaveThemToo) {
  v1::TrainLease lease = Lease();
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_data()->mutable_split()->set_test_fraction(0.5);
  v1::ShiftedCopyData& copy =
      *(*spec.mutable_test_sets())["moved"].mutable_shifted_copy();
  copy.set_of("other");
  copy.add_shift(-3);
  const auto last = TrainToEnd(Make(lease).get());
  ExpectAsCounted(last, "test", 2 * kRows);
  ExpectAsCounted(last, "moved", 4 * kRows);
  EXPECT_GT(
      std::abs(last.at("moved/error_exact") - last.at("other/error_exact")),
      0.05);
}

TEST(DrawnErrorsTest, WhateverTrainsTheLinearModel) {
  v1::TrainLease lease = Lease();
  lease.mutable_spec()->mutable_optimizer()->mutable_sgd()->set_learning_rate(
      0.5);
  const auto descent = TrainToEnd(Make(Lease()).get());
  const auto sgd = TrainToEnd(Make(lease).get());
  EXPECT_NEAR(sgd.at("other/error_exact"), descent.at("other/error_exact"),
              1e-12);
}

TEST(DrawnErrorsTest, SetsWithoutKnownDensitiesHaveNone) {
  v1::TrainLease lease = Lease();
  v1::Data& set = (*lease.mutable_spec()->mutable_test_sets())["other"];
  set.mutable_take()->set_first_per_class(10);
  const auto last = TrainToEnd(Make(lease).get());
  EXPECT_EQ(last.count("other/error"), 1U);
  EXPECT_EQ(last.count("other/error_exact"), 0U);
}

TEST(DrawnErrorsTest, AModelThatIsNotLinearSaysWhyItHasNone) {
  v1::TrainLease lease = Lease();
  lease.mutable_spec()->mutable_model()->mutable_mlp()->add_hidden(2);
  const auto trainer = Make(lease);
  std::map<std::string, std::string> absent;
  for (const training::Absence& absence : trainer->absent()) {
    absent[absence.metric] = absence.reason;
  }
  EXPECT_EQ(absent["other/error_exact"],
            "the model is not linear with one output");
  EXPECT_EQ(absent["other/balanced_error_exact"],
            "the model is not linear with one output");
}

}  // namespace
}  // namespace steelyard::worker
