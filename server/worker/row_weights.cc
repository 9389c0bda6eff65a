#include "server/worker/row_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/worker/failure.h"
#include "server/worker/read_files.h"
#include "support/status_macros.h"
#include "training/data/resample.h"
#include "training/dual_weights.h"

namespace steelyard::worker {
namespace {

using training::LabelValues;
using Weights = std::vector<double>;

absl::Status WantClasses(absl::string_view field, const TrainingRows& rows) {
  if (rows.labels != LabelValues::kNumbers) return absl::OkStatus();
  return Wrong("weighting.", field,
               ": want labels that are classes, got numbers");
}

// How many rows each class has: [K].
Weights CountRows(const TrainingRows& rows) {
  Weights counts(static_cast<size_t>(rows.classes), 0);
  for (const double label : rows.train.labels)
    ++counts[ClassOf(rows.labels, label)];
  return counts;
}

// One weight for all rows of a class; of_class: [K].
Weights Spread(const TrainingRows& rows, const Weights& of_class) {
  Weights weights;
  weights.reserve(rows.train.labels.size());
  for (const double label : rows.train.labels) {
    weights.push_back(of_class[ClassOf(rows.labels, label)]);
  }
  return weights;
}

absl::StatusOr<Weights> ByClass(const v1::PerClassWeighting& per_class,
                                const TrainingRows& rows) {
  const std::string path = "weighting.per_class.weights";
  STEELYARD_RETURN_IF_ERROR(WantClasses("per_class", rows));
  if (per_class.has_ratio()) {
    return Wrong("weighting.per_class: want ratio or weights, got both");
  }
  const auto& weights = per_class.weights();
  if (weights.size() != rows.classes) {
    return Wrong(path, ": want ", rows.classes,
                 " values, one for each class, got ", weights.size());
  }
  for (int k = 0; k < weights.size(); ++k) {
    STEELYARD_RETURN_IF_ERROR(
        CheckAtLeastZero(absl::StrCat(path, "[", k, "]"), weights[k]));
  }
  return Spread(rows, Weights(weights.begin(), weights.end()));
}

absl::StatusOr<Weights> PerClass(const v1::PerClassWeighting& per_class,
                                 const TrainingRows& rows) {
  if (!per_class.weights().empty()) return ByClass(per_class, rows);
  if (rows.labels != LabelValues::kSigns) {
    return Wrong("weighting.per_class: want labels of +1 and -1, got others");
  }
  if (!per_class.has_ratio()) {
    return Wrong(
        "weighting.per_class.ratio: want a value, or weights, got nothing");
  }
  const double ratio = per_class.ratio();
  STEELYARD_RETURN_IF_ERROR(
      CheckAtLeastZero("weighting.per_class.ratio", ratio));
  return Spread(rows, {1, ratio});
}

absl::StatusOr<Weights> PerExample(const v1::PerExampleWeighting& per_example,
                                   const TrainingRows& rows) {
  const auto& weights = per_example.weights();
  if (weights.size() != rows.train.rows) {
    return Wrong("weighting.per_example.weights: want ", rows.train.rows,
                 " values, one for each row, got ", weights.size());
  }
  for (int i = 0; i < weights.size(); ++i) {
    STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero(
        absl::StrCat("weighting.per_example.weights[", i, "]"), weights[i]));
  }
  return Weights(weights.begin(), weights.end());
}

absl::StatusOr<Weights> InverseFrequency(double power,
                                         const TrainingRows& rows) {
  STEELYARD_RETURN_IF_ERROR(WantClasses("inverse_frequency", rows));
  if (!(power >= 0 && power <= 100)) {
    return Wrong("weighting.inverse_frequency.power: want 0 to 100, got ",
                 power);
  }
  Weights weights = CountRows(rows);
  const auto n = static_cast<double>(rows.train.rows);
  for (double& weight : weights) {
    if (weight > 0) weight = std::pow(n / weight, power);
  }
  return Spread(rows, weights);
}

absl::StatusOr<Weights> EffectiveNumber(double beta, const TrainingRows& rows) {
  STEELYARD_RETURN_IF_ERROR(WantClasses("effective_number", rows));
  if (!(beta >= 0 && beta < 1)) {
    return Wrong(
        "weighting.effective_number.beta: want a value >= 0 and < 1, got ",
        beta);
  }
  Weights weights = CountRows(rows);
  for (double& weight : weights) {
    // 1 - beta^n to the last digits, however near 1 beta is.
    if (weight > 0) {
      weight = (1 - beta) / -std::expm1(weight * std::log(beta));
    }
  }
  return Spread(rows, weights);
}

// max(n p*_i, floor); `path`: of what asks for them.
absl::StatusOr<Weights> DualOptimal(const v1::RunSpec& spec,
                                    const std::string& path, double floor,
                                    LabelValues labels,
                                    const training::Rows& rows) {
  if (labels != LabelValues::kSigns || !spec.model().has_linear()) {
    return Wrong(path, ": want a linear model and labels of +1 and -1");
  }
  STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero(path + ".floor", floor));
  const bool bias =
      !spec.model().linear().has_bias() || spec.model().linear().bias();
  absl::StatusOr<Weights> weights =
      training::DualOptimalWeights(rows, bias, floor);
  if (weights.ok()) return weights;
  const std::string message = absl::StrCat(
      path,
      ": want rows that have a largest margin: ", weights.status().message());
  return IsStored(spec.data()) ? absl::FailedPreconditionError(message)
                               : absl::InvalidArgumentError(message);
}

// The names of the groups that rows have, by the groups' numbers.
std::map<int32_t, std::string> NamesOf(const training::RowGroups& groups) {
  std::map<int32_t, std::string> names;
  for (const int32_t number : groups.numbers) {
    names.try_emplace(number, groups.names[static_cast<size_t>(number)]);
  }
  return names;
}

// That each weight has a group, and is one.
absl::Status CheckGroups(const v1::PerGroupWeighting& per_group,
                         const std::map<int32_t, std::string>& names) {
  std::set<std::string> there;
  for (const auto& [number, name] : names) there.insert(name);
  const std::map<std::string, double> weights(per_group.weights().begin(),
                                              per_group.weights().end());
  for (const auto& [group, weight] : weights) {
    const std::string path =
        absl::StrCat("weighting.per_group.weights[\"", group, "\"]");
    STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero(path, weight));
    if (there.contains(group)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": want a group that training rows have; there are ",
                     absl::StrJoin(there, ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<Weights> PerGroup(const v1::PerGroupWeighting& per_group,
                                 const training::RowGroups& groups) {
  if (groups.numbers.empty()) {
    return Wrong(
        "weighting.per_group: want data.csv.group, the column that says to "
        "which group a row belongs, got none");
  }
  const std::map<int32_t, std::string> names = NamesOf(groups);
  STEELYARD_RETURN_IF_ERROR(CheckGroups(per_group, names));
  std::map<int32_t, double> of_group;
  for (const auto& [number, name] : names) {
    const auto given = per_group.weights().find(name);
    if (given == per_group.weights().end()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "weighting.per_group.weights: want a weight for each group, got "
          "none for \"",
          name, "\""));
    }
    of_group[number] = given->second;
  }
  Weights weights;
  for (const int32_t number : groups.numbers) {
    weights.push_back(of_group.at(number));
  }
  return weights;
}

absl::StatusOr<Weights> OfKind(const v1::RunSpec& spec,
                               const TrainingRows& rows, const Shift& shift) {
  const v1::Weighting& weighting = spec.weighting();
  switch (weighting.kind_case()) {
    case v1::Weighting::kUniform:
      return Weights();
    case v1::Weighting::kPerClass:
      return PerClass(weighting.per_class(), rows);
    case v1::Weighting::kPerExample:
      return PerExample(weighting.per_example(), rows);
    case v1::Weighting::kInverseFrequency:
      return InverseFrequency(weighting.inverse_frequency().power(), rows);
    case v1::Weighting::kEffectiveNumber:
      return EffectiveNumber(weighting.effective_number().beta(), rows);
    case v1::Weighting::kDualOptimal:
      return DualOptimal(spec, "weighting.dual_optimal",
                         weighting.dual_optimal().floor(), rows.labels,
                         rows.train);
    case v1::Weighting::kDensityRatio:
      return shift.ratio->train;
    case v1::Weighting::kLabelShift:
      return Spread(rows, shift.class_weights);
    case v1::Weighting::kPerGroup:
      return PerGroup(weighting.per_group(), rows.train.groups);
    case v1::Weighting::kLearned:
      return Weights();
    case v1::Weighting::KIND_NOT_SET:
      break;
  }
  return Wrong(
      "weighting: want uniform, per_class, per_example, inverse_frequency, "
      "effective_number, dual_optimal, density_ratio, label_shift, per_group "
      "or learned, got nothing");
}

// Takes the weights along the path that begins at p*.
absl::Status FollowDualPath(const v1::RunSpec& spec, const TrainingRows& rows,
                            Weights& weights) {
  const v1::DualPath& path = spec.weighting().dual_path();
  const double share = path.share();
  if (!path.has_share() || !(share >= 0 && share <= 1)) {
    return Wrong("weighting.dual_path.share: want a value of 0 to 1, got ",
                 share);
  }
  if (weights.empty()) weights.assign(rows.train.labels.size(), 1);
  // p* is of the rows that count.
  std::vector<int64_t> kept;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) kept.push_back(static_cast<int64_t>(i));
  }
  if (kept.empty()) return absl::OkStatus();  // the trainer says so
  STEELYARD_ASSIGN_OR_RETURN(
      const Weights dual,
      DualOptimal(spec, "weighting.dual_path", path.floor(), rows.labels,
                  training::TakeRows(rows.train, kept)));
  for (size_t k = 0; k < kept.size(); ++k) {
    double& weight = weights[static_cast<size_t>(kept[k])];
    weight = std::pow(dual[k], 1 - share) * std::pow(weight, share);
  }
  return absl::OkStatus();
}

absl::Status CheckAltering(const v1::Weighting& weighting) {
  if (!(weighting.relative() >= 0 && weighting.relative() < 1)) {
    return Wrong("weighting.relative: want a value >= 0 and < 1, got ",
                 weighting.relative());
  }
  if (weighting.has_power() &&
      !(weighting.power() >= 0 && weighting.power() <= 100)) {
    return Wrong("weighting.power: want 0 to 100, got ", weighting.power());
  }
  return weighting.has_clip()
             ? CheckAboveZero("weighting.clip", weighting.clip())
             : absl::OkStatus();
}

double Altered(const v1::Weighting& weighting, double weight) {
  const double relative = weighting.relative();
  if (relative > 0) weight /= relative * weight + 1 - relative;
  // A row without weight stays out, whatever the power.
  if (weighting.has_power() && weight > 0) {
    weight = std::pow(weight, weighting.power());
  }
  return weighting.has_clip() ? std::min(weight, weighting.clip()) : weight;
}

}  // namespace

absl::StatusOr<Weights> RowWeightsOf(const v1::RunSpec& spec,
                                     const TrainingRows& rows,
                                     const Shift& shift) {
  const v1::Weighting& weighting = spec.weighting();
  STEELYARD_RETURN_IF_ERROR(CheckAltering(weighting));
  STEELYARD_ASSIGN_OR_RETURN(Weights weights, OfKind(spec, rows, shift));
  if (weights.empty() && Altered(weighting, 1) != 1) {
    weights.assign(rows.train.labels.size(), 1);
  }
  for (double& weight : weights) weight = Altered(weighting, weight);
  if (weighting.has_dual_path()) {
    STEELYARD_RETURN_IF_ERROR(FollowDualPath(spec, rows, weights));
  }
  return weights;
}

absl::StatusOr<training::WeightSchedule> WeightScheduleOf(
    const v1::WeightSchedule& schedule) {
  constexpr auto kMost = static_cast<uint64_t>(INT64_MAX);
  const auto step = [](uint64_t value) { return static_cast<int64_t>(value); };
  switch (schedule.kind_case()) {
    case v1::WeightSchedule::kDeferred:
      if (!schedule.deferred().has_from() ||
          schedule.deferred().from() > kMost) {
        return Wrong("weighting.schedule.deferred.from: want a step, got ",
                     schedule.deferred().from());
      }
      return training::DeferredWeights{.from =
                                           step(schedule.deferred().from())};
    case v1::WeightSchedule::kAnnealed: {
      const v1::AnnealedWeights& annealed = schedule.annealed();
      if (annealed.until() > kMost || annealed.from() >= annealed.until()) {
        return Wrong(
            "weighting.schedule.annealed: want from before until, got ",
            annealed.from(), " and ", annealed.until());
      }
      return training::AnnealedWeights{.from = step(annealed.from()),
                                       .until = step(annealed.until())};
    }
    case v1::WeightSchedule::kAlways:
      return training::AlwaysWeighted{};
    case v1::WeightSchedule::KIND_NOT_SET:
      break;
  }
  return Wrong(
      "weighting.schedule: want always, deferred or annealed, got "
      "nothing");
}

}  // namespace steelyard::worker
