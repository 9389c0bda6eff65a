// Specs whose rows are drawn: what is right, and what is known of it before.
// What is refused: bad_data_specs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/spec_check.h"
#include "server/spec_defaults.h"
#include "tests/server/bad_specs.h"
#include "tests/server/spec_samples.h"

namespace steelyard::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::RunSpec Spec() {
  v1::RunSpec spec = GoodSpec();
  spec.clear_test_sets();
  return spec;
}

TEST(SpecGeneratorsTest, TheLimitsAreWithin) {
  v1::RunSpec spec = Spec();
  v1::MoonsData* moons = spec.mutable_data()->mutable_moons();
  moons->set_positive(25'000'000);
  moons->set_negative(25'000'000);
  moons->set_noise(1e100);
  EXPECT_THAT(Messages(spec), IsEmpty());
  spec.mutable_data()->mutable_circles()->set_negative(50'000'000);
  spec.mutable_data()->mutable_circles()->set_factor(0);
  EXPECT_THAT(Messages(spec), IsEmpty());
  v1::SeparableGaussiansData* separable =
      spec.mutable_data()->mutable_separable_gaussians();
  separable->set_rows(1);
  separable->set_dimension(100'000'000);
  separable->set_margin(5e-324);
  EXPECT_THAT(Messages(spec), IsEmpty());
  v1::GaussiansData* gaussians = spec.mutable_data()->mutable_gaussians();
  for (int c = 0; c < 1'000; ++c) {
    v1::GaussianClass* added = gaussians->add_classes();
    added->set_label(c % 2 == 0 ? 1 : -1);
    added->set_rows(100'000);
    added->add_mean(-1e100);
    added->set_standard_deviation(0);
  }
  EXPECT_THAT(Messages(spec), IsEmpty());
}

TEST(SpecGeneratorsTest, TheLimitsOfAPolynomialAreWithin) {
  v1::RunSpec spec = Spec();
  spec.mutable_loss()->mutable_squared();
  spec.mutable_weighting()->mutable_uniform();
  v1::PolynomialData* polynomial = spec.mutable_data()->mutable_polynomial();
  polynomial->set_rows(100'000'000);
  polynomial->add_coefficients(0);
  polynomial->add_coefficients(1);
  polynomial->set_mean(-1e100);
  polynomial->set_standard_deviation(0);
  EXPECT_THAT(Messages(spec), IsEmpty());
  polynomial->mutable_coefficients()->Resize(100, 0);
  polynomial->set_noise(0.5);
  EXPECT_THAT(Messages(spec), IsEmpty());
  // By default x varies, if little beside such a mean.
  polynomial->clear_standard_deviation();
  EXPECT_THAT(Messages(spec), IsEmpty());
  polynomial->set_standard_deviation(1e90);
  EXPECT_EQ(Messages(spec).size(), 1U);
  polynomial->set_coefficients(1, -0.5);
  EXPECT_THAT(Messages(spec), IsEmpty());
}

// The rows are known: their number and their one feature.
TEST(SpecGeneratorsTest, APolynomialsRowsAreCounted) {
  v1::RunSpec spec = Spec();
  spec.mutable_loss()->mutable_squared();
  spec.mutable_data()->mutable_polynomial()->set_rows(3);
  spec.mutable_data()->mutable_polynomial()->add_coefficients(1);
  spec.mutable_weighting()->mutable_per_example()->mutable_weights()->Resize(4,
                                                                             1);
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("want 3 weights")));
  spec.mutable_weighting()->mutable_uniform();
  v1::Data& moons = (*spec.mutable_test_sets())["wide"];
  moons.mutable_moons()->set_positive(1);
  EXPECT_THAT(Messages(spec),
              ElementsAre(HasSubstr("want rows of 1 features")));
}

TEST(SpecGeneratorsTest, ASingularCovarianceIsRight) {
  v1::RunSpec spec = Spec();
  v1::GaussianClass* added =
      spec.mutable_data()->mutable_gaussians()->add_classes();
  added->set_label(1);
  added->set_rows(1);
  for (int i = 0; i < 256; ++i) {
    added->add_mean(0);
    v1::Row* row = added->mutable_covariance()->add_rows();
    for (int j = 0; j < 256; ++j) row->add_values(0.1 * ((i + 1) * (j + 1)));
  }
  EXPECT_THAT(Messages(spec), IsEmpty());
  added->mutable_covariance()->mutable_rows(255)->set_values(255, 6553.59);
  EXPECT_EQ(Messages(spec).size(), 1U);
}

// Rows are counted without a worker: by label, after classes and take.
TEST(SpecGeneratorsTest, WeightsBelongToTheRowsThatAreLeft) {
  v1::RunSpec spec = Spec();
  for (const int label : {3, 4, 5, 3}) {
    v1::GaussianClass* added =
        spec.mutable_data()->mutable_gaussians()->add_classes();
    added->set_label(label);
    added->set_rows(2);
    added->add_mean(0);
    added->set_standard_deviation(1);
  }
  spec.mutable_data()->mutable_classes()->add_positive(3);
  spec.mutable_data()->mutable_classes()->add_negative(5);
  for (int i = 0; i < 6; ++i) {
    spec.mutable_weighting()->mutable_per_example()->add_weights(1);
  }
  EXPECT_THAT(Messages(spec), IsEmpty());
  spec.mutable_data()->mutable_take()->set_first_per_class(3);
  EXPECT_EQ(Messages(spec).size(), 1U);
  // Against summaries too: there are none.
  EXPECT_EQ(CheckAgainstSummaries(spec, {}).size(), 1U);
}

TEST(SpecGeneratorsTest, DrawsHaveTheRunsSeedUnlessTheyHaveTheirOwn) {
  v1::RunSpec spec = Spec();
  spec.set_seed(9);
  spec.mutable_data()->mutable_moons()->set_positive(1);
  (*spec.mutable_test_sets())["a"].mutable_gaussians()->set_seed(0);
  (*spec.mutable_test_sets())["b"].mutable_separable_gaussians();
  (*spec.mutable_test_sets())["c"].mutable_circles();
  (*spec.mutable_test_sets())["d"].mutable_polynomial();
  FillDefaults(&spec);
  EXPECT_EQ(spec.data().moons().seed(), 9U);
  EXPECT_EQ(spec.test_sets().at("a").gaussians().seed(), 0U);
  EXPECT_EQ(spec.test_sets().at("b").separable_gaussians().seed(), 9U);
  EXPECT_EQ(spec.test_sets().at("c").circles().seed(), 9U);
  EXPECT_EQ(spec.test_sets().at("c").circles().factor(), 0.8);
  EXPECT_EQ(spec.test_sets().at("d").polynomial().seed(), 9U);
  EXPECT_EQ(spec.test_sets().at("d").polynomial().standard_deviation(), 1);
}

TEST(SpecGeneratorsTest, APolynomialIsShort) {
  EXPECT_THAT(Faults(R"(data: {polynomial: {rows: 9, coefficients: [0, 0, 1]}}
test_sets: {far: {polynomial: {rows: 9, coefficients: [0, 0, 1], mean: 2}}}
loss: {squared: {}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 1}
)"),
              IsEmpty());
}

TEST(SpecGeneratorsTest, AMatrixIsAListOfLists) {
  EXPECT_THAT(Faults(R"(data:
  gaussians:
    classes:
      - {label: 1, rows: 50, mean: [1, 1], covariance: [[1, 0.5], [0.5, 1]]}
      - {label: -1, rows: 50, mean: [-1, -1], standard_deviation: 0.5}
    seed: 3
test_sets: {test: {moons: {positive: 9, negative: 9, noise: 0.1}}}
optimizer: {gradient_descent: {learning_rate: 1}}
stop: {steps: 1}
)"),
              IsEmpty());
}

}  // namespace
}  // namespace steelyard::server
