#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/names.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

namespace steelyard::server {
namespace {

// Labels of `field` that stand in it twice, or in `others` too.
void CheckOnce(const std::string& field,
               const google::protobuf::RepeatedField<int64_t>& labels,
               std::set<int64_t> others, absl::string_view want,
               std::vector<Fault>* faults) {
  const bool alone = others.empty();
  ElementFaults wrong(field, faults);
  for (int j = 0; j < labels.size(); ++j) {
    const bool known =
        alone ? !others.insert(labels[j]).second : others.count(labels[j]) > 0;
    if (!known) continue;
    wrong.Add(IndexPath(field, static_cast<size_t>(j)),
              absl::StrCat("want ", want, ", got ", labels[j]));
  }
}

void CheckSigns(const std::string& path, const v1::Classes& classes,
                std::vector<Fault>* faults) {
  if (classes.positive().empty()) {
    faults->push_back(
        {FieldPath(path, "positive"), "want at least one label, got none"});
  }
  if (classes.negative().empty()) {
    faults->push_back(
        {FieldPath(path, "negative"), "want at least one label, got none"});
  }
  if (classes.positive().empty()) return;
  CheckOnce(FieldPath(path, "negative"), classes.negative(),
            {classes.positive().begin(), classes.positive().end()},
            "a label that is not in positive too", faults);
}

void CheckEach(const std::string& path, const v1::Classes& classes,
               std::vector<Fault>* faults) {
  const std::string each = FieldPath(path, "each");
  if (classes.each_size() < 2 || classes.each_size() > kMostClasses) {
    faults->push_back(
        {each, absl::StrCat("want 2 to ", kMostClasses, " labels, got ",
                            classes.each_size())});
    return;
  }
  CheckOnce(each, classes.each(), {}, "each label once", faults);
}

void CheckClasses(const std::string& path, const v1::Classes& classes,
                  LabelKind kind, std::vector<Fault>* faults) {
  const bool signs = !classes.positive().empty() || !classes.negative().empty();
  switch (kind) {
    case LabelKind::kSigns:
      if (!classes.each().empty()) {
        faults->push_back({FieldPath(path, "each"),
                           "want it with softmax_cross_entropy, focal, ldam, "
                           "logit_adjusted, cdt, vs or pairwise_margin alone, "
                           "in data too; use positive and negative"});
        return;
      }
      return CheckSigns(path, classes, faults);
    case LabelKind::kClasses:
      if (!signs) return CheckEach(path, classes, faults);
      faults->push_back(
          {FieldPath(path,
                     classes.positive().empty() ? "negative" : "positive"),
           "want each alone where there are several classes, got "
           "positive or negative"});
      return;
    case LabelKind::kNumbers:
      faults->push_back(
          {path,
           "want them in data too, or nowhere: the labels of data are "
           "numbers"});
  }
}

// `left_out` of a set's classes.
void CheckLeftOut(const std::string& path, const v1::Classes& classes,
                  const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const std::string field = FieldPath(path, "left_out");
  if (path == "data.classes") {
    faults->push_back({field, "want it in a test set alone, got it in data"});
  } else if (HasLists(classes)) {
    faults->push_back({path, "want lists of labels or left_out, got both"});
  } else if (!spec.data().has_classes()) {
    faults->push_back(
        {field, "want data.classes, which leave labels out, got none"});
  }
}

// The number of values in each row, absent when the rows do not agree.
std::optional<int64_t> CheckFeatures(const std::string& path,
                                     const v1::InlineData& table,
                                     std::vector<Fault>* faults) {
  if (table.features().empty()) {
    faults->push_back({path, "want at least one row, got none"});
    return std::nullopt;
  }
  const int columns = table.features(0).values_size();
  bool equal = columns > 0;
  ElementFaults wrong(path, faults);
  if (columns == 0) {
    wrong.Add(IndexPath(path, 0), "want at least one value, got none");
  }
  for (int i = 0; i < table.features_size(); ++i) {
    const v1::Row& row = table.features(i);
    const std::string place = IndexPath(path, static_cast<size_t>(i));
    if (columns > 0 && row.values_size() != columns) {
      equal = false;
      wrong.Add(place, absl::StrCat("want ", columns,
                                    " values as in the first row, got ",
                                    row.values_size()));
    }
    for (int j = 0; j < row.values_size(); ++j) {
      if (std::isfinite(row.values(j))) continue;
      wrong.Add(
          IndexPath(FieldPath(place, "values"), static_cast<size_t>(j)),
          absl::StrCat("want a finite value, got ", ShowNumber(row.values(j))));
    }
  }
  if (!equal) return std::nullopt;
  return columns;
}

bool CheckLength(const std::string& path, const v1::InlineData& table,
                 std::vector<Fault>* faults) {
  if (table.labels_size() == table.features_size()) return true;
  faults->push_back({path, absl::StrCat("want ", table.features_size(),
                                        " labels, one for each row, got ",
                                        table.labels_size())});
  return false;
}

// The same of labels that are no signs; without rows when one is wrong.
KnownRows CheckOtherLabels(const std::string& path, const v1::Data& data,
                           OtherLabels labels, std::vector<Fault>* faults) {
  const v1::InlineData& table = data.inline_();
  const bool right_length = CheckLength(path, table, faults);
  ElementFaults wrong(path, faults);
  for (int i = 0; i < table.labels_size(); ++i) {
    std::string message = labels.Add(table.labels(i), 1);
    if (message.empty()) continue;
    wrong.Add(IndexPath(path, static_cast<size_t>(i)), std::move(message));
  }
  if (!wrong.none() || !right_length) return {};
  return labels.Taken(data);
}

// The rows of each class, absent when a label is wrong.
std::optional<ClassCounts> CheckLabels(const std::string& path,
                                       const v1::InlineData& table,
                                       const LabelMap& map,
                                       std::vector<Fault>* faults) {
  const bool right_length = CheckLength(path, table, faults);
  const bool zero_or_one = std::all_of(
      table.labels().begin(), table.labels().end(), [](double label) {
        return label == 0 || label == 1 || !IsNameable(label);
      });
  ClassCounts counts;
  ElementFaults wrong(path, faults);
  for (int i = 0; i < table.labels_size(); ++i) {
    const std::optional<int> sign = map.Map(table.labels(i));
    if (!sign) {
      wrong.Add(IndexPath(path, static_cast<size_t>(i)),
                WrongLabel(map, table.labels(i), zero_or_one));
    } else if (*sign != 0) {
      ++(*sign > 0 ? counts.positive : counts.negative);
    }
  }
  if (!wrong.none() || !right_length) return std::nullopt;
  return counts;
}

NamedLabels NamedLabelsOf(const v1::InlineData& table) {
  NamedLabels labels;
  for (const double label : table.labels()) {
    if (IsNameable(label)) labels.insert(static_cast<int64_t>(label));
  }
  return labels;
}

KnownRows CheckInline(const std::string& path, const v1::Data& data,
                      const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const RowChoice choice = ChoiceOf(data, spec);
  const v1::InlineData& table = data.inline_();
  KnownRows rows;
  rows.columns =
      CheckFeatures(FieldPath(path, "inline.features"), table, faults);
  const LabelKind kind = LabelsOf(spec);
  if (!IsSound(choice, kind)) return rows;
  const std::string labels = FieldPath(path, "inline.labels");
  if (kind == LabelKind::kSigns) {
    rows.counts = CheckLabels(labels, table, LabelMap(choice), faults);
    if (rows.counts) rows.counts = TakeOf(data, *rows.counts);
  } else {
    const std::optional<int64_t> columns = rows.columns;
    rows = CheckOtherLabels(labels, data, OtherLabels(kind, choice), faults);
    rows.columns = columns;
  }
  const std::optional<int64_t> left = CountRows(rows);
  if (left && path == "data" &&
      !CheckListed(data, NamedLabelsOf(table), faults)) {
    KnownRows known;
    known.columns = rows.columns;
    return known;
  }
  if (!left || *left > 0 || table.labels().empty() || TakesNone(data)) {
    return rows;
  }
  faults->push_back({data.has_classes() ? FieldPath(path, "classes") : labels,
                     "want classes that at least one row has, got none"});
  return rows;
}

void CheckDataset(const std::string& path, const std::string& dataset,
                  std::vector<Fault>* faults) {
  if (IsDatasetHash(dataset) || IsLabel(dataset)) return;
  faults->push_back(
      {FieldPath(path, "dataset"),
       absl::StrCat("want a dataset's label, of 1 to 63 characters of "
                    "[a-z0-9-_.], or sha256/ and 64 of [0-9a-f], got ",
                    dataset.empty() ? "nothing" : ShowText(dataset))});
}

void CheckCsv(const std::string& path, const v1::CsvData& csv,
              std::vector<Fault>* faults) {
  const auto most =
      absl::StrCat("want at most ", kMostTextBytes, " bytes, got ");
  CheckDataset(path, csv.dataset(), faults);
  if (csv.label().size() > kMostTextBytes) {
    faults->push_back(
        {FieldPath(path, "label"), absl::StrCat(most, csv.label().size())});
  }
  if (csv.group().size() > kMostTextBytes) {
    faults->push_back(
        {FieldPath(path, "group"), absl::StrCat(most, csv.group().size())});
  }
  const std::string features = FieldPath(path, "features");
  ElementFaults wrong(features, faults);
  std::set<std::string> seen;
  for (int k = 0; k < csv.features_size(); ++k) {
    const std::string& name = csv.features(k);
    const std::string place = IndexPath(features, static_cast<size_t>(k));
    if (name.empty()) {
      wrong.Add(place, "want a column's name or its number, got nothing");
    } else if (name.size() > kMostTextBytes) {
      wrong.Add(place, absl::StrCat(most, name.size()));
    } else if (!seen.insert(name).second || name == csv.label()) {
      wrong.Add(place, absl::StrCat(
                           "want another column than ",
                           name == csv.label() ? "the label's" : "those before",
                           ", got ", ShowText(name)));
    }
  }
}

void CheckCifar(const std::string& path, const v1::CifarData& cifar,
                std::vector<Fault>* faults) {
  constexpr int kMostBatches = 100;
  const std::string batches = FieldPath(path, "batches");
  if (cifar.batches().empty() || cifar.batches_size() > kMostBatches) {
    faults->push_back(
        {batches, absl::StrCat("want 1 to ", kMostBatches, " files, got ",
                               cifar.batches_size())});
  } else {
    for (int i = 0; i < cifar.batches_size(); ++i) {
      CheckDataset(IndexPath(batches, static_cast<size_t>(i)),
                   cifar.batches(i).dataset(), faults);
    }
  }
  if (!v1::CifarLabel_IsValid(cifar.label())) {
    faults->push_back({FieldPath(path, "label"),
                       absl::StrCat("want fine or coarse, got the number ",
                                    static_cast<int>(cifar.label()))});
  }
}

void CheckTake(const std::string& path, const v1::Data& data, LabelKind kind,
               std::vector<Fault>* faults) {
  if (!data.has_take()) return;
  const std::string take = FieldPath(path, "take");
  CheckChoice(take, data.take(), faults);
  if (TakesNone(data)) {
    faults->push_back(
        {FieldPath(take, "first_per_class"), "want at least 1, got 0"});
  } else if (data.take().has_first_per_class()) {
    WantClasses(FieldPath(take, "first_per_class"), kind, faults);
  }
}

}  // namespace

bool CheckListed(const v1::Data& data, const NamedLabels& labels,
                 std::vector<Fault>* faults) {
  constexpr size_t kShown = 10;
  const v1::Classes& classes = data.classes();
  std::vector<int64_t> shown(labels.begin(), labels.end());
  shown.resize(std::min(shown.size(), kShown));
  const std::string there =
      absl::StrCat("; there are ", absl::StrJoin(shown, ", "),
                   labels.size() > kShown ? ", ..." : "");
  bool all = true;
  const auto check = [&](const char* list,
                         const google::protobuf::RepeatedField<int64_t>& from) {
    const std::string path = FieldPath("data.classes", list);
    ElementFaults wrong(path, faults);
    for (int j = 0; j < from.size(); ++j) {
      if (labels.contains(from[j])) continue;
      wrong.Add(IndexPath(path, static_cast<size_t>(j)),
                absl::StrCat("want a label that at least one row has, got ",
                             from[j], there));
    }
    all &= wrong.none();
  };
  check("positive", classes.positive());
  check("negative", classes.negative());
  check("each", classes.each());
  return all;
}

bool IsSound(const RowChoice& choice, LabelKind kind) {
  if (choice.classes == nullptr) return !choice.left_out;
  std::vector<Fault> faults;
  CheckClasses("", *choice.classes, kind, &faults);
  return faults.empty();
}

bool IsStored(const v1::Data& data) {
  return data.has_csv() || data.has_idx() || data.has_npy() || data.has_cifar();
}

KnownRows CheckData(const std::string& path, const v1::Data& data,
                    const v1::RunSpec& spec, std::vector<Fault>* faults) {
  KnownRows rows;
  CheckChoice(path, data, faults);
  if (data.has_inline_()) {
    rows = CheckInline(path, data, spec, faults);
  } else if (IsDerived(data)) {
    CheckDerived(path, data, faults);
  } else if (!IsStored(data)) {
    rows = CheckGenerator(path, data, spec, faults);
  }
  if (data.has_csv()) CheckCsv(FieldPath(path, "csv"), data.csv(), faults);
  if (data.has_idx()) {
    const std::string idx = FieldPath(path, "idx");
    CheckDataset(FieldPath(idx, "images"), data.idx().images().dataset(),
                 faults);
    CheckDataset(FieldPath(idx, "labels"), data.idx().labels().dataset(),
                 faults);
  }
  if (data.has_npy()) {
    const std::string npy = FieldPath(path, "npy");
    CheckDataset(FieldPath(npy, "features"), data.npy().features().dataset(),
                 faults);
    CheckDataset(FieldPath(npy, "labels"), data.npy().labels().dataset(),
                 faults);
  }
  if (data.has_cifar()) {
    CheckCifar(FieldPath(path, "cifar"), data.cifar(), faults);
  }
  if (data.classes().left_out()) {
    CheckLeftOut(FieldPath(path, "classes"), data.classes(), spec, faults);
  } else if (data.has_classes()) {
    CheckClasses(FieldPath(path, "classes"), data.classes(), LabelsOf(spec),
                 faults);
  }
  CheckTake(path, data, LabelsOf(spec), faults);
  CheckAlterations(path, data, LabelsOf(spec), faults);
  return rows;
}

}  // namespace steelyard::server
