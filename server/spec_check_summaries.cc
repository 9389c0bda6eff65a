#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/spec_check.h"
#include "server/spec_columns.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"

namespace steelyard::server {
namespace {

using Counts = google::protobuf::RepeatedPtrField<v1::ValueCount>;

std::string NameOf(v1::DatasetForm form) {
  switch (form) {
    case v1::DATASET_FORM_CSV:
      return "csv";
    case v1::DATASET_FORM_IDX:
      return "idx";
    case v1::DATASET_FORM_NPY:
      return "npy";
    case v1::DATASET_FORM_CIFAR:
      return "cifar";
    default:
      return "an unknown form";
  }
}

std::string ShowShape(const v1::DatasetSummary& summary) {
  return absl::StrCat(summary.dtype(), " [",
                      absl::StrJoin(summary.shape(), ", "), "]");
}

// Checks one set against what is known of its datasets.
class SetChecker {
 public:
  SetChecker(std::string path, const v1::Data& data, const v1::RunSpec& spec,
             const std::map<std::string, KnownDataset>& known,
             std::vector<Fault>* faults)
      : path_(std::move(path)),
        data_(data),
        choice_(ChoiceOf(data, spec)),
        kind_(LabelsOf(spec)),
        labels_(choice_),
        known_(known),
        faults_(faults) {}

  KnownRows Check() {
    if (data_.has_csv()) return CheckCsv();
    if (data_.has_idx()) return CheckIdx();
    if (data_.has_npy()) return CheckNpy();
    if (data_.has_cifar()) return CheckCifar();
    return {};
  }

 private:
  void Add(absl::string_view field, std::string message) {
    faults_->push_back({FieldPath(path_, field), std::move(message)});
  }

  // Null: not known yet, or of another form, which is then a fault.
  const v1::DatasetSummary* Find(absl::string_view field,
                                 const std::string& dataset,
                                 v1::DatasetForm form) {
    const auto found = known_.find(dataset);
    if (found == known_.end()) return nullptr;
    const v1::DatasetSummary& summary = found->second.summary;
    if (found->second.form == form) {
      return summary.shape().empty() ? nullptr : &summary;
    }
    Add(FieldPath(field, "dataset"),
        absl::StrCat("want a dataset of the form ", NameOf(form), ", got ",
                     NameOf(found->second.form)));
    return nullptr;
  }

  KnownRows CheckCsv() {
    const v1::DatasetSummary* summary =
        Find("csv", data_.csv().dataset(), v1::DATASET_FORM_CSV);
    if (summary == nullptr) return {};
    if (summary->columns_size() < 2) {
      Add("csv.dataset",
          absl::StrCat("want at least two columns, a feature and "
                       "a label, got ",
                       summary->columns_size()));
      return {};
    }
    const MeantColumns meant = FindColumns(path_, data_, *summary, faults_);
    KnownRows rows;
    rows.columns = meant.features;
    if (meant.group) rows.groups = CheckGroups(summary->columns(*meant.group));
    if (!meant.label) return rows;
    const v1::ColumnSummary& column = summary->columns(*meant.label);
    if (!column.numeric() || column.non_finite() > 0) {
      Add("csv.label",
          absl::StrCat(kind_ == LabelKind::kNumbers
                           ? "want a column of numbers, got "
                           : "want a column of whole numbers, got ",
                       ShowText(column.name()), ", which has ",
                       column.numeric() ? "NaN or infinities" : "text",
                       TextPlace(column)));
      return rows;
    }
    CountLabels("csv.label", column.values(), &rows);
    return rows;
  }

  // How many groups the rows have, as far as it is known: where no row is left
  // out, all of the column's.
  int64_t CheckGroups(const v1::ColumnSummary& column) {
    if (choice_.classes != nullptr || data_.has_take()) return 0;
    for (const v1::TextCount& text : column.texts()) {
      if (!text.text().empty()) continue;
      Add("csv.group",
          absl::StrCat("want a text in every row, got ", text.count(),
                       text.count() == 1 ? " row" : " rows", " without"));
    }
    // Different numbers are different texts.
    return std::max<int64_t>(column.distinct(), column.values_size());
  }

  KnownRows CheckIdx() {
    const v1::DatasetSummary* images = Find(
        "idx.images", data_.idx().images().dataset(), v1::DATASET_FORM_IDX);
    const v1::DatasetSummary* labels = Find(
        "idx.labels", data_.idx().labels().dataset(), v1::DATASET_FORM_IDX);
    KnownRows rows;
    if (images != nullptr && CheckImages(*images)) {
      rows.columns = RowLength(*images);
    }
    CheckLabelList("idx.labels.dataset", labels, images, "images", &rows);
    return rows;
  }

  bool CheckImages(const v1::DatasetSummary& images) {
    if (images.shape_size() >= 2 && images.dtype() == "uint8") return true;
    Add("idx.images.dataset",
        absl::StrCat("want images, at least two dimensions of uint8, got ",
                     ShowShape(images)));
    return false;
  }

  KnownRows CheckNpy() {
    const v1::DatasetSummary* features = Find(
        "npy.features", data_.npy().features().dataset(), v1::DATASET_FORM_NPY);
    const v1::DatasetSummary* labels = Find(
        "npy.labels", data_.npy().labels().dataset(), v1::DATASET_FORM_NPY);
    KnownRows rows;
    if (features != nullptr && CheckFinite("npy.features.dataset", *features)) {
      rows.columns = RowLength(*features);
    }
    CheckLabelList("npy.labels.dataset", labels, features, "rows of features",
                   &rows);
    return rows;
  }

  KnownRows CheckCifar() {
    const bool coarse = data_.cifar().label() == v1::CIFAR_LABEL_COARSE;
    const v1::DatasetSummary* first = nullptr;
    Counts values;
    bool complete = true;
    for (int i = 0; i < data_.cifar().batches_size(); ++i) {
      const v1::DatasetSummary* batch = FindBatch(i, first);
      complete = complete && batch != nullptr;
      if (batch == nullptr) continue;
      if (first == nullptr) first = batch;
      const int label = coarse ? 0 : batch->columns_size() - 1;
      values.MergeFrom(batch->columns(label).values());
    }
    if (first == nullptr) return {};
    KnownRows rows;
    rows.columns = RowLength(*first);
    if (coarse && first->columns_size() == 1) {
      Add("cifar.label", "want fine, the only label of CIFAR-10, got coarse");
      return rows;
    }
    if (complete) CountLabels("cifar.label", values, &rows);
    return rows;
  }

  // Null also, with a fault, when it is not of the kind of the first one known.
  const v1::DatasetSummary* FindBatch(int number,
                                      const v1::DatasetSummary* first) {
    const std::string field = absl::StrCat("cifar.batches[", number, "]");
    const v1::DatasetSummary* batch = Find(
        field, data_.cifar().batches(number).dataset(), v1::DATASET_FORM_CIFAR);
    if (batch == nullptr || batch->columns().empty()) return nullptr;
    if (first == nullptr || first->columns_size() == batch->columns_size()) {
      return batch;
    }
    const auto kind = [](const v1::DatasetSummary& summary) {
      return summary.columns_size() == 1 ? "CIFAR-10" : "CIFAR-100";
    };
    Add(FieldPath(field, "dataset"),
        absl::StrCat("want ", kind(*first), " as in the batches before, got ",
                     kind(*batch)));
    return nullptr;
  }

  bool CheckFinite(absl::string_view field, const v1::DatasetSummary& summary) {
    if (summary.non_finite() == 0) return true;
    Add(field, absl::StrCat("want finite values, got ", summary.non_finite(),
                            " that are NaN or an infinity"));
    return false;
  }

  // The labels that belong to `features`, of which there are so many `what`;
  // either is null when it is not known.
  void CheckLabelList(absl::string_view field, const v1::DatasetSummary* labels,
                      const v1::DatasetSummary* features,
                      absl::string_view what, KnownRows* rows) {
    if (labels == nullptr) return;
    if (labels->shape_size() != 1) {
      Add(field,
          absl::StrCat("want labels, one dimension, got ", ShowShape(*labels)));
      return;
    }
    if (features != nullptr && features->shape(0) != labels->shape(0)) {
      Add(field, absl::StrCat("want a label for each of ", features->shape(0),
                              " ", what, ", got ", labels->shape(0)));
      return;
    }
    if (!CheckFinite(field, *labels)) return;
    CountLabels(field, labels->values(), rows);
    if (kind_ == LabelKind::kNumbers) rows->rows = labels->shape(0);
  }

  // The features of a row of [n, ...].
  static int64_t RowLength(const v1::DatasetSummary& features) {
    int64_t length = 1;
    for (int k = 1; k < features.shape_size(); ++k) {
      if (__builtin_mul_overflow(length, features.shape(k), &length)) {
        return std::numeric_limits<int64_t>::max();
      }
    }
    return length;
  }

  // What `classes` and `take` leave; nothing, and a fault, when a label is
  // wrong or no row is left; nothing when there are too many distinct labels to
  // know.
  void CountLabels(absl::string_view field, const Counts& values,
                   KnownRows* rows) {
    if (kind_ == LabelKind::kNumbers) return;
    if (!IsSound(choice_, kind_)) return;
    if (values.empty() && choice_.classes == nullptr) {
      Add(field, kind_ == LabelKind::kSigns
                     ? absl::StrCat("labels must be -1 and +1, got more than "
                                    "1000 different ones",
                                    kUseClasses)
                     : absl::StrCat("want at most ", kMostClasses,
                                    " classes, got more"));
    }
    if (values.empty()) return;
    const bool counted = kind_ == LabelKind::kSigns
                             ? CountSigns(field, values, rows)
                             : CountClasses(field, values, rows);
    if (!counted) return;
    if (CheckListedOf(values)) {
      if (*CountRows(*rows) > 0 || TakesNone(data_)) return;
      Add(data_.has_classes() ? "classes" : field,
          "want classes that at least one row has, got none");
    }
    rows->counts.reset();
    rows->rows.reset();
    rows->class_rows.clear();
  }

  bool CheckListedOf(const Counts& values) {
    if (path_ != "data") return true;
    NamedLabels labels;
    for (const v1::ValueCount& value : values) {
      if (!IsNameable(value.value())) continue;
      labels.insert(static_cast<int64_t>(value.value()));
    }
    return CheckListed(data_, labels, faults_);
  }

  bool CountSigns(absl::string_view field, const Counts& values,
                  KnownRows* rows) {
    const bool zero_or_one = std::all_of(
        values.begin(), values.end(), [](const v1::ValueCount& value) {
          return value.value() == 0 || value.value() == 1 ||
                 !IsNameable(value.value());
        });
    ClassCounts counts;
    for (const v1::ValueCount& value : values) {
      const std::optional<int> sign = labels_.Map(value.value());
      if (!sign) {
        AddWrongLabel(field, WrongLabel(labels_, value.value(), zero_or_one),
                      value);
        return false;
      }
      if (*sign > 0) counts.positive += value.count();
      if (*sign < 0) counts.negative += value.count();
    }
    rows->counts = TakeOf(data_, counts);
    return true;
  }

  bool CountClasses(absl::string_view field, const Counts& values,
                    KnownRows* rows) {
    OtherLabels labels(kind_, choice_);
    for (const v1::ValueCount& value : values) {
      const std::string wrong = labels.Add(value.value(), value.count());
      if (wrong.empty()) continue;
      AddWrongLabel(field, wrong, value);
      return false;
    }
    const KnownRows taken = labels.Taken(data_);
    rows->rows = taken.rows;
    rows->most_class = taken.most_class;
    rows->class_rows = taken.class_rows;
    return true;
  }

  void AddWrongLabel(absl::string_view field, const std::string& wrong,
                     const v1::ValueCount& value) {
    Add(field, absl::StrCat(wrong, " (in ", value.count(),
                            value.count() == 1 ? " row)" : " rows)"));
  }

  const std::string path_;
  const v1::Data& data_;
  const RowChoice choice_;
  const LabelKind kind_;
  const LabelMap labels_;
  const std::map<std::string, KnownDataset>& known_;
  std::vector<Fault>* const faults_;
};

// Rows without a file were checked before; only their shape is wanted here.
KnownRows RowsOf(const std::string& path, const v1::Data& data,
                 const v1::RunSpec& spec,
                 const std::map<std::string, KnownDataset>& known,
                 std::vector<Fault>* faults) {
  if (IsStored(data)) {
    return SetChecker(path, data, spec, known, faults).Check();
  }
  std::vector<Fault> ignored;
  return CheckData(path, data, spec, &ignored);
}

}  // namespace

std::vector<Fault> CheckAgainstSummaries(
    const v1::RunSpec& spec, const std::map<std::string, KnownDataset>& known) {
  std::vector<Fault> faults;
  SpecRows rows;
  rows.train = RowsOf("data", spec.data(), spec, known, &faults);
  std::vector<std::string> names;
  for (const auto& [name, set] : spec.test_sets()) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    rows.tests[name] = RowsOf(KeyPath("test_sets", name),
                              spec.test_sets().at(name), spec, known, &faults);
  }
  if (spec.target().has_data()) {
    rows.tests[kTargetSet] =
        RowsOf(kTargetPath, spec.target().data(), spec, known, &faults);
  }
  ApplyAlterations(spec, &rows, &faults);
  DeriveSets(spec, &rows, &faults);
  CheckTogether(spec, rows, &faults);
  return faults;
}

}  // namespace steelyard::server
