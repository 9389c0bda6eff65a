#include "server/worker/read_data.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/worker/draw_rows.h"
#include "server/worker/failure.h"
#include "support/status_macros.h"
#include "training/data/selection.h"

namespace steelyard::worker {
namespace {

using training::Rows;
using training::RowSelection;

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

using training::LabelValues;

absl::Status CheckSigns(const v1::Classes& classes) {
  if (!classes.each().empty()) {
    return Wrong(
        "classes.each: want it where there are several classes, in data too");
  }
  if (classes.positive().empty() || classes.negative().empty()) {
    return Wrong("classes.",
                 classes.positive().empty() ? "positive" : "negative",
                 ": want at least one label, got none");
  }
  const std::set<int64_t> positive(classes.positive().begin(),
                                   classes.positive().end());
  for (const int64_t label : classes.negative()) {
    if (!positive.contains(label)) continue;
    return Wrong("classes: want no label in both lists, got ", label,
                 " in both");
  }
  return absl::OkStatus();
}

absl::Status CheckEach(const v1::Classes& classes) {
  if (!classes.positive().empty() || !classes.negative().empty()) {
    return Wrong(
        "classes: want each alone where there are several classes, got ",
        classes.positive().empty() ? "negative" : "positive");
  }
  if (classes.each_size() < 2 || classes.each_size() > training::kMostClasses) {
    return Wrong("classes.each: want 2 to ", training::kMostClasses,
                 " labels, got ", classes.each_size());
  }
  const std::set<int64_t> labels(classes.each().begin(), classes.each().end());
  if (std::ssize(labels) == classes.each_size()) return absl::OkStatus();
  return Wrong("classes.each: want each label once, got one twice");
}

absl::Status CheckClasses(const v1::Classes& classes, LabelValues labels) {
  switch (labels) {
    case LabelValues::kSigns:
      return CheckSigns(classes);
    case LabelValues::kClasses:
      return CheckEach(classes);
    case LabelValues::kNumbers:
      break;
  }
  return Wrong("classes: want them in data too, or nowhere");
}

// The lists that a test set's `left_out` leaves out.
absl::StatusOr<v1::Classes> ListsLeftOut(const v1::RunSpec& spec,
                                         const v1::Data& data) {
  const v1::Classes& own = data.classes();
  if (!own.positive().empty() || !own.negative().empty() ||
      !own.each().empty()) {
    return Wrong("classes: want lists of labels or left_out, got both");
  }
  const v1::Classes& others = spec.data().classes();
  if (others.left_out()) {
    return Wrong(
        "classes.left_out: want it in a test set alone, got it in "
        "data");
  }
  if (!spec.data().has_classes()) {
    return Wrong(
        "classes.left_out: want data.classes, which leave labels out, "
        "got none");
  }
  return others;
}

absl::StatusOr<RowSelection> MakeSelection(const v1::RunSpec& spec,
                                           const v1::Data& data) {
  RowSelection selection;
  selection.labels = LabelsOf(spec);
  if (data.has_classes()) {
    v1::Classes classes = data.classes();
    selection.left_out = classes.left_out();
    if (selection.left_out) {
      STEELYARD_ASSIGN_OR_RETURN(classes, ListsLeftOut(spec, data));
    }
    STEELYARD_RETURN_IF_ERROR(CheckClasses(classes, selection.labels));
    selection.positive.assign(classes.positive().begin(),
                              classes.positive().end());
    selection.negative.assign(classes.negative().begin(),
                              classes.negative().end());
    selection.each.assign(classes.each().begin(), classes.each().end());
  }
  if (!data.has_take()) return selection;
  switch (data.take().selection_case()) {
    case v1::Take::kFirstPerClass:
      if (data.take().first_per_class() == 0) {
        return Wrong("take.first_per_class: want at least 1, got 0");
      }
      if (selection.labels == LabelValues::kNumbers) {
        return Wrong(
            "take.first_per_class: want labels that are classes, got "
            "the loss squared without classes");
      }
      selection.first_per_class = static_cast<int64_t>(
          std::min(data.take().first_per_class(), uint64_t{kMost}));
      return selection;
    case v1::Take::SELECTION_NOT_SET:
      break;
  }
  return Wrong("take: want first_per_class, got nothing");
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
    absl::StatusOr<std::optional<double>> label = picker.Pick(table.labels(i));
    if (!label.ok()) {
      return Within(absl::StrCat("inline.labels[", i, "]"), label.status());
    }
    if (!label->has_value()) continue;
    const auto& values = table.features(i).values();
    rows.features.insert(rows.features.end(), values.begin(), values.end());
    rows.labels.push_back(**label);
  }
  if (absl::Status none = picker.CheckSome(); !none.ok()) {
    return Within("inline.labels", none);
  }
  rows.rows = picker.rows();
  return rows;
}

absl::StatusOr<Rows> ReadSource(const v1::RunSpec& spec, const v1::Data& data,
                                const std::string& field,
                                const LeasedFiles& files) {
  if (data.source_case() == v1::Data::SOURCE_NOT_SET) {
    return absl::InvalidArgumentError("want a source of rows, got nothing");
  }
  STEELYARD_ASSIGN_OR_RETURN(RowSelection selection, MakeSelection(spec, data));
  selection.every_label = field == "data";
  switch (data.source_case()) {
    case v1::Data::kInline:
      return ReadInline(data.inline_(), selection);
    case v1::Data::kCsv:
      return ReadFiles(data.csv(), selection, files);
    case v1::Data::kIdx:
      return ReadFiles(data.idx(), selection, files);
    case v1::Data::kNpy:
      return ReadFiles(data.npy(), selection, files);
    case v1::Data::kCifar:
      return ReadFiles(data.cifar(), selection, files);
    default:
      return DrawRows(data, field, selection);
  }
}

// a * b, at most kMost; both at least 0.
int64_t BoundedProduct(int64_t a, int64_t b) {
  return b > 0 && a > kMost / b ? kMost : a * b;
}

int64_t BoundedSum(int64_t a, int64_t b) { return std::min(a, kMost - b) + b; }

}  // namespace

training::LabelValues LabelsOf(const v1::RunSpec& spec) {
  const v1::Loss& loss = spec.loss();
  if (loss.has_softmax_cross_entropy()) return LabelValues::kClasses;
  const bool either = loss.has_focal() || loss.has_ldam() ||
                      loss.has_logit_adjusted() || loss.has_cdt() ||
                      loss.has_vs() || loss.has_pairwise_margin();
  if (either && spec.data().classes().each_size() > 0) {
    return LabelValues::kClasses;
  }
  const bool signs = !spec.loss().has_squared() || spec.data().has_classes();
  return signs ? LabelValues::kSigns : LabelValues::kNumbers;
}

absl::StatusOr<Rows> ReadRows(const v1::RunSpec& spec, const v1::Data& data,
                              const std::string& field,
                              const LeasedFiles& files) {
  absl::StatusOr<Rows> rows = ReadSource(spec, data, field, files);
  if (rows.ok()) return rows;
  if (data.source_case() == v1::Data::SOURCE_NOT_SET) {
    return Within(field, rows.status());
  }
  return absl::Status(rows.status().code(),
                      absl::StrCat(field, ".", rows.status().message()));
}

absl::StatusOr<std::vector<training::GaussianPart>> PartsOf(
    const v1::RunSpec& spec, const v1::Data& data) {
  STEELYARD_ASSIGN_OR_RETURN(const RowSelection selection,
                             MakeSelection(spec, data));
  return DrawnParts(data, selection);
}

absl::StatusOr<training::CsvParts> ReadSplitRows(const v1::RunSpec& spec,
                                                 const LeasedFiles& files) {
  const v1::Data& data = spec.data();
  absl::StatusOr<RowSelection> selection = MakeSelection(spec, data);
  absl::StatusOr<training::CsvParts> parts =
      selection.ok()
          ? ReadCsvParts(data.csv(), data.split().by(), *selection, files)
          : selection.status();
  if (parts.ok()) return parts;
  return absl::Status(parts.status().code(),
                      absl::StrCat("data.", parts.status().message()));
}

TableSize EstimateTable(const v1::RunSpec& spec, const v1::Data& data,
                        const LeasedFiles& files) {
  absl::StatusOr<RowSelection> selection = MakeSelection(spec, data);
  if (!selection.ok()) return {};
  if (data.has_inline_()) {
    const v1::InlineData& table = data.inline_();
    return {0, table.features().empty() ? 0 : table.features(0).values_size()};
  }
  if (IsStored(data)) return EstimateSize(data, *selection, files);
  return DrawnSize(data);
}

int64_t TableBytes(const TableSize& size) {
  constexpr int64_t kBytes = sizeof(double);
  return BoundedProduct(BoundedProduct(size.rows, kBytes),
                        BoundedSum(size.columns, 1));
}

int64_t EstimateRowBytes(const v1::RunSpec& spec, const v1::Data& data,
                         const LeasedFiles& files) {
  const int64_t bytes = TableBytes(EstimateTable(spec, data, files));
  // The part that becomes a test set stands twice for a moment.
  const double fraction = data.split().test_fraction();
  if (!(fraction > 0 && fraction < 1) || bytes == kMost) return bytes;
  return BoundedSum(
      bytes, static_cast<int64_t>(fraction * static_cast<double>(bytes)));
}

}  // namespace steelyard::worker
