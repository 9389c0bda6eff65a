#include "server/spec_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/spec_path.h"
#include "server/spec_text.h"

namespace steelyard::server {
namespace {

// One weight and how many rows have it.
struct WeightedCount {
  double weight;
  int64_t rows;
};

constexpr char kRatio[] = "weighting.per_class.ratio";
constexpr char kWeights[] = "weighting.per_example.weights";

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
std::optional<size_t> FindLost(const std::vector<WeightedCount>& parts,
                               v1::Normalization normalization) {
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
  if (FindLost({{ratio, counts.positive}, {1, counts.negative}},
               spec.normalization())) {
    faults->push_back({kRatio, LostMessage(ratio)});
  }
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
  if (const auto lost = FindLost(parts, spec.normalization())) {
    faults->push_back(
        {IndexPath(kWeights, *lost), LostMessage(parts[*lost].weight)});
  }
}

}  // namespace

const v1::Classes* ClassesOf(const v1::Data& data, const v1::RunSpec& spec) {
  if (data.has_classes()) return &data.classes();
  return spec.data().has_classes() ? &spec.data().classes() : nullptr;
}

LabelMap::LabelMap(const v1::Classes* classes) : identity_(classes == nullptr) {
  if (classes == nullptr) return;
  positive_.insert(classes->positive().begin(), classes->positive().end());
  negative_.insert(classes->negative().begin(), classes->negative().end());
}

std::optional<int> LabelMap::Map(double label) const {
  if (!IsNameable(label)) return std::nullopt;
  const auto whole = static_cast<int64_t>(label);
  if (identity_) {
    if (whole == 1 || whole == -1) return static_cast<int>(whole);
    return std::nullopt;
  }
  if (positive_.count(whole) > 0) return 1;
  return negative_.count(whole) > 0 ? -1 : 0;
}

bool IsNameable(double label) {
  // NaN fails too.
  return std::abs(label) <= 0x1p53 && label == std::floor(label);
}

std::string WrongLabel(const LabelMap& map, double label, bool zero_or_one) {
  if (!map.is_identity()) {
    return absl::StrCat("want a whole number as label, got ",
                        ShowNumber(label));
  }
  const absl::string_view cure =
      !IsNameable(label) ? ""
      : zero_or_one      ? "; use classes: {positive: [1], negative: [0]}"
                         : kUseClasses;
  return absl::StrCat("labels must be -1 and +1, got ", ShowNumber(label),
                      cure);
}

ClassCounts TakeOf(const v1::Data& data, ClassCounts counts) {
  if (!data.take().has_first_per_class()) return counts;
  constexpr auto kMost =
      static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const auto take =
      static_cast<int64_t>(std::min(data.take().first_per_class(), kMost));
  return {std::min(counts.positive, take), std::min(counts.negative, take)};
}

void CheckWeighting(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const v1::Weighting& weighting = spec.weighting();
  if (weighting.has_per_example()) CheckExampleWeights(spec, faults);
  if (!weighting.has_per_class()) return;
  const double ratio = weighting.per_class().ratio();
  if (!weighting.per_class().has_ratio()) {
    faults->push_back({kRatio, "want a finite value >= 0, got nothing"});
  } else if (!std::isfinite(ratio) || ratio < 0) {
    faults->push_back({kRatio, absl::StrCat("want a finite value >= 0, got ",
                                            ShowNumber(ratio))});
  }
}

void CheckTogether(const v1::RunSpec& spec, const SpecRows& rows,
                   std::vector<Fault>* faults) {
  for (const auto& [name, test] : rows.tests) {
    if (!test.columns || !rows.train.columns ||
        *test.columns == *rows.train.columns) {
      continue;
    }
    faults->push_back(
        {KeyPath("test_sets", name),
         absl::StrCat("want rows of ", *rows.train.columns,
                      " features as in data, got ", *test.columns)});
  }
  const std::optional<ClassCounts>& counts = rows.train.counts;
  const v1::Weighting& weighting = spec.weighting();
  if (counts && weighting.has_per_class()) CheckRatio(spec, *counts, faults);
  const std::optional<int64_t> count =
      counts ? counts->positive + counts->negative : rows.train.rows;
  if (!count || !weighting.has_per_example()) return;
  const int got = weighting.per_example().weights_size();
  if (got == 0 || got == *count) return;
  faults->push_back(
      {kWeights,
       absl::StrCat("want ", *count,
                    " weights, one for each row that is trained on, got ",
                    got)});
}

void ElementFaults::Add(const std::string& path, std::string message) {
  if (++count_ > kNamed) return;
  faults_->push_back({path, std::move(message)});
}

ElementFaults::~ElementFaults() {
  if (count_ <= kNamed) return;
  faults_->push_back(
      {list_, absl::StrCat("want no wrong element, got ", count_ - kNamed,
                           " more than are named")});
}

}  // namespace steelyard::server
