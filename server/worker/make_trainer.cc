#include "server/worker/make_trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/worker/failure.h"
#include "server/worker/make_loss.h"
#include "server/worker/make_network.h"
#include "server/worker/read_data.h"
#include "server/worker/resampled_rows.h"
#include "server/worker/row_weights.h"
#include "server/worker/run_length.h"
#include "server/worker/snapshots.h"
#include "server/worker/target.h"
#include "server/worker/test_sets.h"
#include "server/worker/training_rows.h"
#include "support/status_macros.h"

namespace steelyard::worker {
namespace {

using training::LinearProblem;
using training::NetworkProblem;

absl::Status SetNormalization(v1::Normalization normalization,
                              NetworkProblem& problem) {
  switch (normalization) {
    case v1::NORMALIZATION_NONE:
      problem.normalization = training::Normalization::kNone;
      return absl::OkStatus();
    case v1::NORMALIZATION_MEAN_ONE:
      problem.normalization = training::Normalization::kMeanOne;
      return absl::OkStatus();
    case v1::NORMALIZATION_SUM_ONE:
      problem.normalization = training::Normalization::kSumOne;
      return absl::OkStatus();
    case v1::NORMALIZATION_MIN_ONE:
      problem.normalization = training::Normalization::kMinOne;
      return absl::OkStatus();
    default:
      break;
  }
  return Wrong(
      "normalization: want none, mean_one, sum_one or min_one, got number ",
      static_cast<int>(normalization));
}

absl::Status SetRegularizer(const v1::Regularizer& regularizer,
                            NetworkProblem& problem) {
  training::Penalty& penalty = problem.penalty;
  switch (regularizer.kind_case()) {
    case v1::Regularizer::kL2:
      penalty = {.strength = regularizer.l2().strength()};
      return CheckAtLeastZero("regularizer.l2.strength", penalty.strength);
    case v1::Regularizer::kL1:
      penalty = {.kind = training::Penalty::kAbsolute,
                 .strength = regularizer.l1().strength()};
      return CheckAtLeastZero("regularizer.l1.strength", penalty.strength);
    case v1::Regularizer::kPower:
      penalty = {.kind = training::Penalty::kPower,
                 .strength = regularizer.power().strength(),
                 .exponent = regularizer.power().exponent()};
      if (!std::isfinite(penalty.exponent) || penalty.exponent < 1) {
        return Wrong(
            "regularizer.power.exponent: want a finite value >= 1, got ",
            penalty.exponent);
      }
      return CheckAtLeastZero("regularizer.power.strength", penalty.strength);
    case v1::Regularizer::KIND_NOT_SET:
      break;
  }
  return Wrong("regularizer: want l2, l1 or power, got nothing");
}

absl::StatusOr<training::StepScale> ScaleOf(const v1::Optimizer& optimizer) {
  switch (optimizer.gradient_descent().scaling()) {
    case v1::STEP_SCALING_UNSPECIFIED:
    case v1::STEP_SCALING_NONE:
      return training::StepScale::kNone;
    case v1::STEP_SCALING_LOSS:
      return training::StepScale::kLoss;
    case v1::STEP_SCALING_GRADIENT_NORM:
      return training::StepScale::kGradientNorm;
    case v1::STEP_SCALING_ADAPTIVE:
      return training::StepScale::kAdaptive;
    default:
      break;
  }
  return Wrong(
      "optimizer.gradient_descent.scaling: want none, loss, gradient_norm or "
      "adaptive, got number ",
      static_cast<int>(optimizer.gradient_descent().scaling()));
}

absl::Status SetEarly(const v1::RunSpec& spec, NetworkProblem& problem) {
  if (!spec.stop().has_early()) return absl::OkStatus();
  const v1::EarlyStopping& early = spec.stop().early();
  constexpr uint64_t kMostPatience = 1'000'000;
  if (early.patience() < 1 || early.patience() > kMostPatience) {
    return Wrong("stop.early.patience: want 1 to ", kMostPatience, ", got ",
                 early.patience());
  }
  const std::vector<std::string> words = absl::StrSplit(early.metric(), '/');
  if (words.size() != 2 ||
      (words[1] != "loss" && words[1] != "log_loss" && words[1] != "error")) {
    return Wrong(
        "stop.early.metric: want NAME/loss, NAME/log_loss or "
        "NAME/error, got \"",
        early.metric(), "\"");
  }
  problem.early = training::EarlyStopping{
      .metric = early.metric(),
      .patience = static_cast<int64_t>(early.patience()),
      .min_delta = early.min_delta()};
  return absl::OkStatus();
}

absl::Status CheckThresholds(const std::vector<double>& thresholds) {
  constexpr size_t kMostThresholds = 100;
  const std::set<double> different(thresholds.begin(), thresholds.end());
  const bool finite =
      std::all_of(thresholds.begin(), thresholds.end(),
                  [](double value) { return std::isfinite(value); });
  if (finite && different.size() == thresholds.size() &&
      thresholds.size() <= kMostThresholds) {
    return absl::OkStatus();
  }
  return Wrong("evaluate.weighted_below: want at most ", kMostThresholds,
               " finite values, each once");
}

// All that can be said before a file is read.
absl::StatusOr<NetworkProblem> MakeProblem(const v1::RunSpec& spec) {
  STEELYARD_ASSIGN_OR_RETURN(NetworkProblem problem, MakeNetwork(spec));
  STEELYARD_RETURN_IF_ERROR(SetNormalization(spec.normalization(), problem));
  STEELYARD_RETURN_IF_ERROR(SetRegularizer(spec.regularizer(), problem));
  if (spec.weighting().has_schedule()) {
    STEELYARD_ASSIGN_OR_RETURN(problem.weight_schedule,
                               WeightScheduleOf(spec.weighting().schedule()));
  }
  problem.weighted_below.assign(spec.evaluate().weighted_below().begin(),
                                spec.evaluate().weighted_below().end());
  STEELYARD_RETURN_IF_ERROR(CheckThresholds(problem.weighted_below));
  STEELYARD_RETURN_IF_ERROR(CheckStop(spec.stop()));
  STEELYARD_RETURN_IF_ERROR(SetEarly(spec, problem));
  // Of epochs the rows say how many steps they have.
  STEELYARD_ASSIGN_OR_RETURN(const int64_t steps, StepsOf(spec.stop(), 1));
  if (!spec.stop().has_epochs()) {
    STEELYARD_RETURN_IF_ERROR(ScheduleOf(spec.evaluate(), steps).status());
  } else if (!spec.evaluate().has_at()) {
    STEELYARD_RETURN_IF_ERROR(ScheduleOf(spec.evaluate(), 1).status());
  }
  return problem;
}

// What weighting and target say of the rows; the tests are there.
absl::Status SetWeights(const v1::RunSpec& spec, const TrainingRows& rows,
                        training::StopCheck* stop, NetworkProblem& problem) {
  const training::TestSet* target = FindTarget(problem.tests);
  STEELYARD_ASSIGN_OR_RETURN(
      const Shift shift,
      FindShift(spec, rows, target == nullptr ? nullptr : &target->rows, stop));
  STEELYARD_ASSIGN_OR_RETURN(problem.weights, RowWeightsOf(spec, rows, shift));
  STEELYARD_ASSIGN_OR_RETURN(
      problem.target,
      MakeTarget(spec, rows, shift, problem.weights, problem.tests));
  return absl::OkStatus();
}

// What the rows' classes say of outputs and loss.
absl::Status SetClasses(const v1::Loss& loss, const TrainingRows& rows,
                        NetworkProblem& problem) {
  STEELYARD_ASSIGN_OR_RETURN(problem.loss.margins,
                             MarginsOf(loss, rows, problem.weights));
  if (rows.labels != training::LabelValues::kClasses) return absl::OkStatus();
  problem.architecture.outputs = rows.classes;
  if (problem.loss.kind == training::Loss::kLogistic) {
    problem.loss.kind = training::Loss::kSoftmaxCrossEntropy;
  }
  return absl::OkStatus();
}

absl::Status CheckTestClasses(const v1::RunSpec& spec, const TrainingRows& rows,
                              const std::vector<training::TestSet>& tests) {
  if (rows.labels != training::LabelValues::kClasses) return absl::OkStatus();
  const auto classes = static_cast<double>(rows.classes);
  for (const training::TestSet& test : tests) {
    for (const double label : test.rows.labels) {
      if (label < classes) continue;
      const std::string message =
          absl::StrCat(SetPath(test.name),
                       ": want labels that training rows may have, below ",
                       classes, ", got ", label);
      const v1::Data* set = FindSet(spec, test.name);
      return set != nullptr && IsStored(*set)
                 ? absl::FailedPreconditionError(message)
                 : absl::InvalidArgumentError(message);
    }
  }
  return absl::OkStatus();
}

int64_t CountGroups(const training::Rows& rows) {
  const std::vector<int32_t>& numbers = rows.groups.numbers;
  return std::ssize(std::set<int32_t>(numbers.begin(), numbers.end()));
}

// Over all sets, each group in every set that has it; rows of weight 0 count.
absl::Status CheckGroups(const NetworkProblem& problem) {
  constexpr int64_t kMostGroups = 1'000;
  int64_t groups = CountGroups(problem.train);
  for (const training::TestSet& test : problem.tests) {
    groups += CountGroups(test.rows);
  }
  if (groups <= kMostGroups) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "want at most ", kMostGroups, " groups over all sets, got ", groups));
}

// How many there are the data say: groups and classes are theirs.
absl::Status CheckMetrics(const training::Trainer& trainer) {
  constexpr size_t kMostMetrics = 10'000;
  if (trainer.metrics().size() <= kMostMetrics) return absl::OkStatus();
  return Wrong("want at most ", kMostMetrics, " metrics in all, got ",
               trainer.metrics().size(),
               "; use fewer test sets, classes or groups");
}

// The rows that count, those of weight > 0, in batches.
absl::StatusOr<int64_t> CountEpochSteps(const NetworkProblem& problem) {
  const auto counted =
      problem.weights.empty()
          ? problem.train.rows
          : std::count_if(problem.weights.begin(), problem.weights.end(),
                          [](double weight) { return weight > 0; });
  const int64_t size = problem.batches.size;
  if (size == 0) return 1;
  if (size > counted) {
    return Wrong("optimizer: want a batch_size of at most ", counted,
                 ", the training rows of weight > 0, got ", size);
  }
  const bool one_more = problem.batches.keep_last && counted % size != 0;
  return counted / size + (one_more ? 1 : 0);
}

// Whether the kernels for far numbers do: full-batch descent from 0 in double
// precision, on a loss of margins.
bool IsLinearDescent(const v1::RunSpec& spec, training::LabelValues labels) {
  return spec.model().has_linear() && spec.optimizer().has_gradient_descent() &&
         labels == training::LabelValues::kSigns &&
         !spec.loss().has_squared() && spec.initial().has_zeros() &&
         spec.precision() == v1::PRECISION_DOUBLE;
}

LinearProblem ToLinear(NetworkProblem problem, training::StepScale scale) {
  return {
      .train = std::move(problem.train),
      .tests = std::move(problem.tests),
      .bias = problem.architecture.biases == training::Biases::kConstantInput,
      .loss = problem.loss,
      .weights = std::move(problem.weights),
      .normalization = problem.normalization,
      .weight_schedule = problem.weight_schedule,
      .penalty = problem.penalty,
      .learning_rate = problem.rate.initial,
      .rate_schedule = std::move(problem.rate.schedule),
      .warm_up_steps = problem.rate.warm_up_steps,
      .scale = scale,
      .steps = problem.steps,
      .schedule = std::move(problem.schedule),
      .early = std::move(problem.early),
      .weighted_below = std::move(problem.weighted_below),
      .target = std::move(problem.target),
      .leap = problem.leap,
      .log10_steps = problem.log10_steps};
}

// Errors: InvalidArgument, naming the field.
absl::Status SetLearned(const v1::RunSpec& spec, LinearProblem& problem) {
  const v1::Weighting& weighting = spec.weighting();
  if (!weighting.has_learned()) return absl::OkStatus();
  const v1::LearnedWeighting& learned = weighting.learned();
  if (weighting.relative() > 0 ||
      (weighting.has_power() && weighting.power() != 1) ||
      weighting.has_clip() || weighting.has_dual_path() ||
      spec.has_resampling() || spec.has_target()) {
    return Wrong(
        "weighting.learned: want it without relative, power, clip, dual_path, "
        "resampling and target");
  }
  problem.learned = training::LearnedWeights{
      .bound = learned.bound(),
      .learning_rate = learned.learning_rate(),
      .maximize = learned.goal() == v1::LEARNING_GOAL_MAXIMIZE};
  if (v1::LearningGoal_IsValid(learned.goal())) return absl::OkStatus();
  return Wrong("weighting.learned.goal: want minimize or maximize, got number ",
               static_cast<int>(learned.goal()));
}

// Errors: InvalidArgument, naming the field.
absl::Status SetLeap(const v1::RunSpec& spec, NetworkProblem& problem) {
  const v1::GradientDescent& descent = spec.optimizer().gradient_descent();
  const bool far = IsFar(spec.stop());
  if (far) problem.log10_steps = spec.stop().log10_steps();
  if (descent.has_leap()) {
    problem.leap = training::Leap{.tolerance = descent.leap().tolerance()};
  } else if (far) {
    return Wrong(
        "optimizer.gradient_descent.leap: want it above 2^63 - 1 steps");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<training::Trainer>> CreateTrainer(
    const v1::RunSpec& spec, training::LabelValues labels,
    training::StepScale scale, NetworkProblem problem) {
  const bool descent = IsLinearDescent(spec, labels);
  if (!descent && scale != training::StepScale::kNone) {
    return Wrong(
        "optimizer.gradient_descent.scaling: want none, but of a linear model "
        "in double precision from zeros with a loss of margins");
  }
  if (!descent && spec.weighting().has_learned()) {
    return Wrong(
        "weighting.learned: want it with descent on a linear model in double "
        "precision from zeros with a loss of margins");
  }
  STEELYARD_RETURN_IF_ERROR(SetLeap(spec, problem));
  std::unique_ptr<training::Trainer> trainer;
  if (descent) {
    LinearProblem linear = ToLinear(std::move(problem), scale);
    STEELYARD_RETURN_IF_ERROR(SetLearned(spec, linear));
    STEELYARD_ASSIGN_OR_RETURN(trainer,
                               training::Trainer::Create(std::move(linear)));
  } else {
    STEELYARD_ASSIGN_OR_RETURN(trainer,
                               training::Trainer::Create(std::move(problem)));
  }
  STEELYARD_RETURN_IF_ERROR(CheckMetrics(*trainer));
  return trainer;
}

}  // namespace

absl::StatusOr<std::unique_ptr<training::Trainer>> MakeTrainer(
    const v1::TrainLease& lease, const MemoryLimit& memory,
    training::StopCondition stop) {
  const v1::RunSpec& spec = lease.spec();
  const LeasedFiles files(lease);
  STEELYARD_ASSIGN_OR_RETURN(NetworkProblem problem, MakeProblem(spec));
  STEELYARD_ASSIGN_OR_RETURN(const training::StepScale scale,
                             ScaleOf(spec.optimizer()));
  STEELYARD_RETURN_IF_ERROR(memory.Check(EstimateBytes(lease)));
  STEELYARD_ASSIGN_OR_RETURN(TrainingRows rows, ReadTrainingRows(spec, files));
  STEELYARD_ASSIGN_OR_RETURN(
      problem.tests,
      ReadTestSets(spec, files, rows.train.columns, std::move(rows.test)));
  // Before SetWeights, which counts the rows of each class.
  STEELYARD_RETURN_IF_ERROR(CheckTestClasses(spec, rows, problem.tests));
  training::StopCheck check(std::move(stop));
  STEELYARD_RETURN_IF_ERROR(SetWeights(spec, rows, &check, problem));
  STEELYARD_RETURN_IF_ERROR(Resample(spec, rows, problem.weights));
  STEELYARD_RETURN_IF_ERROR(SetClasses(spec.loss(), rows, problem));
  problem.train = std::move(rows.train);
  problem.numbers = rows.labels == training::LabelValues::kNumbers;
  STEELYARD_RETURN_IF_ERROR(CheckGroups(problem));
  STEELYARD_ASSIGN_OR_RETURN(const int64_t epoch_steps,
                             CountEpochSteps(problem));
  STEELYARD_ASSIGN_OR_RETURN(problem.steps, StepsOf(spec.stop(), epoch_steps));
  STEELYARD_ASSIGN_OR_RETURN(problem.schedule,
                             ScheduleOf(spec.evaluate(), problem.steps));
  STEELYARD_RETURN_IF_ERROR(
      CheckSnapshots(spec, problem.train.columns, problem.steps));
  return CreateTrainer(spec, rows.labels, scale, std::move(problem));
}

int64_t EstimateBytes(const v1::TrainLease& lease) {
  const LeasedFiles files(lease);
  int64_t bytes = EstimateRowBytes(lease.spec(), lease.spec().data(), files);
  for (const auto& [name, data] : lease.spec().test_sets()) {
    const int64_t more = EstimateTestBytes(lease.spec(), data, files);
    bytes = std::min(bytes, std::numeric_limits<int64_t>::max() - more) + more;
  }
  if (lease.spec().target().has_data()) {
    const int64_t more =
        EstimateTestBytes(lease.spec(), lease.spec().target().data(), files);
    bytes = std::min(bytes, std::numeric_limits<int64_t>::max() - more) + more;
  }
  return bytes;
}

}  // namespace steelyard::worker
