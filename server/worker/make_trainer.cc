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
#include "server/worker/read_data.h"
#include "server/worker/test_sets.h"
#include "server/worker/training_rows.h"
#include "support/status_macros.h"

namespace steelyard::worker {
namespace {

using training::LinearProblem;

constexpr int64_t kMaxSteps = std::numeric_limits<int64_t>::max();
constexpr int64_t kMaxSamples = 1'000'000;
constexpr int64_t kMaxWallTimeS = 315'576'000;  // ten years of 365.25 days

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

absl::Status CheckAtLeastZero(absl::string_view field, double value) {
  if (std::isfinite(value) && value >= 0) return absl::OkStatus();
  return Wrong(field, ": want a finite value >= 0, got ", value);
}

absl::Status SetModel(const v1::Model& model, LinearProblem& problem) {
  switch (model.kind_case()) {
    case v1::Model::kLinear:
      problem.bias = !model.linear().has_bias() || model.linear().bias();
      return absl::OkStatus();
    case v1::Model::KIND_NOT_SET:
      break;
  }
  return Wrong("model: want linear, got nothing");
}

absl::Status SetLoss(const v1::Loss& loss, LinearProblem& problem) {
  switch (loss.kind_case()) {
    case v1::Loss::kExponential:
      problem.loss = training::Loss::kExponential;
      return absl::OkStatus();
    case v1::Loss::kLogistic:
      problem.loss = training::Loss::kLogistic;
      return absl::OkStatus();
    case v1::Loss::KIND_NOT_SET:
      break;
  }
  return Wrong("loss: want exponential or logistic, got nothing");
}

absl::Status SetNormalization(v1::Normalization normalization,
                              LinearProblem& problem) {
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
                            LinearProblem& problem) {
  switch (regularizer.kind_case()) {
    case v1::Regularizer::kL2:
      problem.l2_strength = regularizer.l2().strength();
      return CheckAtLeastZero("regularizer.l2.strength", problem.l2_strength);
    case v1::Regularizer::KIND_NOT_SET:
      break;
  }
  return Wrong("regularizer: want l2, got nothing");
}

absl::Status SetOptimizer(const v1::Optimizer& optimizer,
                          LinearProblem& problem) {
  switch (optimizer.kind_case()) {
    case v1::Optimizer::kGradientDescent:
      problem.learning_rate = optimizer.gradient_descent().learning_rate();
      if (std::isfinite(problem.learning_rate) && problem.learning_rate > 0) {
        return absl::OkStatus();
      }
      return Wrong(
          "optimizer.gradient_descent.learning_rate: want a finite value > 0, "
          "got ",
          problem.learning_rate);
    case v1::Optimizer::KIND_NOT_SET:
      break;
  }
  return Wrong("optimizer: want gradient_descent, got nothing");
}

absl::Status CheckInitial(const v1::Initial& initial) {
  switch (initial.kind_case()) {
    case v1::Initial::kZeros:
      return absl::OkStatus();
    case v1::Initial::KIND_NOT_SET:
      break;
  }
  return Wrong("initial: want zeros, got nothing");
}

absl::Status CheckPrecision(v1::Precision precision) {
  if (precision == v1::PRECISION_DOUBLE) return absl::OkStatus();
  return Wrong("precision: want double, got number ",
               static_cast<int>(precision));
}

absl::Status CheckWallTime(const google::protobuf::Duration& wall_time) {
  const int64_t seconds = wall_time.seconds();
  const int32_t nanos = wall_time.nanos();
  const bool whole = seconds >= 0 && nanos >= 0 && nanos < 1'000'000'000;
  const bool some = seconds > 0 || nanos > 0;
  const bool most =
      seconds > kMaxWallTimeS || (seconds == kMaxWallTimeS && nanos > 0);
  if (whole && some && !most) return absl::OkStatus();
  return Wrong("stop.wall_time: want more than 0s and at most ", kMaxWallTimeS,
               "s, got ", seconds, "s and ", nanos, "ns");
}

absl::Status SetStop(const v1::Stop& stop, LinearProblem& problem) {
  if (stop.has_wall_time()) {
    STEELYARD_RETURN_IF_ERROR(CheckWallTime(stop.wall_time()));
  }
  switch (stop.limit_case()) {
    case v1::Stop::kSteps:
      if (stop.steps() == 0 || stop.steps() > uint64_t{kMaxSteps}) {
        return Wrong("stop.steps: want 1 to ", kMaxSteps, ", got ",
                     stop.steps());
      }
      problem.steps = static_cast<int64_t>(stop.steps());
      return absl::OkStatus();
    case v1::Stop::LIMIT_NOT_SET:
      break;
  }
  return Wrong("stop: want steps, got nothing");
}

absl::Status SetEvery(const v1::EverySchedule& every, LinearProblem& problem) {
  if (every.steps() == 0) {
    return Wrong("evaluate.every.steps: want at least 1, got 0");
  }
  const auto last = static_cast<uint64_t>(problem.steps);
  // Step 0 and the last come to the whole multiples between them.
  const uint64_t samples = (last - 1) / every.steps() + 2;
  if (samples > uint64_t{kMaxSamples}) {
    return Wrong("evaluate.every.steps: want at most ", kMaxSamples,
                 " samples, got ", samples);
  }
  problem.schedule = training::EverySchedule{
      static_cast<int64_t>(std::min(every.steps(), last))};
  return absl::OkStatus();
}

absl::Status SetAt(const v1::AtSchedule& at, LinearProblem& problem) {
  if (at.steps().empty() || at.steps_size() > kMaxSamples) {
    return Wrong("evaluate.at.steps: want 1 to ", kMaxSamples, " steps, got ",
                 at.steps_size());
  }
  const auto last = static_cast<uint64_t>(problem.steps);
  std::vector<int64_t> steps;
  steps.reserve(static_cast<size_t>(at.steps_size()));
  for (int i = 0; i < at.steps_size(); ++i) {
    if (at.steps(i) > last) {
      return Wrong("evaluate.at.steps[", i, "]: want at most stop.steps, ",
                   last, ", got ", at.steps(i));
    }
    steps.push_back(static_cast<int64_t>(at.steps(i)));
  }
  std::set<int64_t> samples(steps.begin(), steps.end());
  samples.insert({0, problem.steps});
  if (std::ssize(samples) > kMaxSamples) {
    return Wrong("evaluate.at.steps: want at most ", kMaxSamples,
                 " samples, step 0 and the last among them, got ",
                 samples.size());
  }
  problem.schedule = training::AtSchedule{std::move(steps)};
  return absl::OkStatus();
}

// Comes after SetStop.
absl::Status SetSchedule(const v1::Evaluate& evaluate, LinearProblem& problem) {
  switch (evaluate.schedule_case()) {
    case v1::Evaluate::kLog: {
      const uint32_t points = evaluate.log().points_per_decade();
      if (points < 1 || points > 100) {
        return Wrong("evaluate.log.points_per_decade: want 1 to 100, got ",
                     points);
      }
      problem.schedule =
          training::LogSchedule{.points_per_decade = static_cast<int>(points)};
      return absl::OkStatus();
    }
    case v1::Evaluate::kEvery:
      return SetEvery(evaluate.every(), problem);
    case v1::Evaluate::kAt:
      return SetAt(evaluate.at(), problem);
    case v1::Evaluate::SCHEDULE_NOT_SET:
      break;
  }
  return Wrong("evaluate: want log, every or at, got nothing");
}

// Comes after the training rows were read.
absl::Status SetWeights(const v1::Weighting& weighting,
                        LinearProblem& problem) {
  const training::Rows& rows = problem.train;
  switch (weighting.kind_case()) {
    case v1::Weighting::kUniform:
      return absl::OkStatus();
    case v1::Weighting::kPerClass: {
      if (!weighting.per_class().has_ratio()) {
        return Wrong("weighting.per_class.ratio: want a value, got nothing");
      }
      const double ratio = weighting.per_class().ratio();
      STEELYARD_RETURN_IF_ERROR(
          CheckAtLeastZero("weighting.per_class.ratio", ratio));
      for (const double label : rows.labels) {
        problem.weights.push_back(label > 0 ? ratio : 1);
      }
      return absl::OkStatus();
    }
    case v1::Weighting::kPerExample: {
      const auto& weights = weighting.per_example().weights();
      if (weights.size() != rows.rows) {
        return Wrong("weighting.per_example.weights: want ", rows.rows,
                     " values, one for each row, got ", weights.size());
      }
      for (int i = 0; i < weights.size(); ++i) {
        STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero(
            absl::StrCat("weighting.per_example.weights[", i, "]"),
            weights[i]));
      }
      problem.weights.assign(weights.begin(), weights.end());
      return absl::OkStatus();
    }
    case v1::Weighting::KIND_NOT_SET:
      break;
  }
  return Wrong(
      "weighting: want uniform, per_class or per_example, got nothing");
}

// All that can be said before a file is read.
absl::StatusOr<LinearProblem> MakeProblem(const v1::RunSpec& spec) {
  LinearProblem problem;
  STEELYARD_RETURN_IF_ERROR(SetModel(spec.model(), problem));
  STEELYARD_RETURN_IF_ERROR(SetLoss(spec.loss(), problem));
  STEELYARD_RETURN_IF_ERROR(SetNormalization(spec.normalization(), problem));
  STEELYARD_RETURN_IF_ERROR(SetRegularizer(spec.regularizer(), problem));
  STEELYARD_RETURN_IF_ERROR(SetOptimizer(spec.optimizer(), problem));
  STEELYARD_RETURN_IF_ERROR(CheckInitial(spec.initial()));
  STEELYARD_RETURN_IF_ERROR(SetStop(spec.stop(), problem));
  STEELYARD_RETURN_IF_ERROR(SetSchedule(spec.evaluate(), problem));
  STEELYARD_RETURN_IF_ERROR(CheckPrecision(spec.precision()));
  return problem;
}

}  // namespace

absl::StatusOr<std::unique_ptr<training::Trainer>> MakeTrainer(
    const v1::TrainLease& lease, const MemoryLimit& memory) {
  const v1::RunSpec& spec = lease.spec();
  const LeasedFiles files(lease);
  STEELYARD_ASSIGN_OR_RETURN(LinearProblem problem, MakeProblem(spec));
  STEELYARD_RETURN_IF_ERROR(memory.Check(EstimateBytes(lease)));
  STEELYARD_ASSIGN_OR_RETURN(TrainingRows rows,
                             ReadTrainingRows(spec.data(), files));
  problem.train = std::move(rows.train);
  STEELYARD_RETURN_IF_ERROR(SetWeights(spec.weighting(), problem));
  STEELYARD_ASSIGN_OR_RETURN(
      problem.tests,
      ReadTestSets(spec, files, problem.train.columns, std::move(rows.test)));
  return training::Trainer::Create(std::move(problem));
}

int64_t EstimateBytes(const v1::TrainLease& lease) {
  const LeasedFiles files(lease);
  int64_t bytes = EstimateRowBytes(lease.spec().data(), files);
  for (const auto& [name, data] : lease.spec().test_sets()) {
    const int64_t more = EstimateTestBytes(lease.spec(), data, files);
    bytes = std::min(bytes, std::numeric_limits<int64_t>::max() - more) + more;
  }
  return bytes;
}

}  // namespace steelyard::worker
