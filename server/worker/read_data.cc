#include "server/worker/read_data.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "support/status_macros.h"
#include "training/data/byte_source.h"
#include "training/data/csv.h"
#include "training/data/idx.h"
#include "training/data/selection.h"

namespace steelyard::worker {
namespace {

using training::ByteSource;
using training::Rows;
using training::RowSelection;

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

absl::StatusOr<RowSelection> MakeSelection(const v1::Data& data) {
  RowSelection selection;
  if (data.has_classes()) {
    const v1::Classes& classes = data.classes();
    selection.positive.assign(classes.positive().begin(),
                              classes.positive().end());
    selection.negative.assign(classes.negative().begin(),
                              classes.negative().end());
    if (selection.positive.empty() || selection.negative.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "classes.", selection.positive.empty() ? "positive" : "negative",
          ": want at least one label, got none"));
    }
    const std::set<int64_t> positive(selection.positive.begin(),
                                     selection.positive.end());
    for (const int64_t label : selection.negative) {
      if (positive.contains(label)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "classes: want no label in both lists, got ", label, " in both"));
      }
    }
  }
  if (!data.has_take()) return selection;
  switch (data.take().selection_case()) {
    case v1::Take::kFirstPerClass:
      if (data.take().first_per_class() == 0) {
        return absl::InvalidArgumentError(
            "take.first_per_class: want at least 1, got 0");
      }
      selection.first_per_class = static_cast<int64_t>(
          std::min(data.take().first_per_class(), uint64_t{kMost}));
      return selection;
    case v1::Take::SELECTION_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("take: want first_per_class, got nothing");
}

absl::Status CheckInline(const v1::InlineData& table) {
  if (table.features_size() == 0) {
    return absl::InvalidArgumentError(
        "inline.features: want at least one row, got none");
  }
  const int columns = table.features(0).values_size();
  if (columns == 0) {
    return absl::InvalidArgumentError(
        "inline.features[0]: want at least one value, got none");
  }
  for (int i = 0; i < table.features_size(); ++i) {
    const v1::Row& row = table.features(i);
    if (row.values_size() != columns) {
      return absl::InvalidArgumentError(
          absl::StrCat("inline.features[", i, "]: want ", columns,
                       " values as in the first row, got ", row.values_size()));
    }
    for (int j = 0; j < columns; ++j) {
      if (!std::isfinite(row.values(j))) {
        return absl::InvalidArgumentError(
            absl::StrCat("inline.features[", i, "][", j,
                         "]: want a finite value, got ", row.values(j)));
      }
    }
  }
  if (table.labels_size() != table.features_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("inline.labels: want ", table.features_size(),
                     " values, one for each row, got ", table.labels_size()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Rows> ReadInline(const v1::InlineData& table,
                                const RowSelection& selection) {
  STEELYARD_RETURN_IF_ERROR(CheckInline(table));
  Rows rows;
  rows.columns = table.features(0).values_size();
  training::RowPicker picker(selection);
  for (int i = 0; i < table.features_size(); ++i) {
    absl::StatusOr<int> sign = picker.Pick(table.labels(i));
    if (!sign.ok()) {
      return Within(absl::StrCat("inline.labels[", i, "]"), sign.status());
    }
    if (*sign == 0) continue;
    const auto& values = table.features(i).values();
    rows.features.insert(rows.features.end(), values.begin(), values.end());
    rows.labels.push_back(*sign);
  }
  if (absl::Status none = picker.CheckSome(); !none.ok()) {
    return Within("inline.labels", none);
  }
  rows.rows = picker.rows();
  return rows;
}

// What is wrong with a stored file is a fault of the dataset, not of the spec.
absl::Status DatasetFault(absl::string_view where, const absl::Status& status) {
  if (status.code() == absl::StatusCode::kInternal) {
    return Within(where, status);
  }
  return absl::FailedPreconditionError(
      absl::StrCat(where, ": ", status.message()));
}

absl::Status CheckNamed(absl::string_view dataset) {
  if (!dataset.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("dataset: want sha256/HEX, got nothing");
}

absl::StatusOr<std::unique_ptr<ByteSource>> Open(const v1::DatasetFile& file,
                                                 const LeasedFiles& files) {
  return ByteSource::OpenFile(file.path(), files.inflated_bytes_limit());
}

// How many rows of a file will be wanted, by the counts of its labels.
int64_t CountRows(
    const google::protobuf::RepeatedPtrField<v1::ValueCount>& labels,
    int64_t rows, const RowSelection& selection) {
  const int64_t take = selection.first_per_class;
  const bool all = selection.positive.empty() && selection.negative.empty();
  if (labels.empty()) {
    return take > rows / 2 ? rows : 2 * take;
  }
  int64_t positive = 0;
  int64_t negative = 0;
  const auto holds = [](const std::vector<int64_t>& list, double value) {
    return std::any_of(list.begin(), list.end(), [value](int64_t label) {
      return static_cast<double>(label) == value;
    });
  };
  for (const v1::ValueCount& label : labels) {
    if (all ? label.value() > 0 : holds(selection.positive, label.value())) {
      positive += label.count();
    } else if (all || holds(selection.negative, label.value())) {
      negative += label.count();
    }
  }
  return std::min(positive, take) + std::min(negative, take);
}

// The label's column of an inspected CSV file; null when there is none.
const v1::ColumnSummary* LabelColumn(const v1::DatasetSummary& summary,
                                     const std::string& label) {
  std::vector<std::string> names;
  for (const v1::ColumnSummary& column : summary.columns()) {
    names.push_back(column.name());
  }
  if (names.empty()) return nullptr;
  absl::StatusOr<int64_t> found = training::FindLabelColumn(names, label);
  return found.ok() ? &summary.columns(static_cast<int>(*found)) : nullptr;
}

int64_t CountCsvRows(const v1::DatasetSummary& summary,
                     const std::string& label, const RowSelection& selection) {
  const v1::ColumnSummary* column = LabelColumn(summary, label);
  if (column == nullptr || summary.shape_size() != 2) return 0;
  return CountRows(column->values(), summary.shape(0), selection);
}

absl::StatusOr<Rows> ReadCsvRows(const v1::CsvData& csv,
                                 const RowSelection& selection,
                                 const LeasedFiles& files) {
  absl::StatusOr<const v1::DatasetFile*> file =
      files.Find(csv.dataset(), v1::DATASET_FORM_CSV);
  if (!file.ok()) return Within("csv", file.status());
  absl::StatusOr<std::unique_ptr<ByteSource>> source = Open(**file, files);
  if (!source.ok()) return DatasetFault("csv", source.status());
  absl::StatusOr<Rows> rows = training::ReadCsv(
      **source, csv.label(), selection,
      CountCsvRows((*file)->summary(), csv.label(), selection));
  if (!rows.ok()) return DatasetFault("csv", rows.status());
  return rows;
}

absl::StatusOr<Rows> ReadIdxRows(const v1::IdxData& idx,
                                 const RowSelection& selection,
                                 const LeasedFiles& files) {
  for (const auto& [field, file] : {std::pair("idx.images", &idx.images()),
                                    {"idx.labels", &idx.labels()}}) {
    if (absl::Status bad = CheckNamed(file->dataset()); !bad.ok()) {
      return Within(field, bad);
    }
  }
  absl::StatusOr<const v1::DatasetFile*> image_file =
      files.Find(idx.images().dataset(), v1::DATASET_FORM_IDX);
  if (!image_file.ok()) return Within("idx.images", image_file.status());
  absl::StatusOr<const v1::DatasetFile*> label_file =
      files.Find(idx.labels().dataset(), v1::DATASET_FORM_IDX);
  if (!label_file.ok()) return Within("idx.labels", label_file.status());
  absl::StatusOr<std::unique_ptr<ByteSource>> images =
      Open(**image_file, files);
  if (!images.ok()) return DatasetFault("idx.images", images.status());
  absl::StatusOr<std::unique_ptr<ByteSource>> labels =
      Open(**label_file, files);
  if (!labels.ok()) return DatasetFault("idx.labels", labels.status());
  absl::StatusOr<Rows> rows = training::ReadIdx(**images, **labels, selection);
  if (!rows.ok()) return DatasetFault("idx", rows.status());
  return rows;
}

absl::StatusOr<Rows> ReadSource(const v1::Data& data,
                                const LeasedFiles& files) {
  if (data.source_case() == v1::Data::SOURCE_NOT_SET) {
    return absl::InvalidArgumentError("want inline, csv or idx, got nothing");
  }
  STEELYARD_ASSIGN_OR_RETURN(const RowSelection selection, MakeSelection(data));
  switch (data.source_case()) {
    case v1::Data::kInline:
      return ReadInline(data.inline_(), selection);
    case v1::Data::kCsv:
      return ReadCsvRows(data.csv(), selection, files);
    case v1::Data::kIdx:
      return ReadIdxRows(data.idx(), selection, files);
    case v1::Data::SOURCE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("want a source, got nothing");
}

// a * b, at most kMost; both at least 0.
int64_t BoundedProduct(int64_t a, int64_t b) {
  return b > 0 && a > kMost / b ? kMost : a * b;
}

}  // namespace

LeasedFiles::LeasedFiles(const v1::TrainLease& lease)
    : inflated_bytes_limit_(lease.inflated_bytes_limit()) {
  for (const v1::DatasetFile& file : lease.files()) {
    files_[file.dataset()] = &file;
  }
}

absl::StatusOr<const v1::DatasetFile*> LeasedFiles::Find(
    absl::string_view dataset, v1::DatasetForm form) const {
  STEELYARD_RETURN_IF_ERROR(CheckNamed(dataset));
  const auto found = files_.find(std::string(dataset));
  if (found == files_.end()) {
    return absl::InternalError(
        absl::StrCat("dataset: want one of the lease's files, got ", dataset));
  }
  if (found->second->form() != form) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset: want a file of the form ", v1::DatasetForm_Name(form),
        ", got ", v1::DatasetForm_Name(found->second->form())));
  }
  return found->second;
}

absl::StatusOr<Rows> ReadRows(const v1::Data& data, const std::string& field,
                              const LeasedFiles& files) {
  absl::StatusOr<Rows> rows = ReadSource(data, files);
  if (rows.ok()) return rows;
  if (data.source_case() == v1::Data::SOURCE_NOT_SET) {
    return Within(field, rows.status());
  }
  return absl::Status(rows.status().code(),
                      absl::StrCat(field, ".", rows.status().message()));
}

int64_t EstimateRowBytes(const v1::Data& data, const LeasedFiles& files) {
  absl::StatusOr<RowSelection> selection = MakeSelection(data);
  if (!selection.ok()) return 0;
  int64_t rows = 0;
  int64_t columns = 0;
  if (data.has_csv()) {
    const auto file = files.Find(data.csv().dataset(), v1::DATASET_FORM_CSV);
    if (!file.ok()) return 0;
    rows = CountCsvRows((*file)->summary(), data.csv().label(), *selection);
    columns = (*file)->summary().columns_size() - 1;
  }
  if (data.has_idx()) {
    const auto images =
        files.Find(data.idx().images().dataset(), v1::DATASET_FORM_IDX);
    const auto labels =
        files.Find(data.idx().labels().dataset(), v1::DATASET_FORM_IDX);
    if (!images.ok() || !labels.ok()) return 0;
    const v1::DatasetSummary& summary = (*images)->summary();
    if (summary.shape().empty()) return 0;
    rows =
        CountRows((*labels)->summary().values(), summary.shape(0), *selection);
    columns = 1;
    for (int k = 1; k < summary.shape_size(); ++k) {
      columns = BoundedProduct(columns, summary.shape(k));
    }
  }
  constexpr int64_t kBytes = sizeof(double);
  return BoundedProduct(BoundedProduct(rows, kBytes), columns + 1);
}

}  // namespace steelyard::worker
