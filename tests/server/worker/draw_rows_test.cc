#include "server/worker/draw_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "server/worker/make_trainer.h"
#include "server/worker/read_data.h"
#include "tests/server/worker/leases.h"
#include "tests/status_matchers.h"

namespace steelyard::worker {
namespace {

using ::testing::ElementsAre;

// A lease whose data are left to be chosen.
v1::TrainLease Lease() {
  v1::TrainLease lease = D8Lease(10);
  lease.mutable_spec()->mutable_data()->Clear();
  return lease;
}

absl::StatusOr<training::Rows> Read(const v1::Data& data,
                                    const std::string& field = "data") {
  const v1::TrainLease lease;
  return ReadRows(v1::RunSpec(), data, field, LeasedFiles(lease));
}

TEST(DrawRowsTest, EveryFieldOfMoonsAndCirclesCounts) {
  v1::Data data;
  data.mutable_moons()->set_positive(1);
  data.mutable_moons()->set_negative(2);
  EXPECT_THAT(Read(data)->labels, ElementsAre(1, -1, -1));
  const std::vector<double> exact = Read(data)->features;
  EXPECT_THAT(exact[1], 0.5);
  data.mutable_moons()->set_noise(0.1);
  const std::vector<double> noisy = Read(data)->features;
  EXPECT_NE(noisy, exact);
  data.mutable_moons()->set_seed(2);
  EXPECT_NE(Read(data)->features, noisy);

  data.mutable_circles()->set_positive(2);
  data.mutable_circles()->set_factor(0.5);
  EXPECT_THAT(Read(data)->labels, ElementsAre(1, 1));
  EXPECT_EQ(Read(data)->features[0], 0.5);
  data.mutable_circles()->set_noise(0.1);
  EXPECT_NE(Read(data)->features[0], 0.5);
}

TEST(DrawRowsTest, EveryFieldOfGaussiansCounts) {
  v1::Data data;
  v1::GaussianClass& first = *data.mutable_gaussians()->add_classes();
  first.set_label(5);
  first.set_rows(2);
  first.add_mean(100);
  first.add_mean(200);
  first.set_standard_deviation(0);
  v1::GaussianClass& second = *data.mutable_gaussians()->add_classes();
  second = first;
  second.set_label(6);
  second.set_rows(1);
  for (const double variance : {4.0, 0.0}) {
    v1::Row& row = *second.mutable_covariance()->add_rows();
    row.add_values(variance == 4 ? 4 : 0);
    row.add_values(0);
  }
  data.mutable_classes()->add_positive(6);
  data.mutable_classes()->add_negative(5);
  const auto rows = Read(data);
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->labels, ElementsAre(-1, -1, 1));
  EXPECT_EQ(rows->features[0], 100);
  EXPECT_NE(rows->features[4], 100);
  EXPECT_EQ(rows->features[5], 200);
  data.mutable_gaussians()->set_seed(3);
  EXPECT_NE(Read(data)->features[4], rows->features[4]);
}

TEST(DrawRowsTest, EveryFieldOfSeparableGaussiansCounts) {
  v1::Data data;
  v1::SeparableGaussiansData& gaussians = *data.mutable_separable_gaussians();
  gaussians.set_rows(3);
  gaussians.set_dimension(2);
  gaussians.set_margin(50);
  const auto rows = Read(data);
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->labels, ElementsAre(1, -1, 1));
  EXPECT_EQ(rows->columns, 2);
  EXPECT_GE(rows->features[0], 50);
  EXPECT_LE(rows->features[2], -50);
  gaussians.set_seed(1);
  EXPECT_NE(Read(data)->features, rows->features);
}

TEST(DrawRowsTest, EveryFieldOfAPolynomialCounts) {
  v1::RunSpec spec;
  spec.mutable_loss()->mutable_squared();
  v1::Data data;
  v1::PolynomialData& polynomial = *data.mutable_polynomial();
  polynomial.set_rows(2);
  polynomial.add_coefficients(1);
  polynomial.add_coefficients(2);
  polynomial.set_mean(100);
  const auto read = [&] {
    const v1::TrainLease lease;
    const auto rows = ReadRows(spec, data, "data", LeasedFiles(lease));
    EXPECT_THAT(rows, IsOk());
    return *rows;
  };
  // The worker takes what stands there: the server fills defaults in.
  EXPECT_THAT(read().features, ElementsAre(100, 100));
  EXPECT_THAT(read().labels, ElementsAre(201, 201));
  polynomial.set_noise(0.1);
  const double noisy = read().labels[0];
  EXPECT_NE(noisy, 201);
  polynomial.set_seed(1);
  EXPECT_NE(read().labels[0], noisy);
  polynomial.set_standard_deviation(1);
  EXPECT_NE(read().features[0], 100);
  EXPECT_THAT(Read(data), StatusIs(absl::StatusCode::kInvalidArgument,
                                   "data.polynomial: want labels that are "
                                   "numbers"));
}

TEST(DrawRowsTest, TrainingAndTestRowsDiffer) {
  v1::TrainLease lease = Lease();
  v1::Data& data = *lease.mutable_spec()->mutable_data();
  data.mutable_moons()->set_positive(3);
  data.mutable_moons()->set_noise(1);
  EXPECT_NE(Read(data, "data")->features, Read(data, "test_sets.a")->features);
  EXPECT_NE(Read(data, "test_sets.b")->features,
            Read(data, "test_sets.a")->features);
}

TEST(DrawRowsTest, MemoryIsCountedBefore) {
  v1::TrainLease lease = Lease();
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_data()->mutable_moons()->set_positive(100);
  spec.mutable_data()->mutable_moons()->set_negative(50);
  EXPECT_EQ(EstimateBytes(lease), 150 * 3 * 8);
  v1::Data& test = (*spec.mutable_test_sets())["test"];
  test.mutable_separable_gaussians()->set_rows(10);
  test.mutable_separable_gaussians()->set_dimension(2);
  test.mutable_separable_gaussians()->set_margin(1);
  EXPECT_EQ(EstimateBytes(lease), 160 * 3 * 8);
  v1::Data& more = (*spec.mutable_test_sets())["more"];
  more.mutable_polynomial()->set_rows(15);
  EXPECT_EQ(EstimateBytes(lease), 170 * 3 * 8);
  spec.mutable_test_sets()->erase("more");
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit(3839)),
              StatusIs(absl::StatusCode::kResourceExhausted, "3840 bytes"));
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit(3840)), IsOk());
}

TEST(DrawRowsTest, NamesTheFieldTheValueAndTheCure) {
  v1::Data data;
  data.mutable_circles()->set_positive(1);
  data.mutable_circles()->set_factor(2);
  EXPECT_THAT(Read(data, "test_sets.a"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "test_sets.a.circles: factor: want a value of at least "
                       "0 and below 1, got 2"));
  data.mutable_gaussians()->add_classes()->set_label(3);
  EXPECT_THAT(Read(data), StatusIs(absl::StatusCode::kInvalidArgument,
                                   "data.gaussians: classes[0]: want "
                                   "covariance or standard_deviation"));
}

}  // namespace
}  // namespace steelyard::worker
