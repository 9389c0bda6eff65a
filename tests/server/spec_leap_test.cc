#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/spec_check.h"
#include "tests/server/bad_specs.h"
#include "tests/server/faults.h"

// What runs may go on by leaps.
namespace steelyard::server {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

v1::GradientDescent* Leaping(v1::RunSpec* spec) {
  v1::GradientDescent* descent =
      spec->mutable_optimizer()->mutable_gradient_descent();
  descent->mutable_leap();
  return descent;
}

TEST(SpecLeapTest, EveryFaultOfALeapIsTold) {
  v1::RunSpec spec = GoodSpec();
  MakeMlp(&spec);
  spec.mutable_initial()->mutable_zeros();
  spec.mutable_loss()->mutable_hinge();
  spec.mutable_regularizer()->mutable_l1()->set_strength(0.5);
  Leaping(&spec)->mutable_leap()->set_tolerance(1);
  const std::string leap = "with optimizer.gradient_descent.leap, got ";
  EXPECT_THAT(
      CheckSpec(spec, SpecLimits()),
      UnorderedElementsAre(
          IsFault("model.mlp.activation", leap + "relu"),
          IsFault("initial.zeros", leap + "zeros"),
          IsFault("precision", leap + "single"),
          IsFault("loss.hinge", leap + "hinge"),
          IsFault("regularizer.l1.strength", leap + "0.5"),
          IsFault("optimizer.gradient_descent.leap.tolerance", "got 1")));
}

TEST(SpecLeapTest, NothingChangesWhereStepsAreNotCounted) {
  constexpr uint64_t kLate = 1'000'000'000'000'000'001;
  v1::RunSpec spec = GoodSpec();
  v1::LearningRateSchedule* schedule = Leaping(&spec)->mutable_schedule();
  schedule->set_warm_up_steps(kLate);
  schedule->mutable_step()->add_at(100);
  schedule->mutable_step()->add_at(kLate);
  schedule->mutable_step()->set_factor(0.5);
  spec.mutable_weighting()->mutable_schedule()->mutable_annealed()->set_until(
      kLate);
  EXPECT_THAT(CheckSpec(spec, SpecLimits()), IsEmpty());
  spec.mutable_stop()->set_log10_steps(100);
  const std::string late =
      "want at most 10^18 with stop.log10_steps above 18.96, got "
      "1000000000000000001";
  EXPECT_THAT(
      CheckSpec(spec, SpecLimits()),
      UnorderedElementsAre(
          IsFault("optimizer.gradient_descent.schedule.warm_up_steps", late),
          IsFault("optimizer.gradient_descent.schedule.step.at[1]", late),
          IsFault("weighting.schedule.annealed.until", late)));
}

TEST(SpecLeapTest, WhatMayLeap) {
  v1::RunSpec spec = GoodSpec();
  Leaping(&spec)->mutable_schedule()->mutable_cosine();
  Leaping(&spec)->mutable_schedule()->set_warm_up_steps(10);
  spec.mutable_weighting()->mutable_schedule()->mutable_deferred()->set_from(
      10);
  spec.mutable_loss()->mutable_squared_hinge();
  EXPECT_THAT(CheckSpec(spec, SpecLimits()), IsEmpty());
  spec.mutable_regularizer()->mutable_power()->set_strength(0.5);
  spec.mutable_regularizer()->mutable_power()->set_exponent(3);
  Leaping(&spec)->mutable_schedule()->mutable_power();
  spec.mutable_stop()->set_log10_steps(100);
  EXPECT_THAT(CheckSpec(spec, SpecLimits()), IsEmpty());
  MakeMlp(&spec)->set_activation(v1::ACTIVATION_TANH);
  spec.set_precision(v1::PRECISION_DOUBLE);
  EXPECT_THAT(CheckSpec(spec, SpecLimits()), IsEmpty());
  spec.mutable_model()->mutable_deep_linear()->add_hidden(3);
  spec.mutable_loss()->mutable_squared();
  spec.mutable_weighting()->mutable_uniform();
  EXPECT_THAT(CheckSpec(spec, SpecLimits()), IsEmpty());
}

}  // namespace
}  // namespace steelyard::server
