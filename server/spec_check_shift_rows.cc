#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

// The limits are the worker's: training/shift/ and worker/shift_classifier.
namespace steelyard::server {
namespace {

constexpr char kRatio[] = "weighting.density_ratio";
constexpr char kShift[] = "weighting.label_shift";
constexpr int64_t kMostMatchedRows = 4'000;
constexpr int64_t kMostDiscriminatorColumns = 1'000;
constexpr int64_t kMostCovarianceDimension = 256;
constexpr double kMostFeature = 1e100;

class ShiftRowsChecker {
 public:
  ShiftRowsChecker(const v1::RunSpec& spec, const SpecRows& rows,
                   std::vector<Fault>* faults)
      : spec_(spec), train_(rows.train), faults_(faults) {
    const auto found = rows.tests.find(kTargetSet);
    if (found != rows.tests.end()) target_ = found->second;
  }

  void CheckRatio() {
    const v1::DensityRatioWeighting& ratio = spec_.weighting().density_ratio();
    if (ratio.has_kmm()) {
      WantAtMost("kmm", CountRows(train_), kMostMatchedRows, "training rows");
    }
    if (ratio.has_logistic()) {
      WantAtMost("logistic", train_.columns, kMostDiscriminatorColumns,
                 "features");
    }
    if (ratio.has_kliep()) CheckParts(ratio.kliep());
    if (ratio.has_ulsif()) CheckPairs("ulsif", ratio.ulsif());
    if (ratio.has_rulsif()) CheckPairs("rulsif", ratio.rulsif());
    if (ratio.has_exact()) {
      WantAtMost("exact", train_.columns, kMostCovarianceDimension, "features");
      CheckLabels();
    }
    CheckMagnitudes("data", spec_.data());
    CheckMagnitudes(kTargetPath, spec_.target().data());
  }

  // Each part of the classifier's cross-validation wants a row of each class.
  void CheckLabelShift() {
    const v1::LabelShiftWeighting& shift = spec_.weighting().label_shift();
    const auto by_class = RowsByClass(spec_, train_);
    if (!by_class) return;
    constexpr int64_t kFewest = 2;
    std::vector<std::string> few;
    auto least = by_class->begin();
    for (auto it = by_class->begin(); it != by_class->end(); ++it) {
      if (it->second < least->second) least = it;
      if (it->second >= kFewest) continue;
      few.push_back(absl::StrCat(it->second, " of class ", it->first));
    }
    if (!few.empty()) {
      constexpr size_t kShown = 10;
      const bool more = few.size() > kShown;
      few.resize(std::min(few.size(), kShown));
      return Add(kShift,
                 absl::StrCat("want at least ", kFewest,
                              " rows of each class in data, got ",
                              absl::StrJoin(few, ", "), more ? ", ..." : ""));
    }
    const uint64_t parts = shift.has_parts() ? shift.parts() : kDefaultParts;
    // Of others CheckShift says what is wrong.
    if (parts > 100 || static_cast<int64_t>(parts) <= least->second) return;
    Add(FieldPath(kShift, "parts"),
        absl::StrCat("want at most ", least->second, ", the rows of class ",
                     least->first, " in data, got ", parts));
  }

 private:
  static constexpr uint64_t kDefaultParts = 5;

  void Add(std::string path, std::string message) {
    faults_->push_back({std::move(path), std::move(message)});
  }

  void WantAtMost(const char* field, const std::optional<int64_t>& got,
                  int64_t most, const char* what) {
    if (!got || *got <= most) return;
    Add(FieldPath(kRatio, field),
        absl::StrCat("want at most ", most, " ", what, ", got ", *got));
  }

  // Of `kliep`: a choice of a width deals the target's rows into parts.
  void CheckParts(const v1::KliepRatio& kliep) {
    const std::optional<int64_t> rows = CountRows(target_);
    const uint64_t parts = kliep.has_parts() ? kliep.parts() : kDefaultParts;
    if (!rows || *rows == 0 || kliep.widths_size() == 1) return;
    if (parts < 2 || parts > 100 || static_cast<int64_t>(parts) <= *rows) {
      return;
    }
    const std::string path = FieldPath(kRatio, "kliep");
    if (*rows >= 2) {
      return Add(FieldPath(path, "parts"),
                 absl::StrCat("want at most ", *rows,
                              ", the rows of target.data, got ", parts));
    }
    Add(FieldPath(path, "widths"),
        absl::StrCat("want one width with a target of one row, which leaves "
                     "none to choose by, got ",
                     ShowCandidates(kliep.widths_size())));
  }

  // Of `ulsif` and `rulsif`: a choice leaves out a row of each side.
  template <typename Message>
  void CheckPairs(const char* name, const Message& squares) {
    if (squares.widths_size() == 1 && squares.penalties_size() == 1) return;
    const bool widths = squares.widths_size() != 1;
    const int got = widths ? squares.widths_size() : squares.penalties_size();
    for (const bool is_target : {false, true}) {
      const std::optional<int64_t> rows =
          CountRows(is_target ? target_ : train_);
      if (!rows || *rows != 1) continue;
      Add(absl::StrCat(kRatio, ".", name, ".", widths ? "widths" : "penalties"),
          absl::StrCat("want one ", widths ? "width" : "penalty", " with ",
                       is_target ? "a target" : "data",
                       " of one row, which leaves none to choose by, got ",
                       ShowCandidates(got)));
    }
  }

  static std::string ShowCandidates(int count) {
    return count == 0 ? "several by default" : absl::StrCat(count);
  }

  // Of `exact`: beside a label that the source lacks nothing has a density.
  void CheckLabels() {
    if (LabelsOf(spec_) == LabelKind::kNumbers) {
      std::map<int64_t, int64_t> source;
      std::map<int64_t, int64_t> target;
      for (const auto& gaussian : spec_.data().gaussians().classes()) {
        source[gaussian.label()] = 1;
      }
      for (const auto& gaussian : spec_.target().data().gaussians().classes()) {
        target[gaussian.label()] = 1;
      }
      return WantLabels(source, target);
    }
    const auto source = RowsByClass(spec_, train_);
    const auto target = RowsByClass(spec_, target_);
    if (source && target) WantLabels(*source, *target);
  }

  void WantLabels(const std::map<int64_t, int64_t>& source,
                  const std::map<int64_t, int64_t>& target) {
    std::vector<int64_t> missing;
    for (const auto& [label, rows] : target) {
      const auto there = source.find(label);
      if (rows == 0 || (there != source.end() && there->second > 0)) continue;
      missing.push_back(label);
    }
    // Then CheckTogether says so.
    const int64_t classes = CountClasses(spec_, train_);
    if (missing.empty() || (classes > 1 && missing.back() >= classes)) return;
    Add(kTargetPath,
        absl::StrCat("want no label that data lacks with an exact ratio, which "
                     "is infinite there, got ",
                     absl::StrJoin(missing, ", ")));
  }

  // Of rows that are listed and used for certain.
  void CheckMagnitudes(const std::string& path, const v1::Data& data) {
    if (!data.has_inline_() || data.has_take() || data.has_split() ||
        data.has_imbalance()) {
      return;
    }
    const v1::InlineData& table = data.inline_();
    const RowChoice choice = ChoiceOf(data, spec_);
    std::set<int64_t> listed;
    if (choice.classes != nullptr) {
      for (const auto* list :
           {&choice.classes->positive(), &choice.classes->negative(),
            &choice.classes->each()}) {
        listed.insert(list->begin(), list->end());
      }
    }
    const std::string features = FieldPath(path, "inline.features");
    ElementFaults wrong(features, faults_);
    for (int i = 0; i < std::min(table.features_size(), table.labels_size());
         ++i) {
      const double label = table.labels(i);
      if (choice.classes != nullptr &&
          (!IsNameable(label) ||
           listed.contains(static_cast<int64_t>(label)) == choice.left_out)) {
        continue;
      }
      const v1::Row& row = table.features(i);
      for (int j = 0; j < row.values_size(); ++j) {
        // Of those that are not finite CheckData says so.
        if (!std::isfinite(row.values(j)) ||
            std::abs(row.values(j)) <= kMostFeature) {
          continue;
        }
        wrong.Add(
            IndexPath(FieldPath(IndexPath(features, static_cast<size_t>(i)),
                                "values"),
                      static_cast<size_t>(j)),
            absl::StrCat("want a value of at most ", ShowNumber(kMostFeature),
                         " in magnitude with density_ratio, got ",
                         ShowNumber(row.values(j))));
      }
    }
  }

  const v1::RunSpec& spec_;
  const KnownRows& train_;
  KnownRows target_;
  std::vector<Fault>* const faults_;
};

}  // namespace

void CheckShiftOf(const v1::RunSpec& spec, const SpecRows& rows,
                  std::vector<Fault>* faults) {
  const v1::Weighting& weighting = spec.weighting();
  // Then CheckShift says so.
  if (!spec.target().has_data()) return;
  ShiftRowsChecker checker(spec, rows, faults);
  if (weighting.has_density_ratio()) checker.CheckRatio();
  if (weighting.has_label_shift()) checker.CheckLabelShift();
}

}  // namespace steelyard::server
