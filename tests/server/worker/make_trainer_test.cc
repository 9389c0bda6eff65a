#include "server/worker/make_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "tests/server/worker/leases.h"
#include "tests/server/worker/stored_leases.h"
#include "tests/status_matchers.h"
#include "tests/training/data/files.h"
#include "training/trainer.h"

namespace steelyard::worker {
namespace {

using ::testing::Contains;

constexpr auto kSpec = absl::StatusCode::kInvalidArgument;
constexpr auto kDataset = absl::StatusCode::kFailedPrecondition;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr char kFashion[] = "/usr/share/datasets/fashion-mnist/";

absl::Status Try(const v1::TrainLease& lease) {
  return MakeTrainer(lease, MemoryLimit()).status();
}

// The value of a metric at step 0.
double FirstValue(training::Trainer& trainer, const std::string& metric) {
  const auto evaluation = trainer.Advance(0);
  for (const training::MetricValue& value : (*evaluation)->values) {
    if (trainer.metrics()[value.metric] == metric) return value.value;
  }
  ADD_FAILURE() << metric << " has no value";
  return 0;
}

v1::Data FashionData(v1::TrainLease& lease, const std::string& prefix) {
  v1::Data data;
  data.mutable_idx()->mutable_images()->set_dataset(
      AddFile(lease, absl::StrCat(kFashion, prefix, "-images-idx3-ubyte.gz"),
              v1::DATASET_FORM_IDX));
  data.mutable_idx()->mutable_labels()->set_dataset(
      AddFile(lease, absl::StrCat(kFashion, prefix, "-labels-idx1-ubyte.gz"),
              v1::DATASET_FORM_IDX));
  data.mutable_classes()->add_positive(2);
  data.mutable_classes()->add_negative(4);
  return data;
}

TEST(MakeTrainerTest, MakesWhatTheSpecSays) {
  const auto trainer = MakeTrainer(D8Lease(100), MemoryLimit());
  ASSERT_THAT(trainer, IsOk());
  EXPECT_THAT((*trainer)->metrics(), Contains("parameters/2"));  // the bias
  EXPECT_FALSE((*trainer)->done());
  // Ten times four weights of 10 and four of 1: (44)^2 / (4 * 101).
  EXPECT_DOUBLE_EQ(FirstValue(**trainer, "weights/effective_sample_size"),
                   44.0 * 44 / 404);
}

TEST(MakeTrainerTest, EveryChoiceMakesADifference) {
  const auto loss_at_1 = [](const std::function<void(v1::RunSpec&)>& change) {
    v1::TrainLease lease = D8Lease(1);
    change(*lease.mutable_spec());
    auto trainer = MakeTrainer(lease, MemoryLimit());
    EXPECT_THAT(trainer, IsOk());
    (*trainer)->Advance(0).IgnoreError();
    const auto last = (*trainer)->Advance(1);
    return (*last)->values.front().value;
  };
  const std::vector<std::function<void(v1::RunSpec&)>> changes = {
      [](v1::RunSpec&) {},
      [](v1::RunSpec& s) {
        s.mutable_model()->mutable_linear()->set_bias(false);
      },
      [](v1::RunSpec& s) { s.mutable_loss()->mutable_logistic(); },
      [](v1::RunSpec& s) { s.mutable_weighting()->mutable_uniform(); },
      [](v1::RunSpec& s) { s.set_normalization(v1::NORMALIZATION_NONE); },
      [](v1::RunSpec& s) { s.set_normalization(v1::NORMALIZATION_SUM_ONE); },
      [](v1::RunSpec& s) {
        s.mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(
            0.2);
      },
      [](v1::RunSpec& s) {
        s.mutable_weighting()->mutable_per_example()->mutable_weights()->Resize(
            8, 1);
        s.mutable_weighting()->mutable_per_example()->set_weights(3, 5);
      },
  };
  std::set<double> losses;
  for (const auto& change : changes) losses.insert(loss_at_1(change));
  EXPECT_EQ(losses.size(), changes.size());
}

// A leap of a linear model from zeros, and of those that train otherwise.
TEST(MakeTrainerTest, LeapsAreOfEveryModelThatMayLeap) {
  using Change = std::function<void(v1::RunSpec&)>;
  const std::vector<Change> changes = {
      [](v1::RunSpec&) {},
      [](v1::RunSpec& s) {
        s.mutable_regularizer()->mutable_l2()->set_strength(0.1);
      },
      [](v1::RunSpec& s) { s.mutable_initial()->mutable_he(); },
      [](v1::RunSpec& s) {
        s.mutable_loss()->mutable_squared();
        s.mutable_weighting()->mutable_uniform();
      },
      [](v1::RunSpec& s) {
        s.mutable_model()->mutable_deep_linear()->add_hidden(3);
        s.mutable_model()->mutable_deep_linear()->set_biases(v1::BIASES_NONE);
        s.mutable_initial()->mutable_xavier();
      },
  };
  for (const Change& change : changes) {
    v1::TrainLease lease = D8Lease(1000);
    v1::RunSpec& spec = *lease.mutable_spec();
    spec.mutable_stop()->set_log10_steps(20);
    spec.mutable_evaluate()->mutable_log()->set_points_per_decade(1);
    v1::GradientDescent& descent =
        *spec.mutable_optimizer()->mutable_gradient_descent();
    descent.set_learning_rate(0.02);
    descent.mutable_leap()->set_tolerance(1e-10);
    change(spec);
    const auto trainer = MakeTrainer(lease, MemoryLimit());
    ASSERT_THAT(trainer, IsOk());
    while (!(*trainer)->done()) {
      ASSERT_THAT((*trainer)->Advance(training::Trainer::kFarStep), IsOk());
    }
    EXPECT_EQ((*trainer)->step(), training::Trainer::kFarStep);
    EXPECT_THAT((*trainer)->metrics(), Contains("leap/settled_dimensions"));
    descent.clear_leap();
    EXPECT_THAT(Try(lease), StatusIs(kSpec, "want it above 2^63 - 1 steps"));
  }
}

TEST(MakeTrainerTest, ReadsRealImages) {
  v1::TrainLease lease = D8Lease(10);
  v1::RunSpec& spec = *lease.mutable_spec();
  *spec.mutable_data() = FashionData(lease, "train");
  spec.mutable_data()->mutable_take()->set_first_per_class(100);
  (*spec.mutable_test_sets())["test"] = FashionData(lease, "t10k");
  EXPECT_EQ(EstimateBytes(lease), (200 + 2000) * 785 * 8);
  const auto trainer = MakeTrainer(lease, MemoryLimit());
  ASSERT_THAT(trainer, IsOk());
  EXPECT_THAT((*trainer)->metrics(), Contains("test/error"));
  EXPECT_EQ(FirstValue(**trainer, "test/fraction_positive"), 0);
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit(13'815'999)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "want at most 13815999 bytes, the worker's limit, got a "
                       "run whose data alone take 13816000 bytes"));
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit(13'816'000)), IsOk());
}

TEST(MakeTrainerTest, TestSetsAreInTheOrderOfTheirNames) {
  v1::TrainLease lease = D8Lease(10);
  v1::RunSpec& spec = *lease.mutable_spec();
  for (const std::string name : {"zeta", "alpha", "mid"}) {
    (*spec.mutable_test_sets())[name] = spec.data();
  }
  const auto trainer = MakeTrainer(lease, MemoryLimit());
  ASSERT_THAT(trainer, IsOk());
  std::vector<std::string> names;
  for (const std::string& metric : (*trainer)->metrics()) {
    const size_t slash = metric.find("/error");
    if (slash != std::string::npos) names.push_back(metric.substr(0, slash));
  }
  EXPECT_THAT(names, testing::ElementsAre("train", "alpha", "mid", "zeta"));
}

TEST(MakeTrainerTest, ReadsCsvAndCountsItsRowsBefore) {
  v1::TrainLease lease =
      CsvLease("counts.csv", "y,x\n3,1\n3,2\n5,3\n9,4\n3,5\n");
  v1::Data& data = *lease.mutable_spec()->mutable_data();
  data.mutable_csv()->set_label("y");
  data.mutable_classes()->add_positive(3);
  data.mutable_classes()->add_negative(5);
  EXPECT_EQ(EstimateBytes(lease), 4 * 2 * 8);
  data.mutable_take()->set_first_per_class(2);
  EXPECT_EQ(EstimateBytes(lease), 3 * 2 * 8);
  EXPECT_THAT(Try(lease), IsOk());
}

v1::TrainLease NpyLease(const std::string& features,
                        const std::string& labels) {
  v1::TrainLease lease = D8Lease(10);
  v1::NpyData& npy = *lease.mutable_spec()->mutable_data()->mutable_npy();
  npy.mutable_features()->set_dataset(
      AddFile(lease, WriteFile("x.npy", features), v1::DATASET_FORM_NPY));
  npy.mutable_labels()->set_dataset(
      AddFile(lease, WriteFile("y.npy", labels), v1::DATASET_FORM_NPY));
  return lease;
}

TEST(MakeTrainerTest, ReadsNpyAndCountsItsRowsBefore) {
  const std::string features = training::Npy("|u1", "4, 1, 2", "abcdefgh");
  const std::string labels = training::Npy("|i1", "4,", "\1\xff\1\1");
  v1::TrainLease lease = NpyLease(features, labels);
  EXPECT_EQ(EstimateBytes(lease), 4 * 3 * 8);
  const auto trainer = MakeTrainer(lease, MemoryLimit());
  ASSERT_THAT(trainer, IsOk());
  // Four rows, three of them weighted by ten.
  EXPECT_DOUBLE_EQ(FirstValue(**trainer, "weights/effective_sample_size"),
                   31.0 * 31 / 301);
  lease.mutable_spec()->mutable_data()->mutable_take()->set_first_per_class(2);
  EXPECT_EQ(EstimateBytes(lease), 3 * 3 * 8);
  EXPECT_THAT(Try(NpyLease(features, features)),
              StatusIs(kDataset, "data.npy: labels: want one dimension"));
  EXPECT_THAT(Try(NpyLease(features.substr(0, features.size() - 1), labels)),
              StatusIs(kDataset, "data.npy: features: offset "));
}

TEST(MakeTrainerTest, ReadsCifarAndCountsItsRowsBefore) {
  v1::TrainLease lease = D8Lease(10);
  v1::Data& data = *lease.mutable_spec()->mutable_data();
  v1::CifarData& cifar = *data.mutable_cifar();
  cifar.set_label(v1::CIFAR_LABEL_FINE);
  for (const std::string labels : {"\1\2\1", "\2\3"}) {
    std::string file;
    for (const char label : labels) file += label + std::string(3072, 'x');
    cifar.add_batches()->set_dataset(
        AddFile(lease, WriteFile(absl::StrCat(labels.size(), "_batch"), file),
                v1::DATASET_FORM_CIFAR));
  }
  data.mutable_classes()->add_positive(1);
  data.mutable_classes()->add_negative(2);
  EXPECT_EQ(EstimateBytes(lease), 4 * 3073 * 8);
  EXPECT_THAT(Try(lease), IsOk());
  data.mutable_take()->set_first_per_class(1);
  EXPECT_EQ(EstimateBytes(lease), 2 * 3073 * 8);
  cifar.set_label(v1::CIFAR_LABEL_COARSE);
  EXPECT_THAT(Try(lease),
              StatusIs(kDataset, "data.cifar: batches[0]: want CIFAR-100"));
}

TEST(MakeTrainerTest, ADatasetThatDoesNotServeIsNoFaultOfTheSpec) {
  EXPECT_THAT(Try(CsvLease("text.csv", "x,y\nabc,1\n")),
              StatusIs(kDataset,
                       "data.csv: row 1 (line 2), column 0 (\"x\"): want a "
                       "number, got \"abc\""));
  EXPECT_THAT(Try(CsvLease("zeros.csv", "x,y\n1,1\n1,0\n")),
              StatusIs(kDataset,
                       "data.csv: row 2, column 1 (\"y\"): want -1 or "
                       "+1 as label, got 0"));
  v1::TrainLease lease = CsvLease("wide.csv", "a,b,c,y\n1,2,3,1\n");
  v1::RunSpec& spec = *lease.mutable_spec();
  (*spec.mutable_test_sets())["test"] = spec.data();
  *spec.mutable_data() = D8Lease(1).spec().data();
  EXPECT_THAT(
      Try(lease),
      StatusIs(kDataset, "test_sets.test: want 2 features as in data, got 3"));
}

TEST(MakeTrainerTest, AFileThatIsNotThereIsOurs) {
  v1::TrainLease lease = CsvLease("gone.csv", "x,y\n1,1\n");
  lease.mutable_files(0)->set_path("/nonexistent");
  EXPECT_EQ(FailureReasonOf(Try(lease)), v1::FAILURE_REASON_INTERNAL);
  lease.clear_files();
  EXPECT_EQ(FailureReasonOf(Try(lease)), v1::FAILURE_REASON_INTERNAL);
}

struct BadSpec {
  std::string want;  // of the message
  std::function<void(v1::RunSpec&)> change;
};

// What is refused: bad_specs_test.  Here, how it is said; and numbers that the
// table leaves out.
std::vector<BadSpec> BadSpecs() {
  return {
      {"data: want a source of rows, got nothing",
       [](auto& s) { s.clear_data(); }},
      {"loss: want one of exponential, logistic, squared, "
       "softmax_cross_entropy, poly_tailed, hinge, squared_hinge, focal, ldam, "
       "logit_adjusted, cdt, vs, pairwise_margin, got nothing",
       [](auto& s) { s.clear_loss(); }},
      {"normalization: want none, mean_one, sum_one or min_one, got number 77",
       [](auto& s) {
         s.set_normalization(static_cast<v1::Normalization>(77));
       }},
      {"precision: want double or single, got number 0",
       [](auto& s) { s.clear_precision(); }},
      {"data.csv: dataset: want sha256/HEX, got nothing",
       [](auto& s) { s.mutable_data()->mutable_csv(); }},
      {"data.inline.features[3][1]: want a finite value, got inf",
       [](auto& s) {
         s.mutable_data()->mutable_inline_()->mutable_features(3)->set_values(
             1, kInfinity);
       }},
      {"evaluate.every.steps: want at most 1000000 samples, got 1000001",
       [](auto& s) {
         s.mutable_stop()->set_steps(1'000'000);
         s.mutable_evaluate()->mutable_every()->set_steps(1);
       }},
      {"test_sets: want names of 1 to 63 of [a-z0-9-_]",
       [](auto& s) { (*s.mutable_test_sets())["margin"] = s.data(); }},
  };
}

TEST(MakeTrainerTest, NamesTheFieldTheValueAndTheCure) {
  for (const BadSpec& bad : BadSpecs()) {
    v1::TrainLease lease = D8Lease(100);
    bad.change(*lease.mutable_spec());
    EXPECT_THAT(Try(lease), StatusIs(kSpec, bad.want));
  }
}

// The server's check takes them too: SpecCheckTest.TheLimitsOfNumbersAreWithin.
TEST(MakeTrainerTest, TakesWeightsWhoseSumIsNoDouble) {
  v1::TrainLease lease = D8Lease(100);
  v1::RunSpec& spec = *lease.mutable_spec();
  for (int i = 0; i < 8; ++i) {
    spec.mutable_weighting()->mutable_per_example()->add_weights(1e308);
  }
  const auto trainer = MakeTrainer(lease, MemoryLimit());
  ASSERT_THAT(trainer, IsOk());
  EXPECT_EQ(FirstValue(**trainer, "weights/effective_sample_size"), 8);
  spec.mutable_weighting()->mutable_per_class()->set_ratio(1.7e308);
  EXPECT_THAT(Try(lease), IsOk());
}

// 0, 1, ..., 999,998 and 999,999: as many samples as the limit.
TEST(MakeTrainerTest, TakesAsManySamplesAsTheLimitAndNotOneMore) {
  v1::TrainLease lease = D8Lease(999'999);
  v1::Evaluate& evaluate = *lease.mutable_spec()->mutable_evaluate();
  evaluate.mutable_every()->set_steps(1);
  EXPECT_THAT(Try(lease), IsOk());
  evaluate.mutable_at();
  for (uint64_t step = 1; step < 999'999; ++step) {
    evaluate.mutable_at()->add_steps(step);
  }
  EXPECT_THAT(Try(lease), IsOk());
  lease.mutable_spec()->mutable_stop()->set_steps(1'000'000);
  EXPECT_THAT(Try(lease), IsOk());
  evaluate.mutable_at()->add_steps(999'999);
  EXPECT_THAT(Try(lease), StatusIs(kSpec, "samples, step 0 and the last"));
}

}  // namespace
}  // namespace steelyard::worker
