#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

namespace steelyard::server {
namespace {

// One weight and how many rows have it.
struct WeightedCount {
  double weight;
  int64_t rows;
};

constexpr char kRatio[] = "weighting.per_class.ratio";
constexpr char kWeights[] = "weighting.per_example.weights";
constexpr char kPower[] = "weighting.inverse_frequency.power";
constexpr double kMostPower = 100;

double PowerOf(const v1::RunSpec& spec) {
  const v1::InverseFrequencyWeighting& weighting =
      spec.weighting().inverse_frequency();
  return weighting.has_power() ? weighting.power() : 1;
}

void CheckAltering(const v1::Weighting& weighting, std::vector<Fault>* faults) {
  const auto want = [&](bool right, const char* field, const char* what,
                        double got) {
    if (right) return;
    faults->push_back({FieldPath("weighting", field),
                       absl::StrCat("want ", what, ", got ", ShowNumber(got))});
  };
  const double relative = weighting.relative();
  want(relative >= 0 && relative < 1, "relative", "a value >= 0 and < 1",
       relative);
  const double power = weighting.has_power() ? weighting.power() : 1;
  want(power >= 0 && power <= kMostPower, "power", "a value of 0 to 100",
       power);
  const double clip = weighting.has_clip() ? weighting.clip() : 1;
  want(std::isfinite(clip) && clip > 0, "clip", "a finite value > 0", clip);
}

// Whether `relative`, `power` and `clip` are what they must be.
bool IsSound(const v1::Weighting& weighting) {
  std::vector<Fault> faults;
  CheckAltering(weighting, &faults);
  return faults.empty();
}

// What becomes of a weight before it is normalised; sound fields.
double Altered(const v1::Weighting& weighting, double weight) {
  const double relative = weighting.relative();
  if (relative > 0) weight /= relative * weight + 1 - relative;
  if (weighting.has_power() && weight > 0) {
    weight = std::pow(weight, weighting.power());
  }
  return weighting.has_clip() ? std::min(weight, weighting.clip()) : weight;
}

double DivisorOf(const std::vector<WeightedCount>& kept, int exponent,
                 v1::Normalization normalization) {
  double sum = 0;
  double rows = 0;
  double least = std::numeric_limits<double>::infinity();
  for (const WeightedCount& part : kept) {
    const double scaled = std::scalbn(part.weight, -exponent);
    sum += scaled * static_cast<double>(part.rows);
    rows += static_cast<double>(part.rows);
    least = std::min(least, scaled);
  }
  switch (normalization) {
    case v1::NORMALIZATION_SUM_ONE:
      return sum;
    case v1::NORMALIZATION_MIN_ONE:
      return least;
    case v1::NORMALIZATION_NONE:
      return std::scalbn(1.0, -exponent);
    default:
      return sum / rows;
  }
}

// The place in `parts` of the least weight that counts.
size_t FindLeast(const std::vector<WeightedCount>& parts) {
  size_t least = parts.size();
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].weight == 0 || parts[i].rows == 0) continue;
    if (least == parts.size() || parts[i].weight < parts[least].weight) {
      least = i;
    }
  }
  return least;
}

// The place in `parts` of a weight that scaling would make 0, or that is so
// small as a divisor that the others would become infinite.
std::optional<size_t> FindLost(std::vector<WeightedCount> parts,
                               const v1::RunSpec& spec) {
  if (!IsSound(spec.weighting())) return std::nullopt;
  const v1::Normalization normalization = spec.normalization();
  for (WeightedCount& part : parts) {
    part.weight = Altered(spec.weighting(), part.weight);
  }
  std::vector<WeightedCount> kept;
  double most = 0;
  for (const WeightedCount& part : parts) {
    if (part.weight == 0 || part.rows == 0) continue;
    kept.push_back(part);
    most = std::max(most, part.weight);
  }
  if (kept.empty()) return std::nullopt;
  // Powers of two are taken out, so that no sum overflows.
  const int exponent = std::ilogb(most);
  const double divisor = DivisorOf(kept, exponent, normalization);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].weight == 0 || parts[i].rows == 0) continue;
    const double scaled = std::scalbn(parts[i].weight, -exponent);
    const double value = scaled / divisor;
    if (!std::isfinite(value)) return FindLeast(parts);
    if (value == 0 || scaled == 0) return i;
  }
  return std::nullopt;
}

std::string LostMessage(double weight) {
  return absl::StrCat(
      "want a weight that is not lost beside the others when they are scaled, "
      "got ",
      ShowNumber(weight));
}

void CheckRatio(const v1::RunSpec& spec, const ClassCounts& counts,
                std::vector<Fault>* faults) {
  const double ratio = spec.weighting().per_class().ratio();
  // Then CheckWeighting says so.
  const bool sound = std::isfinite(ratio) && ratio >= 0;
  if (!sound || !spec.weighting().per_class().has_ratio()) return;
  if (ratio == 0 && counts.negative == 0) {
    faults->push_back({kRatio,
                       "want a value > 0, got 0: every row is labelled +1, so "
                       "that no row would have a weight"});
    return;
  }
  if (FindLost({{ratio, counts.positive}, {1, counts.negative}}, spec)) {
    faults->push_back({kRatio, LostMessage(ratio)});
  }
}

void CheckFrequency(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  WantClasses("weighting.inverse_frequency", LabelsOf(spec), faults);
  const double power = PowerOf(spec);
  if (power >= 0 && power <= kMostPower) return;
  faults->push_back({kPower, absl::StrCat("want a value of 0 to ", kMostPower,
                                          ", got ", ShowNumber(power))});
}

void CheckEffective(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  WantClasses("weighting.effective_number", LabelsOf(spec), faults);
  const double beta = spec.weighting().effective_number().beta();
  if (beta >= 0 && beta < 1) return;
  faults->push_back(
      {"weighting.effective_number.beta",
       absl::StrCat("want a value >= 0 and < 1, got ", ShowNumber(beta))});
}

void CheckSchedule(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const v1::WeightSchedule& schedule = spec.weighting().schedule();
  const std::string path = "weighting.schedule";
  if (!spec.weighting().has_schedule()) return;
  CheckChoice(path, schedule, faults);
  const auto step = [&](const char* field, bool there, uint64_t value) {
    if (there && value <= kMostSteps) return;
    faults->push_back(
        {FieldPath(path, field),
         absl::StrCat("want a step of at most ", kMostSteps, ", got ",
                      there ? absl::StrCat(value) : "nothing")});
  };
  if (schedule.has_deferred()) {
    step("deferred.from", schedule.deferred().has_from(),
         schedule.deferred().from());
  }
  if (schedule.has_annealed()) {
    const v1::AnnealedWeights& annealed = schedule.annealed();
    step("annealed.until", annealed.has_until(), annealed.until());
    if (annealed.has_until() && annealed.from() >= annealed.until()) {
      faults->push_back(
          {FieldPath(path, "annealed.from"),
           absl::StrCat("want a step before until, ", annealed.until(),
                        ", got ", annealed.from())});
    }
  }
  if (spec.optimizer().has_lbfgs() && !schedule.has_always()) {
    faults->push_back({path, "want always with the optimizer lbfgs"});
  }
}

// What both ways to p* need.
void CheckDual(const v1::RunSpec& spec, const std::string& path, double floor,
               std::vector<Fault>* faults) {
  WantSigns(path, LabelsOf(spec), faults);
  if (spec.has_model() && !spec.model().has_linear()) {
    faults->push_back({path, "want it with a linear model, got another"});
  }
  if (std::isfinite(floor) && floor >= 0) return;
  faults->push_back(
      {FieldPath(path, "floor"),
       absl::StrCat("want a finite value >= 0, got ", ShowNumber(floor))});
}

void CheckDualPath(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const std::string path = "weighting.dual_path";
  const v1::DualPath& dual_path = spec.weighting().dual_path();
  CheckDual(spec, path, dual_path.floor(), faults);
  const double share = dual_path.share();
  if (dual_path.has_share() && share >= 0 && share <= 1) return;
  faults->push_back(
      {FieldPath(path, "share"),
       absl::StrCat("want a value of 0 to 1, got ",
                    dual_path.has_share() ? ShowNumber(share) : "nothing")});
}

void CheckClassWeights(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const v1::PerClassWeighting& per_class = spec.weighting().per_class();
  const std::string path = "weighting.per_class.weights";
  WantClasses("weighting.per_class", LabelsOf(spec), faults);
  if (per_class.has_ratio()) {
    faults->push_back({kRatio, "want it or weights, got both"});
  }
  ElementFaults wrong(path, faults);
  bool any = false;
  for (int k = 0; k < per_class.weights_size(); ++k) {
    const double weight = per_class.weights(k);
    any = any || weight > 0;
    if (std::isfinite(weight) && weight >= 0) continue;
    wrong.Add(
        IndexPath(path, static_cast<size_t>(k)),
        absl::StrCat("want a finite value >= 0, got ", ShowNumber(weight)));
  }
  if (!any && wrong.none()) {
    faults->push_back({path, "want a sum > 0, got only zeros"});
  }
}

void CheckGroupWeights(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const std::string path = "weighting.per_group.weights";
  if (!spec.data().has_csv() || spec.data().csv().group().empty()) {
    faults->push_back({"weighting.per_group",
                       "want data.csv.group, the column that says to which "
                       "group a row belongs, got none"});
  }
  const std::map<std::string, double> weights(
      spec.weighting().per_group().weights().begin(),
      spec.weighting().per_group().weights().end());
  ElementFaults wrong(path, faults);
  bool any = false;
  for (const auto& [group, weight] : weights) {
    any = any || weight > 0;
    if (std::isfinite(weight) && weight >= 0) continue;
    wrong.Add(
        KeyPath(path, group),
        absl::StrCat("want a finite value >= 0, got ", ShowNumber(weight)));
  }
  if (any || !wrong.none()) return;
  faults->push_back(
      {path, absl::StrCat("want a weight for each group, one of them > 0, got ",
                          weights.empty() ? "none" : "only zeros")});
}

// What the number of classes and of their rows says.
void CheckClassWeightsOf(const v1::RunSpec& spec, const KnownRows& train,
                         std::vector<Fault>* faults) {
  const auto& weights = spec.weighting().per_class().weights();
  const LabelKind kind = LabelsOf(spec);
  if (weights.empty() || kind == LabelKind::kNumbers) return;
  const std::string path = "weighting.per_class.weights";
  const int64_t classes =
      kind == LabelKind::kSigns ? 2 : CountClasses(spec, train);
  if (classes > 0 && weights.size() != classes) {
    faults->push_back({path, absl::StrCat("want ", classes,
                                          " values, one for each class, got ",
                                          weights.size())});
  } else if (train.counts && (weights[0] == 0 || train.counts->negative == 0) &&
             (weights[1] == 0 || train.counts->positive == 0) &&
             weights[0] + weights[1] > 0) {
    faults->push_back(
        {path, "want a weight > 0 for a class that has rows, got 0"});
  }
}

// Weights that are lost beside the others.
void CheckPower(const v1::RunSpec& spec, const ClassCounts& counts,
                std::vector<Fault>* faults) {
  const double power = PowerOf(spec);
  if (!(power >= 0 && power <= kMostPower)) return;
  const auto n = static_cast<double>(counts.positive + counts.negative);
  const auto weight = [&](int64_t rows) {
    return rows == 0 ? 0 : std::pow(n / static_cast<double>(rows), power);
  };
  const std::vector<WeightedCount> parts = {
      {weight(counts.positive), counts.positive},
      {weight(counts.negative), counts.negative}};
  const bool infinite = std::any_of(
      parts.begin(), parts.end(),
      [](const WeightedCount& part) { return !std::isfinite(part.weight); });
  if (!infinite && !FindLost(parts, spec)) return;
  faults->push_back(
      {kPower, absl::StrCat("want a power that loses no weight beside the "
                            "others, got ",
                            ShowNumber(power))});
}

// Checks the list on its own; its length is CheckTogether's.
void CheckExampleWeights(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const auto& weights = spec.weighting().per_example().weights();
  std::vector<WeightedCount> parts;
  {
    ElementFaults wrong(kWeights, faults);
    for (int i = 0; i < weights.size(); ++i) {
      parts.push_back({weights[i], 1});
      if (std::isfinite(weights[i]) && weights[i] >= 0) continue;
      wrong.Add(IndexPath(kWeights, static_cast<size_t>(i)),
                absl::StrCat("want a finite value >= 0, got ",
                             ShowNumber(weights[i])));
    }
    if (!wrong.none()) return;
  }
  if (std::all_of(weights.begin(), weights.end(),
                  [](double weight) { return weight == 0; })) {
    faults->push_back({kWeights, weights.empty()
                                     ? "want a weight for each row, got none"
                                     : "want a sum > 0, got only zeros"});
    return;
  }
  if (const auto lost = FindLost(parts, spec)) {
    faults->push_back(
        {IndexPath(kWeights, *lost), LostMessage(parts[*lost].weight)});
  }
}

}  // namespace

void CheckWeighting(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const v1::Weighting& weighting = spec.weighting();
  CheckAltering(weighting, faults);
  CheckSchedule(spec, faults);
  if (weighting.has_effective_number()) CheckEffective(spec, faults);
  if (weighting.has_dual_optimal()) {
    CheckDual(spec, "weighting.dual_optimal", weighting.dual_optimal().floor(),
              faults);
  }
  if (weighting.has_dual_path()) CheckDualPath(spec, faults);
  if (weighting.has_per_group()) CheckGroupWeights(spec, faults);
  if (!weighting.per_class().weights().empty()) {
    return CheckClassWeights(spec, faults);
  }
  if (weighting.has_per_example()) CheckExampleWeights(spec, faults);
  if (weighting.has_inverse_frequency()) CheckFrequency(spec, faults);
  if (!weighting.has_per_class()) return;
  WantSigns("weighting.per_class", LabelsOf(spec), faults);
  const double ratio = weighting.per_class().ratio();
  if (!weighting.per_class().has_ratio()) {
    faults->push_back(
        {kRatio, "want a finite value >= 0, or weights, got nothing"});
  } else if (!std::isfinite(ratio) || ratio < 0) {
    faults->push_back({kRatio, absl::StrCat("want a finite value >= 0, got ",
                                            ShowNumber(ratio))});
  }
}

void CheckWeightsOf(const v1::RunSpec& spec, const KnownRows& train,
                    std::vector<Fault>* faults) {
  const v1::Weighting& weighting = spec.weighting();
  if (train.counts && weighting.has_per_class()) {
    CheckRatio(spec, *train.counts, faults);
  }
  if (train.counts && weighting.has_inverse_frequency()) {
    CheckPower(spec, *train.counts, faults);
  }
  CheckClassWeightsOf(spec, train, faults);
  const std::optional<int64_t> count = CountRows(train);
  if (!count || !weighting.has_per_example()) return;
  const int got = weighting.per_example().weights_size();
  if (got == 0 || got == *count) return;
  faults->push_back(
      {kWeights,
       absl::StrCat("want ", *count,
                    " weights, one for each row that is trained on, got ",
                    got)});
}

}  // namespace steelyard::server
