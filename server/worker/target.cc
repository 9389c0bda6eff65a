#include "server/worker/target.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "server/worker/read_files.h"
#include "server/worker/shift_classifier.h"
#include "support/status_macros.h"
#include "training/shift/label_shift.h"

namespace steelyard::worker {
namespace {

using training::LabelValues;
using training::Rows;
using training::StopCheck;
using training::Target;
using training::TestSet;
using Values = std::vector<double>;

constexpr char kShares[] = "target.class_prior.shares";
constexpr char kLabelShift[] = "weighting.label_shift";

// Rows of each class, [K]; weights: empty, or one for each row.
Values CountClasses(const Rows& rows, const TrainingRows& like,
                    const Values& weights) {
  Values counts(static_cast<size_t>(like.classes), 0);
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    counts[ClassOf(like.labels, rows.labels[i])] +=
        weights.empty() ? 1 : weights[i];
  }
  return counts;
}

bool AreFinite(const Values& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

double Sum(const Values& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

absl::Status CheckShares(const v1::ClassPrior& prior,
                         const TrainingRows& rows) {
  constexpr double kSlack = 1e-9;
  const auto& shares = prior.shares();
  if (rows.labels == LabelValues::kNumbers) {
    return Wrong(
        "target.class_prior: want labels that are classes, got "
        "numbers");
  }
  if (shares.size() != rows.classes) {
    return Wrong(kShares, ": want ", rows.classes,
                 " values, one for each class, got ", shares.size());
  }
  const Values counts = CountClasses(rows.train, rows, {});
  double sum = 0;
  for (int k = 0; k < shares.size(); ++k) {
    const std::string path = absl::StrCat(kShares, "[", k, "]");
    STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero(path, shares[k]));
    sum += shares[k];
    if (shares[k] == 0 || counts[static_cast<size_t>(k)] > 0) continue;
    return Wrong(path, ": want 0 for a class of no training row, got ",
                 shares[k]);
  }
  if (std::abs(sum - 1) <= kSlack) return absl::OkStatus();
  return Wrong(kShares, ": want a sum of 1, got ", sum);
}

absl::StatusOr<Shift> KnownPrior(const v1::RunSpec& spec,
                                 const TrainingRows& rows) {
  const v1::ClassPrior& prior = spec.target().class_prior();
  STEELYARD_RETURN_IF_ERROR(CheckShares(prior, rows));
  Shift shift;
  shift.priors = {prior.shares().begin(), prior.shares().end()};
  return shift;
}

absl::Status CheckLabelShift(const v1::RunSpec& spec,
                             const TrainingRows& rows) {
  const v1::LabelShiftWeighting& shift = spec.weighting().label_shift();
  if (!spec.target().has_data()) {
    return Wrong(kLabelShift,
                 ": want target.data, the rows whose classes' "
                 "shares are estimated, got none");
  }
  if (rows.labels == LabelValues::kNumbers) {
    return Wrong(kLabelShift, ": want labels that are classes, got numbers");
  }
  if (shift.method_case() == v1::LabelShiftWeighting::METHOD_NOT_SET) {
    return Wrong(kLabelShift, ": want bbse or em, got nothing");
  }
  if (!(shift.inverse_penalty() >= 1e-10 && shift.inverse_penalty() <= 1e10)) {
    return Wrong(kLabelShift,
                 ".inverse_penalty: want a value of 1e-10 to "
                 "1e+10, got ",
                 shift.inverse_penalty());
  }
  if (shift.parts() >= 2 && shift.parts() <= 100) return absl::OkStatus();
  return Wrong(kLabelShift, ".parts: want 2 to 100, got ", shift.parts());
}

absl::StatusOr<training::LabelShift> EstimatePriors(
    const v1::LabelShiftWeighting& message, const TrainingRows& rows,
    const Rows& target, StopCheck* stop) {
  Rows source = rows.train;
  for (double& label : source.labels) {
    label = static_cast<double>(ClassOf(rows.labels, label));
  }
  STEELYARD_ASSIGN_OR_RETURN(
      const ShiftPredictions said,
      PredictShift(source, target,
                   {.classes = rows.classes,
                    .inverse_penalty = message.inverse_penalty(),
                    .parts = static_cast<int64_t>(message.parts()),
                    .seed = message.seed(),
                    .stop = stop}));
  return message.has_bbse()
             ? training::ShiftByConfusion(said.confusion, said.predicted)
             : training::ShiftByPosteriors(said.posteriors, said.class_rows,
                                           stop);
}

absl::StatusOr<Shift> EstimatedPrior(const v1::RunSpec& spec,
                                     const TrainingRows& rows,
                                     const Rows* target, StopCheck* stop) {
  STEELYARD_RETURN_IF_ERROR(CheckLabelShift(spec, rows));
  const v1::LabelShiftWeighting& message = spec.weighting().label_shift();
  absl::StatusOr<training::LabelShift> found =
      EstimatePriors(message, rows, *target, stop);
  if (absl::IsCancelled(found.status())) return found.status();
  if (found.ok()) {
    return Shift{.ratio = std::nullopt,
                 .priors = std::move(found->priors),
                 .class_weights = std::move(found->weights)};
  }
  const bool stored = IsStored(spec.data()) || IsStored(spec.target().data());
  const std::string text =
      absl::StrCat(kLabelShift, ".", message.has_bbse() ? "bbse" : "em", ": ",
                   found.status().message());
  return stored ? absl::FailedPreconditionError(text)
                : absl::InvalidArgumentError(text);
}

// p_t(k) n / n_k of each row of a set in which class k has n_k of n rows: their
// mean of a loss is that of the target.  Empty where a class is missing.
Values PriorWeights(const Values& priors, const Rows& rows,
                    const TrainingRows& like) {
  const Values counts = CountClasses(rows, like, {});
  for (size_t k = 0; k < priors.size(); ++k) {
    if (priors[k] > 0 && counts[k] == 0) return {};
  }
  Values weights;
  for (const double label : rows.labels) {
    const size_t k = ClassOf(like.labels, label);
    weights.push_back(priors[k] * static_cast<double>(rows.rows) / counts[k]);
  }
  return weights;
}

// Sets what makes the prior of the weighted rows the target's, or why nothing
// does: a class has no share.
void SetAdjustments(const Values& priors, const TrainingRows& rows,
                    const Values& weights, Target& target) {
  const Values shares = CountClasses(rows.train, rows, weights);
  const double sum = Sum(shares);
  Values adjustments;
  for (size_t k = 0; k < priors.size(); ++k) {
    if (!(priors[k] > 0 && shares[k] > 0)) {
      const bool signs = rows.labels == LabelValues::kSigns;
      const std::string name = signs ? (k == 0 ? "-1" : "+1") : absl::StrCat(k);
      target.adjustment_reason =
          priors[k] > 0
              ? absl::StrCat("the training rows of class ", name,
                             " have no weight")
              : absl::StrCat("the target has no share of class ", name);
      return;
    }
    adjustments.push_back(std::log(priors[k]) - std::log(shares[k] / sum));
  }
  target.adjustments = std::move(adjustments);
}

Target WithPriors(const TrainingRows& rows, const Shift& shift,
                  const Values& weights, std::vector<TestSet>& tests) {
  Target target = {.weights = PriorWeights(shift.priors, rows.train, rows),
                   .train_reason = {},
                   .test_reason = "a class of the target has no row in it",
                   .divergence = training::DivergenceOfShares(
                       CountClasses(rows.train, rows, {}), shift.priors),
                   .divergence_reason = {},
                   .adjustments = {},
                   .adjustment_reason = {}};
  SetAdjustments(shift.priors, rows, weights, target);
  for (TestSet& test : tests) {
    if (test.name == training::kTargetSet) continue;
    test.target_weights = PriorWeights(shift.priors, test.rows, rows);
  }
  return target;
}

absl::StatusOr<Target> WithRatio(const DensityRatio& ratio,
                                 std::vector<TestSet>& tests) {
  Target target = {
      .weights = ratio.train,
      .train_reason = {},
      .test_reason = "the estimator weighs the training rows alone",
      .divergence = ratio.divergence,
      .divergence_reason = {},
      .adjustments = {},
      .adjustment_reason = {}};
  if (!target.divergence) {
    STEELYARD_ASSIGN_OR_RETURN(target.divergence,
                               training::DivergenceOfWeights(ratio.train));
  }
  if (ratio.of == nullptr) return target;
  target.test_reason = "a row's ratio to the target is above all doubles";
  for (TestSet& test : tests) {
    if (test.name == training::kTargetSet) continue;
    STEELYARD_ASSIGN_OR_RETURN(Values weights, ratio.of(test.rows));
    if (AreFinite(weights)) test.target_weights = std::move(weights);
  }
  return target;
}

}  // namespace

const TestSet* FindTarget(const std::vector<TestSet>& tests) {
  const auto found = std::find_if(
      tests.begin(), tests.end(),
      [](const TestSet& test) { return test.name == training::kTargetSet; });
  return found == tests.end() ? nullptr : &*found;
}

absl::StatusOr<Shift> FindShift(const v1::RunSpec& spec,
                                const TrainingRows& rows, const Rows* target,
                                StopCheck* stop) {
  if (spec.has_target() &&
      spec.target().kind_case() == v1::Target::KIND_NOT_SET) {
    return Wrong("target: want data or class_prior, got nothing");
  }
  Shift shift;
  if (spec.weighting().has_density_ratio()) {
    STEELYARD_RETURN_IF_ERROR(CheckDensityRatio(spec));
    STEELYARD_ASSIGN_OR_RETURN(shift.ratio,
                               EstimateRatio(spec, rows.train, *target, stop));
    return shift;
  }
  if (spec.weighting().has_label_shift()) {
    return EstimatedPrior(spec, rows, target, stop);
  }
  if (spec.target().has_class_prior()) return KnownPrior(spec, rows);
  if (!HasExactRatio(spec)) return shift;
  absl::StatusOr<DensityRatio> exact = ExactRatioOf(spec, rows.train, stop);
  STEELYARD_RETURN_IF_ERROR(training::StatusOf(stop));
  // Nobody asked for it: without one there are fewer metrics.
  if (exact.ok() && AreFinite(exact->train)) shift.ratio = *std::move(exact);
  return shift;
}

absl::StatusOr<std::optional<Target>> MakeTarget(const v1::RunSpec& spec,
                                                 const TrainingRows& rows,
                                                 const Shift& shift,
                                                 const Values& weights,
                                                 std::vector<TestSet>& tests) {
  if (!spec.has_target()) return std::nullopt;
  if (!shift.priors.empty()) return WithPriors(rows, shift, weights, tests);
  if (shift.ratio) return WithRatio(*shift.ratio, tests);
  const std::string reason =
      "the ratio of the densities is neither known nor estimated";
  return Target{.weights = {},
                .train_reason = reason,
                .test_reason = reason,
                .divergence = std::nullopt,
                .divergence_reason = reason,
                .adjustments = {},
                .adjustment_reason = {}};
}

}  // namespace steelyard::worker
