// Networks, their losses and optimisers from a spec to a trainer.  What is
// refused: bad_specs_test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/spec_defaults.h"
#include "server/worker/make_trainer.h"
#include "tests/server/worker/leases.h"
#include "tests/server/worker/train_to_end.h"
#include "tests/status_matchers.h"

namespace steelyard::worker {
namespace {

using ::testing::Contains;
using ::testing::Not;

// The eight rows, an MLP of 5 units, and SGD; defaults filled in.
v1::TrainLease MlpLease(uint64_t steps) {
  v1::TrainLease lease = D8Lease(steps);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_model()->mutable_mlp()->add_hidden(5);
  spec.mutable_loss()->mutable_logistic();
  spec.mutable_optimizer()->mutable_sgd()->set_learning_rate(0.1);
  spec.mutable_optimizer()->mutable_sgd()->set_batch_size(3);
  spec.clear_initial();
  spec.set_precision(v1::PRECISION_UNSPECIFIED);
  server::FillDefaults(&spec);
  return lease;
}

std::map<std::string, double> Train(const v1::TrainLease& lease) {
  return TrainToEnd(Make(lease).get());
}

TEST(MakeNetworkTest, AnMlpLearnsTheRows) {
  const auto last = Train(MlpLease(3'000));
  EXPECT_EQ(last.at("train/error"), 0);
  EXPECT_EQ(last.at("train/balanced_error"), 0);
  EXPECT_EQ(last.at("train/fraction_positive"), 0.5);
  EXPECT_LT(last.at("train/loss"), 0.01);
}

// By gradient descent from 0 in double precision a linear model has kernels of
// its own; SGD with all rows in a batch is the same descent.
TEST(MakeNetworkTest, ALinearModelByFullBatchesIsTheLinearModelByDescent) {
  const auto descent = Train(D8Lease(1'000));
  v1::TrainLease lease = D8Lease(1'000);
  lease.mutable_spec()->mutable_optimizer()->mutable_sgd()->set_learning_rate(
      0.1);
  const auto sgd = Train(lease);
  for (const char* metric : {"train/loss", "parameters/norm", "train/error",
                             "margin/normalized", "train/fraction_positive"}) {
    EXPECT_NEAR(sgd.at(metric), descent.at(metric),
                1e-11 * std::abs(descent.at(metric)))
        << metric;
  }
  for (const char* metric :
       {"margin/ratio", "direction/gap", "direction/cosine",
        "direction/predicted_gap", "theory/kl", "parameters/0", "parameters/1",
        "parameters/2"}) {
    EXPECT_NEAR(sgd.at(metric), descent.at(metric), 1e-12) << metric;
  }
  // train/loss_slope, margin/smoothed, dual/gap and theory/gap_constant are of
  // the descent alone.
  EXPECT_EQ(sgd.size() + 4, descent.size());
}

// What a thousand steps on 8 rows make of a float's last digit.
TEST(MakeNetworkTest, ALinearModelInSinglePrecisionHasItsMetricsNearby) {
  const auto descent = Train(D8Lease(1'000));
  v1::TrainLease lease = D8Lease(1'000);
  lease.mutable_spec()->set_precision(v1::PRECISION_SINGLE);
  const auto single = Train(lease);
  for (const char* metric : {"margin/ratio", "direction/gap",
                             "direction/cosine", "theory/kl", "parameters/2"}) {
    EXPECT_NEAR(single.at(metric), descent.at(metric),
                1e-5 * std::abs(descent.at(metric)))
        << metric;
  }
  EXPECT_NE(single.at("direction/gap"), descent.at("direction/gap"));
  EXPECT_FALSE(single.contains("direction/predicted_gap"));
}

// Of losses, starts and optimisers that have no kernels of their own.
TEST(MakeNetworkTest, ALinearModelHasItsDirectionHoweverItIsTrained) {
  const auto train = [](auto change) {
    v1::TrainLease lease = D8Lease(1'000);
    change(*lease.mutable_spec());
    return Train(lease);
  };
  for (const auto& last :
       {train([](v1::RunSpec& spec) {
          spec.mutable_optimizer()->mutable_adam()->set_learning_rate(0.1);
        }),
        train([](v1::RunSpec& spec) {
          v1::Sgd& sgd = *spec.mutable_optimizer()->mutable_sgd();
          sgd.set_learning_rate(0.1);
          sgd.set_batch_size(2);
          sgd.set_momentum(0.5);
        }),
        train([](v1::RunSpec& spec) { spec.mutable_initial()->mutable_he(); }),
        train([](v1::RunSpec& spec) {
          spec.mutable_loss()->mutable_squared();
          // Without it the labels are numbers.
          spec.mutable_data()->mutable_classes()->add_negative(-1);
          spec.mutable_data()->mutable_classes()->add_positive(1);
        })}) {
    ASSERT_TRUE(last.contains("direction/gap"));
    EXPECT_GT(last.at("direction/gap"), 0);
    EXPECT_LT(last.at("direction/gap"), 1);
    EXPECT_NEAR(last.at("margin/normalized") / last.at("margin/ratio"),
                std::sqrt(125. / 133), 1e-14);
    EXPECT_TRUE(last.contains("theory/kl"));
    EXPECT_TRUE(last.contains("parameters/2"));
  }
}

TEST(MakeNetworkTest, EpochsAreStepsByTheBatches) {
  v1::TrainLease lease = MlpLease(1);
  lease.mutable_spec()->mutable_stop()->set_epochs(7);
  EXPECT_EQ(Train(lease).at("step"), 7 * 2);  // 8 rows in threes
  v1::Sgd* sgd = lease.mutable_spec()->mutable_optimizer()->mutable_sgd();
  sgd->set_keep_last(true);
  EXPECT_EQ(Train(lease).at("step"), 7 * 3);
  sgd->set_batch_size(0);
  EXPECT_EQ(Train(lease).at("step"), 7);
  sgd->set_batch_size(2);
  lease.mutable_spec()->mutable_weighting()->mutable_per_class()->set_ratio(0);
  EXPECT_EQ(Train(lease).at("step"), 7 * 2);  // 4 rows have a weight
}

TEST(MakeNetworkTest, EachClassHasAShare) {
  v1::TrainLease lease = MlpLease(3'000);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_loss()->mutable_softmax_cross_entropy();
  spec.mutable_weighting()->mutable_inverse_frequency();
  spec.mutable_optimizer()->mutable_adam()->set_learning_rate(0.01);
  const int labels[] = {7, 7, 7, 2, 9, 9, 9, 1};
  for (int i = 0; i < 8; ++i) {
    spec.mutable_data()->mutable_inline_()->set_labels(i, labels[i]);
  }
  for (const int label : {9, 7, 2}) {
    spec.mutable_data()->mutable_classes()->add_each(label);
  }
  const auto last = Train(lease);
  EXPECT_EQ(last.at("train/error"), 0);
  EXPECT_NEAR(last.at("train/fraction/0"), 3.0 / 7, 1e-15);
  EXPECT_NEAR(last.at("train/fraction/2"), 1.0 / 7, 1e-15);
  // Weights 7/3 six times and 7 once: (14 + 7)^2 / (6 49/9 + 49).
  EXPECT_NEAR(last.at("weights/effective_sample_size"),
              441 / (6 * 49.0 / 9 + 49), 1e-12);
}

// The first loss of a linear model, theta = 0, on three rows labelled +1 and
// five labelled -1; several classes likewise.
double FirstLoss(const std::function<void(v1::Loss*)>& set, bool classes) {
  v1::TrainLease lease = D8Lease(1);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_data()->mutable_inline_()->set_labels(3, -1);
  set(spec.mutable_loss());
  spec.mutable_weighting()->mutable_uniform();
  if (classes) {
    for (const int label : {-1, 1}) {
      spec.mutable_data()->mutable_classes()->add_each(label);
    }
  }
  const auto trainer = Make(lease);
  if (trainer == nullptr) return std::nan("");
  const auto first = trainer->Advance(1);
  EXPECT_THAT(first, IsOk());
  for (const training::MetricValue& value : (*first)->values) {
    if (trainer->metrics()[value.metric] == "train/loss") return value.value;
  }
  return std::nan("");
}

TEST(MakeNetworkTest, EveryLossIsTheOneThatWasAskedFor) {
  const double ln2 = std::log(2);
  struct Case {
    std::function<void(v1::Loss*)> set;
    double first;  // (1/8) sum of l(0) over both classes
    bool of_classes = true;
  };
  const std::vector<Case> cases = {
      {[](auto* l) { l->mutable_exponential(); }, 1, false},
      {[](auto* l) { l->mutable_hinge(); }, 1, false},
      {[](auto* l) { l->mutable_poly_tailed(); },
       ln2 / std::log1p(std::exp(-1)), false},
      {[](auto* l) { l->mutable_squared_hinge(); }, 1, false},
      {[](auto* l) { l->mutable_focal()->set_gamma(1); }, ln2 / 2},
      {[](auto* l) {
         l->mutable_ldam()->set_max_margin(2);
         l->mutable_ldam()->set_scale(3);
       },
       (3 * std::log1p(std::exp(6)) +
        5 * std::log1p(std::exp(6 * std::pow(0.6, 0.25)))) /
           8},
      {[](auto* l) { l->mutable_logit_adjusted()->set_tau(2); },
       (3 * std::log1p(25. / 9) + 5 * std::log1p(9. / 25)) / 8},
      {[](auto* l) { l->mutable_cdt()->set_gamma(1); }, ln2},
      {[](auto* l) {
         l->mutable_vs()->set_gamma(1);
         l->mutable_vs()->set_tau(1);
       },
       (3 * std::log1p(5. / 3) + 5 * std::log1p(3. / 5)) / 8},
      {[](auto* l) {
         for (const double factor : {2, 4}) {
           l->mutable_pairwise_margin()->add_factors(factor);
         }
       },
       (3 * 4 + 5 * 2) * ln2 / 8}};
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_NEAR(FirstLoss(cases[i].set, false), cases[i].first, 1e-14) << i;
    if (!cases[i].of_classes) continue;
    EXPECT_NEAR(FirstLoss(cases[i].set, true), cases[i].first, 1e-14) << i;
  }
}

// (sum w)^2 / sum w^2 of three rows with the weight a and five with b.
double SampleSize(double a, double b) {
  return (3 * a + 5 * b) * (3 * a + 5 * b) / (3 * a * a + 5 * b * b);
}

TEST(MakeNetworkTest, EveryWeightingIsTheOneThatWasAskedFor) {
  struct Case {
    std::function<void(v1::Weighting*)> set;
    double positive;  // three rows have it
    double negative;
  };
  const std::vector<Case> cases = {
      {[](auto* w) {
         w->mutable_per_class()->add_weights(2);
         w->mutable_per_class()->add_weights(7);
       },
       7, 2},
      {[](auto* w) { w->mutable_effective_number()->set_beta(0.5); },
       .5 / (1 - .125), .5 / (1 - .03125)},
      {[](auto* w) { w->mutable_effective_number()->set_beta(0); }, 1, 1},
      {[](auto* w) { w->mutable_effective_number()->set_beta(1 - 1e-15); },
       1. / 3, 1. / 5},
      {[](auto* w) {
         w->mutable_per_class()->set_ratio(9);
         w->set_power(0.5);
       },
       3, 1},
      {[](auto* w) {
         w->mutable_per_class()->set_ratio(9);
         w->set_clip(4);
       },
       4, 1},
      {[](auto* w) {
         w->mutable_per_class()->set_ratio(9);
         w->set_relative(0.25);
       },
       9. / (0.25 * 9 + 0.75), 1},
      {[](auto* w) {  // relative, power, clip: 3^2 = 9, and 8
         w->mutable_per_class()->set_ratio(9);
         w->set_relative(0.25);
         w->set_power(2);
         w->set_clip(8);
       },
       8, 1},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    v1::TrainLease lease = D8Lease(1);
    v1::RunSpec& spec = *lease.mutable_spec();
    spec.mutable_data()->mutable_inline_()->set_labels(3, -1);
    spec.clear_weighting();
    cases[i].set(spec.mutable_weighting());
    EXPECT_NEAR(Train(lease).at("weights/effective_sample_size"),
                SampleSize(cases[i].positive, cases[i].negative), 1e-9)
        << i;
  }
}

// docs/science.md, D8: near p* the gap is a thousand times smaller.
TEST(MakeNetworkTest, DualOptimalWeightsAreThoseOfTheScience) {
  v1::TrainLease lease = D8Lease(10'000);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_weighting()->mutable_dual_optimal();
  const auto near = Train(lease);
  EXPECT_NEAR(near.at("theory/kl"), .00623, 5e-6);
  EXPECT_NEAR(near.at("direction/gap"), .00007, 5e-6);
  spec.mutable_weighting()->mutable_dual_optimal()->set_floor(0);
  const auto exact = Train(lease);  // 3 rows are left, P3 holds
  EXPECT_LT(exact.at("direction/gap"), 1e-12);
  EXPECT_NEAR(exact.at("theory/kl"), 0, 1e-12);

  spec.mutable_data()->mutable_inline_()->set_labels(0, -1);
  spec.mutable_data()->mutable_inline_()->set_labels(4, 1);
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "weighting.dual_optimal: want rows that have a largest "
                       "margin: not separable"));
}

TEST(MakeNetworkTest, DeferredWeightsAreNoneBefore) {
  v1::TrainLease lease = D8Lease(50);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_weighting()->mutable_uniform();
  const auto even = Train(lease);
  spec.mutable_weighting()->mutable_per_class()->set_ratio(10);
  const auto weighted = Train(lease);
  spec.mutable_weighting()->mutable_schedule()->mutable_deferred()->set_from(
      50);
  EXPECT_EQ(Train(lease).at("parameters/0"), even.at("parameters/0"));
  spec.mutable_weighting()->mutable_schedule()->mutable_deferred()->set_from(0);
  EXPECT_EQ(Train(lease).at("parameters/0"), weighted.at("parameters/0"));
  spec.mutable_weighting()->mutable_schedule()->mutable_annealed()->set_until(
      10);
  EXPECT_NE(Train(lease).at("parameters/0"), weighted.at("parameters/0"));
}

TEST(MakeNetworkTest, LbfgsFindsTheMinimumThatDescentTendsTo) {
  v1::TrainLease lease = D8Lease(200'000);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_regularizer()->mutable_l2()->set_strength(0.01);
  const auto descent = Train(lease);
  spec.mutable_optimizer()->mutable_lbfgs();
  spec.mutable_stop()->set_steps(60);
  const auto lbfgs = Train(lease);
  for (const char* metric : {"train/objective", "parameters/0", "parameters/1",
                             "parameters/2", "direction/gap"}) {
    EXPECT_NEAR(lbfgs.at(metric), descent.at(metric), 1e-12) << metric;
  }
}

// Multipliers decide which direction two rows end in: docs/science.md.
TEST(MakeNetworkTest, CdtGivesTheRarerClassTheLargerMargin) {
  v1::TrainLease lease = D8Lease(20'000);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_weighting()->mutable_uniform();
  spec.mutable_data()->mutable_inline_()->mutable_features()->RemoveLast();
  spec.mutable_data()->mutable_inline_()->mutable_labels()->RemoveLast();
  spec.mutable_loss()->mutable_cdt()->set_gamma(0);
  const auto plain = Train(lease);
  spec.mutable_loss()->mutable_cdt()->set_gamma(3);
  const auto shifted = Train(lease);
  // 3 of the 7 rows are negative: f falls.
  EXPECT_LT(shifted.at("parameters/2") / shifted.at("parameters/norm"),
            plain.at("parameters/2") / plain.at("parameters/norm"));
}

TEST(MakeNetworkTest, SquaredLossTakesNumbers) {
  v1::TrainLease lease = MlpLease(20'000);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_model()->mutable_linear()->set_bias(true);
  spec.mutable_loss()->mutable_squared();
  spec.mutable_weighting()->mutable_uniform();
  spec.mutable_initial()->mutable_zeros();
  spec.set_precision(v1::PRECISION_DOUBLE);
  v1::InlineData& table = *spec.mutable_data()->mutable_inline_();
  for (int i = 0; i < 8; ++i) {  // 0.5 - 2 x_0 + 3 x_1
    const auto& x = table.features(i).values();
    table.set_labels(i, 0.5 - 2 * x[0] + 3 * x[1]);
  }
  spec.mutable_optimizer()->mutable_sgd()->set_learning_rate(0.02);
  const auto last = Train(lease);
  EXPECT_THAT(last, Not(Contains(testing::Key("train/error"))));
  EXPECT_LT(last.at("train/loss"), 1e-20);
  EXPECT_NEAR(last.at("parameters/norm"), std::sqrt(0.25 + 4 + 9), 1e-9);
}

TEST(MakeNetworkTest, BiasesAndActivationsDecideWhetherThereIsAMargin) {
  v1::TrainLease lease = MlpLease(10);
  v1::MlpModel* mlp = lease.mutable_spec()->mutable_model()->mutable_mlp();
  EXPECT_THAT(Make(lease)->metrics(), Not(Contains("margin/normalized")));
  for (const v1::Biases biases : {v1::BIASES_NONE, v1::BIASES_CONSTANT_INPUT}) {
    mlp->set_biases(biases);
    for (const v1::Activation activation :
         {v1::ACTIVATION_RELU, v1::ACTIVATION_QUADRATIC}) {
      mlp->set_activation(activation);
      EXPECT_THAT(Make(lease)->metrics(), Contains("margin/normalized"));
    }
    mlp->set_activation(v1::ACTIVATION_TANH);
    EXPECT_THAT(Make(lease)->metrics(), Not(Contains("margin/normalized")));
  }
}

// Nothing of a spec that reaches no bit: each change gives another loss.
TEST(MakeNetworkTest, EveryFieldOfAnOptimizerCounts) {
  const double loss = Train(MlpLease(20)).at("train/loss");
  const auto with = [](void (*change)(v1::RunSpec*)) {
    v1::TrainLease lease = MlpLease(20);
    change(lease.mutable_spec());
    return Train(lease).at("train/loss");
  };
  using Spec = v1::RunSpec;
  void (*const changes[])(Spec*) = {
      [](Spec* s) { s->set_seed(2); },
      [](Spec* s) { s->mutable_initial()->mutable_xavier(); },
      [](Spec* s) {
        s->mutable_initial()->mutable_normal()->add_standard_deviations(1);
        s->mutable_initial()->mutable_normal()->add_standard_deviations(2);
      },
      [](Spec* s) { s->set_precision(v1::PRECISION_DOUBLE); },
      [](Spec* s) { s->mutable_optimizer()->mutable_sgd()->set_momentum(0.5); },
      [](Spec* s) {
        s->mutable_optimizer()->mutable_sgd()->set_weight_decay(0.01);
      },
      [](Spec* s) {
        s->mutable_optimizer()->mutable_sgd()->set_reduction(
            v1::REDUCTION_WEIGHTED_MEAN);
      },
      [](Spec* s) {
        s->mutable_optimizer()->mutable_sgd()->set_keep_last(true);
      },
      [](Spec* s) {
        s->mutable_optimizer()
            ->mutable_sgd()
            ->mutable_schedule()
            ->mutable_cosine();
      },
      [](Spec* s) {
        v1::Sgd* sgd = s->mutable_optimizer()->mutable_sgd();
        sgd->mutable_schedule()->mutable_step()->add_at(10);
      },
      [](Spec* s) {
        v1::Sgd* sgd = s->mutable_optimizer()->mutable_sgd();
        sgd->mutable_schedule()->set_warm_up_steps(10);
      },
      [](Spec* s) { s->mutable_regularizer()->mutable_l2()->set_strength(1); },
  };
  for (size_t k = 0; k < std::size(changes); ++k) {
    EXPECT_NE(with(changes[k]), loss) << "change " << k;
  }
  v1::TrainLease nesterov = MlpLease(20);
  nesterov.mutable_spec()->mutable_optimizer()->mutable_sgd()->set_momentum(
      0.5);
  const double momentum = Train(nesterov).at("train/loss");
  nesterov.mutable_spec()->mutable_optimizer()->mutable_sgd()->set_nesterov(
      true);
  EXPECT_NE(Train(nesterov).at("train/loss"), momentum);
}

}  // namespace
}  // namespace steelyard::worker
