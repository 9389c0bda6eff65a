#include <cmath>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

namespace steelyard::server {
namespace {

constexpr char kShares[] = "target.class_prior.shares";

void CheckShares(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  constexpr double kSlack = 1e-9;
  WantClasses("target.class_prior", LabelsOf(spec), faults);
  const auto& shares = spec.target().class_prior().shares();
  double sum = 0;
  {
    ElementFaults wrong(kShares, faults);
    for (int k = 0; k < shares.size(); ++k) {
      sum += shares[k];
      if (std::isfinite(shares[k]) && shares[k] >= 0) continue;
      wrong.Add(IndexPath(kShares, static_cast<size_t>(k)),
                absl::StrCat("want a finite value >= 0, got ",
                             ShowNumber(shares[k])));
    }
    if (!wrong.none()) return;
  }
  if (std::abs(sum - 1) <= kSlack) return;
  faults->push_back(
      {kShares, absl::StrCat("want a sum of 1, got ", ShowNumber(sum))});
}

// A class that no row has can't be weighted into being.
void CheckSharesOf(const v1::RunSpec& spec, const KnownRows& train,
                   std::vector<Fault>* faults) {
  const auto& shares = spec.target().class_prior().shares();
  const LabelKind kind = LabelsOf(spec);
  if (kind == LabelKind::kNumbers) return;
  const int64_t classes =
      kind == LabelKind::kSigns ? 2 : CountClasses(spec, train);
  if (classes > 0 && shares.size() != classes) {
    faults->push_back(
        {kShares,
         absl::StrCat("want ", classes, " values, one for each class, got ",
                      shares.size())});
    return;
  }
  const auto by_class = RowsByClass(spec, train);
  if (!by_class || shares.size() != std::ssize(*by_class)) return;
  int k = 0;
  for (const auto& [label, rows] : *by_class) {
    const double share = shares[k++];
    // Then CheckTarget says what is wrong with it.
    if (rows > 0 || !std::isfinite(share) || share <= 0) continue;
    faults->push_back(
        {IndexPath(kShares, static_cast<size_t>(k - 1)),
         absl::StrCat("want 0 for a class of no training row, got ",
                      ShowNumber(share))});
  }
}

}  // namespace

std::string SetPath(const std::string& name) {
  return name == kTargetSet ? kTargetPath : KeyPath("test_sets", name);
}

void CheckTarget(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  if (!spec.has_target()) return;
  CheckChoice("target", spec.target(), faults);
  if (spec.target().has_class_prior()) CheckShares(spec, faults);
  if (!spec.target().has_data() || !IsDerived(spec.target().data())) return;
  faults->push_back(
      {kTargetPath, absl::StrCat("want rows of its own, got ",
                                 spec.target().data().has_uniform_noise()
                                     ? "uniform_noise"
                                     : "shifted_copy")});
}

void CheckTargetOf(const v1::RunSpec& spec, const KnownRows& train,
                   std::vector<Fault>* faults) {
  if (spec.target().has_class_prior()) CheckSharesOf(spec, train, faults);
}

}  // namespace steelyard::server
