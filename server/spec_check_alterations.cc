#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

// The counts are the worker's: training/data/alter_rows.h.
namespace steelyard::server {
namespace {

constexpr char kSplit[] = "data.split";
constexpr char kRatio[] = "data.imbalance.step.ratio";

bool IsWithin(double fraction) { return fraction > 0 && fraction < 1; }

bool IsRatio(double ratio) { return std::isfinite(ratio) && ratio > 0; }

// A fault about a value that is wrong or not there.
template <typename Message>
void AddWrong(const std::string& path, absl::string_view want,
              const Message& message, bool (Message::*has)() const,
              double (Message::*get)() const, std::vector<Fault>* faults) {
  faults->push_back(
      {path, absl::StrCat(
                 "want ", want, ", got ",
                 (message.*has)() ? ShowNumber((message.*get)()) : "nothing")});
}

template <typename Noise>
void CheckFraction(const std::string& path, const Noise& noise,
                   std::vector<Fault>* faults) {
  const bool right = noise.fraction() >= 0 && noise.fraction() <= 1;
  if (noise.has_fraction() && right) return;
  AddWrong(FieldPath(path, "fraction"), "a value of 0 to 1", noise,
           &Noise::has_fraction, &Noise::fraction, faults);
}

void CheckColumnSplit(const v1::ColumnSplit& split,
                      std::vector<Fault>* faults) {
  const std::string column = FieldPath(kSplit, "by.column");
  if (split.column().empty() || split.column().size() > kMostTextBytes) {
    faults->push_back(
        {column, absl::StrCat("want a column's name, of at most ",
                              kMostTextBytes, " bytes, or its number, got ",
                              split.column().empty()
                                  ? "nothing"
                                  : absl::StrCat(split.column().size()))});
  }
  const std::string list = FieldPath(kSplit, "by.test");
  if (split.test().empty()) {
    faults->push_back({list, "want at least one text, got none"});
  }
  ElementFaults wrong(list, faults);
  std::set<std::string> seen;
  for (int k = 0; k < split.test_size(); ++k) {
    const std::string& text = split.test(k);
    const std::string place = IndexPath(list, static_cast<size_t>(k));
    if (text.size() > kMostTextBytes) {
      wrong.Add(place, absl::StrCat("want at most ", kMostTextBytes,
                                    " bytes, got ", text.size()));
    } else if (!seen.insert(text).second) {
      wrong.Add(place,
                absl::StrCat("want each text once, got ", ShowText(text)));
    }
  }
}

void CheckSplit(const v1::Data& data, std::vector<Fault>* faults) {
  const v1::Split& split = data.split();
  CheckChoice(kSplit, split, faults);
  if (split.has_by()) {
    if (!data.has_csv()) {
      faults->push_back({FieldPath(kSplit, "by"),
                         "want it with csv, got another source of rows"});
    }
    if (split.has_seed()) {
      faults->push_back({FieldPath(kSplit, "seed"),
                         "want it with test_fraction alone, got it with by"});
    }
    CheckColumnSplit(split.by(), faults);
  }
  if (!split.has_test_fraction() || IsWithin(split.test_fraction())) return;
  AddWrong(FieldPath(kSplit, "test_fraction"), "a value > 0 and < 1", split,
           &v1::Split::has_test_fraction, &v1::Split::test_fraction, faults);
}

void CheckLongTailed(const v1::LongTailedImbalance& imbalance, LabelKind kind,
                     std::vector<Fault>* faults) {
  const std::string path = "data.imbalance.long_tailed";
  if (kind != LabelKind::kClasses) {
    faults->push_back({path, "want several classes, got labels of +1 and -1"});
  }
  if (std::isfinite(imbalance.ratio()) && imbalance.ratio() >= 1) return;
  AddWrong(FieldPath(path, "ratio"), "a finite value >= 1", imbalance,
           &v1::LongTailedImbalance::has_ratio, &v1::LongTailedImbalance::ratio,
           faults);
}

void CheckImbalance(const v1::Imbalance& imbalance, LabelKind kind,
                    std::vector<Fault>* faults) {
  CheckChoice("data.imbalance", imbalance, faults);
  if (imbalance.has_long_tailed()) {
    CheckLongTailed(imbalance.long_tailed(), kind, faults);
  }
  if (!imbalance.has_step()) return;
  WantSigns("data.imbalance.step", kind, faults);
  if (IsRatio(imbalance.step().ratio())) return;
  AddWrong(kRatio, "a finite value > 0", imbalance.step(),
           &v1::StepImbalance::has_ratio, &v1::StepImbalance::ratio, faults);
}

void CheckNoise(const v1::LabelNoise& noise, LabelKind kind,
                std::vector<Fault>* faults) {
  const std::string path = "data.label_noise";
  CheckChoice(path, noise, faults);
  WantClasses(path, kind, faults);
  if (noise.has_symmetric()) {
    CheckFraction(FieldPath(path, "symmetric"), noise.symmetric(), faults);
  }
  if (noise.has_pair()) {
    CheckFraction(FieldPath(path, "pair"), noise.pair(), faults);
  }
}

// floor(value + 1/2), at most `most`.
int64_t Rounded(double value, int64_t most) {
  const double whole = std::floor(value + 0.5);
  return whole < static_cast<double>(most) ? static_cast<int64_t>(whole) : most;
}

// The fraction of each class.
ClassCounts PartOf(const ClassCounts& counts, double fraction) {
  const auto part = [fraction](int64_t rows) {
    return Rounded(fraction * static_cast<double>(rows), rows);
  };
  return {part(counts.positive), part(counts.negative)};
}

int64_t Sum(const ClassCounts& counts) {
  return counts.positive + counts.negative;
}

void ForgetRows(KnownRows* rows) {
  rows->rows.reset();
  rows->class_rows.clear();
}

void ApplySplit(const v1::Split& split, SpecRows* rows,
                std::vector<Fault>* faults) {
  if (rows->tests.count("test") > 0) {
    faults->push_back({kSplit,
                       "want no test set named test beside it, which is the "
                       "name of the one that it makes, got one"});
    return;
  }
  KnownRows& test = rows->tests["test"];
  test.columns = rows->train.columns;
  test.most_class = rows->train.most_class;
  ForgetRows(&rows->train);  // without counts it is not known what goes
  std::optional<ClassCounts>& counts = rows->train.counts;
  if (split.has_by()) counts.reset();
  if (!counts || !IsWithin(split.test_fraction())) return;
  test.counts = PartOf(*counts, split.test_fraction());
  const ClassCounts left = {counts->positive - test.counts->positive,
                            counts->negative - test.counts->negative};
  if (Sum(left) > 0 && Sum(*test.counts) > 0) {
    counts = left;
    return;
  }
  faults->push_back(
      {FieldPath(kSplit, "test_fraction"),
       absl::StrCat("want a fraction that leaves a row on both sides, got ",
                    ShowNumber(split.test_fraction()), " of ", Sum(*counts),
                    " rows")});
  counts.reset();
}

void ApplyImbalance(double ratio, KnownRows* rows, std::vector<Fault>* faults) {
  if (!rows->counts || !IsRatio(ratio)) return;
  ClassCounts& counts = *rows->counts;
  const ClassCounts before = counts;
  const double wanted = ratio * static_cast<double>(counts.negative);
  if (static_cast<double>(counts.positive) > wanted) {
    counts.positive = Rounded(wanted, counts.positive);
  } else {
    counts.negative =
        Rounded(static_cast<double>(counts.positive) / ratio, counts.negative);
  }
  if (counts.positive > 0 && counts.negative > 0) return;
  faults->push_back(
      {kRatio,
       absl::StrCat("want a ratio that leaves a row of each class, got ",
                    ShowNumber(ratio), " for ", before.positive,
                    " rows of +1 and ", before.negative, " of -1")});
  rows->counts.reset();
}

void ApplyNoise(const v1::LabelNoise& noise, KnownRows* rows) {
  rows->class_rows.clear();
  if (!rows->counts) return;
  ClassCounts& counts = *rows->counts;
  if (noise.has_pair()) {
    const ClassCounts flipped = PartOf(counts, noise.pair().fraction());
    counts.positive += flipped.negative - flipped.positive;
    counts.negative += flipped.positive - flipped.negative;
  } else if (noise.has_symmetric()) {
    // Which rows are drawn decides how many of each class they are.
    rows->rows = Sum(counts);
    rows->counts.reset();
  }
}

}  // namespace

void CheckAlterations(const std::string& path, const v1::Data& data,
                      LabelKind kind, std::vector<Fault>* faults) {
  if (path == "data") {
    if (data.has_split()) CheckSplit(data, faults);
    if (data.has_imbalance()) CheckImbalance(data.imbalance(), kind, faults);
    if (data.has_label_noise()) CheckNoise(data.label_noise(), kind, faults);
    return;
  }
  const auto refuse = [&](bool has, absl::string_view field) {
    if (!has) return;
    faults->push_back({FieldPath(path, field),
                       "want it in data alone, got it in a test set"});
  };
  refuse(data.has_split(), "split");
  refuse(data.has_imbalance(), "imbalance");
  refuse(data.has_label_noise(), "label_noise");
}

void ApplyAlterations(const v1::RunSpec& spec, SpecRows* rows,
                      std::vector<Fault>* faults) {
  const v1::Data& data = spec.data();
  // Each group is on one side of a split, or on both.
  if (data.has_imbalance()) rows->train.groups = 0;
  if (data.has_split()) ApplySplit(data.split(), rows, faults);
  if (data.imbalance().has_long_tailed()) ForgetRows(&rows->train);
  if (data.imbalance().has_step()) {
    ApplyImbalance(data.imbalance().step().ratio(), &rows->train, faults);
  }
  if (data.has_label_noise()) ApplyNoise(data.label_noise(), &rows->train);
}

}  // namespace steelyard::server
