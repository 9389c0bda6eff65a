#include "server/worker/read_files.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/worker/failure.h"
#include "support/status_macros.h"
#include "training/data/byte_source.h"
#include "training/data/cifar.h"
#include "training/data/csv.h"
#include "training/data/idx.h"
#include "training/data/npy.h"

namespace steelyard::worker {
namespace {

using training::ByteSource;
using training::Rows;
using training::RowSelection;

// What is wrong with a stored file is a fault of the dataset, not of the spec.
absl::Status DatasetFault(absl::string_view where, const absl::Status& status) {
  if (status.code() == absl::StatusCode::kInternal) {
    return Within(where, status);
  }
  return absl::FailedPreconditionError(
      absl::StrCat(where, ": ", status.message()));
}

// A field of a spec that names a file.
struct NamedFile {
  absl::string_view field;  // idx.images
  const v1::DatasetReference& reference;
};

absl::Status CheckNamed(const NamedFile& file) {
  if (!file.reference.dataset().empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(file.field, ": dataset: want sha256/HEX, got nothing"));
}

absl::StatusOr<std::unique_ptr<ByteSource>> Open(const NamedFile& file,
                                                 v1::DatasetForm form,
                                                 const LeasedFiles& files) {
  const auto found = files.Find(file.reference.dataset(), form);
  if (!found.ok()) return Within(file.field, found.status());
  absl::StatusOr<std::unique_ptr<ByteSource>> source = files.Open(**found);
  if (!source.ok()) return DatasetFault(file.field, source.status());
  return source;
}

using PairReader = absl::StatusOr<Rows>(ByteSource& features,
                                        ByteSource& labels,
                                        const RowSelection& selection);

// Rows out of a file of features and a file of labels.
absl::StatusOr<Rows> ReadPair(const NamedFile& features,
                              const NamedFile& labels, v1::DatasetForm form,
                              PairReader* read, const RowSelection& selection,
                              const LeasedFiles& files) {
  // A spec that names no file is wrong, whatever the lease holds.
  STEELYARD_RETURN_IF_ERROR(CheckNamed(features));
  STEELYARD_RETURN_IF_ERROR(CheckNamed(labels));
  STEELYARD_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> feature_source,
                             Open(features, form, files));
  STEELYARD_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> label_source,
                             Open(labels, form, files));
  absl::StatusOr<Rows> rows = read(*feature_source, *label_source, selection);
  if (rows.ok()) return rows;
  const absl::string_view key =
      features.field.substr(0, features.field.find('.'));
  return DatasetFault(key, rows.status());
}

// How many rows of a file will be wanted, by the counts of its labels.
int64_t CountRows(
    const google::protobuf::RepeatedPtrField<v1::ValueCount>& labels,
    int64_t rows, const RowSelection& selection) {
  const int64_t take = selection.first_per_class;
  if (labels.empty()) {
    if (selection.labels != training::LabelValues::kSigns) return rows;
    return take > rows / 2 ? rows : 2 * take;
  }
  const training::RowPicker picker(selection);
  std::map<double, int64_t> counts;  // by what the label becomes
  for (const v1::ValueCount& label : labels) {
    const absl::StatusOr<std::optional<double>> wanted =
        picker.Map(label.value());
    if (wanted.ok() && wanted->has_value()) counts[**wanted] += label.count();
  }
  int64_t sum = 0;
  for (const auto& [label, count] : counts) sum += std::min(count, take);
  return sum;
}

training::CsvColumns ColumnsOf(const v1::CsvData& csv,
                               const v1::ColumnSplit& split) {
  return {.label = csv.label(),
          .features = {csv.features().begin(), csv.features().end()},
          .group = csv.group(),
          .split = {.column = split.column(),
                    .texts = {split.test().begin(), split.test().end()}}};
}

TableSize EstimateCsv(const v1::CsvData& csv, const v1::ColumnSplit& split,
                      const RowSelection& selection, const LeasedFiles& files) {
  const auto file = files.Find(csv.dataset(), v1::DATASET_FORM_CSV);
  if (!file.ok()) return {};
  const v1::DatasetSummary& summary = (*file)->summary();
  std::vector<std::string> names;
  for (const v1::ColumnSummary& column : summary.columns()) {
    names.push_back(column.name());
  }
  const absl::StatusOr<training::CsvPlaces> places =
      training::FindCsvColumns(names, ColumnsOf(csv, split));
  if (!places.ok() || summary.shape_size() != 2) return {};
  const int label = static_cast<int>(places->label);
  return {
      CountRows(summary.columns(label).values(), summary.shape(0), selection),
      std::ssize(places->features)};
}

// Of a file of features and a file of labels.
TableSize EstimatePair(const v1::DatasetReference& features,
                       const v1::DatasetReference& labels, v1::DatasetForm form,
                       const RowSelection& selection,
                       const LeasedFiles& files) {
  const auto feature_file = files.Find(features.dataset(), form);
  const auto label_file = files.Find(labels.dataset(), form);
  if (!feature_file.ok() || !label_file.ok()) return {};
  const v1::DatasetSummary& summary = (*feature_file)->summary();
  if (summary.shape().empty()) return {};
  TableSize size{
      CountRows((*label_file)->summary().values(), summary.shape(0), selection),
      1};
  for (int k = 1; k < summary.shape_size(); ++k) {
    if (__builtin_mul_overflow(size.columns, summary.shape(k), &size.columns)) {
      size.columns = std::numeric_limits<int64_t>::max();
    }
  }
  return size;
}

TableSize EstimateCifar(const v1::CifarData& cifar,
                        const RowSelection& selection,
                        const LeasedFiles& files) {
  google::protobuf::RepeatedPtrField<v1::ValueCount> labels;
  int64_t rows = 0;
  for (const v1::DatasetReference& batch : cifar.batches()) {
    const auto file = files.Find(batch.dataset(), v1::DATASET_FORM_CIFAR);
    if (!file.ok()) return {};
    const v1::DatasetSummary& summary = (*file)->summary();
    if (summary.shape().empty() || summary.columns().empty()) return {};
    const bool coarse = cifar.label() == v1::CIFAR_LABEL_COARSE;
    labels.MergeFrom(
        summary.columns(coarse ? 0 : summary.columns_size() - 1).values());
    rows += summary.shape(0);
  }
  return {CountRows(labels, rows, selection), training::kCifarPixels};
}

absl::Status CheckCifar(const v1::CifarData& cifar) {
  constexpr int kMostBatches = 100;
  if (cifar.batches().empty() || cifar.batches_size() > kMostBatches) {
    return absl::InvalidArgumentError(absl::StrCat("cifar.batches: want 1 to ",
                                                   kMostBatches, " files, got ",
                                                   cifar.batches_size()));
  }
  for (int i = 0; i < cifar.batches_size(); ++i) {
    const std::string field = absl::StrCat("cifar.batches[", i, "]");
    STEELYARD_RETURN_IF_ERROR(CheckNamed({field, cifar.batches(i)}));
  }
  if (cifar.label() == v1::CIFAR_LABEL_FINE ||
      cifar.label() == v1::CIFAR_LABEL_COARSE) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("cifar.label: want fine or coarse, got number ",
                   static_cast<int>(cifar.label())));
}

}  // namespace

bool IsStored(const v1::Data& data) {
  return data.has_csv() || data.has_idx() || data.has_npy() || data.has_cifar();
}

absl::StatusOr<training::CsvParts> ReadCsvParts(const v1::CsvData& csv,
                                                const v1::ColumnSplit& split,
                                                const RowSelection& selection,
                                                const LeasedFiles& files) {
  absl::StatusOr<const v1::DatasetFile*> file =
      files.Find(csv.dataset(), v1::DATASET_FORM_CSV);
  if (!file.ok()) return Within("csv", file.status());
  absl::StatusOr<std::unique_ptr<ByteSource>> source = files.Open(**file);
  if (!source.ok()) return DatasetFault("csv", source.status());
  absl::StatusOr<training::CsvParts> parts =
      training::ReadCsvParts(**source, ColumnsOf(csv, split), selection,
                             EstimateCsv(csv, split, selection, files).rows);
  if (!parts.ok()) return DatasetFault("csv", parts.status());
  return parts;
}

absl::StatusOr<Rows> ReadFiles(const v1::CsvData& csv,
                               const RowSelection& selection,
                               const LeasedFiles& files) {
  STEELYARD_ASSIGN_OR_RETURN(
      training::CsvParts parts,
      ReadCsvParts(csv, v1::ColumnSplit(), selection, files));
  return std::move(parts.others);
}

absl::StatusOr<Rows> ReadFiles(const v1::IdxData& idx,
                               const RowSelection& selection,
                               const LeasedFiles& files) {
  return ReadPair({"idx.images", idx.images()}, {"idx.labels", idx.labels()},
                  v1::DATASET_FORM_IDX, training::ReadIdx, selection, files);
}

absl::StatusOr<Rows> ReadFiles(const v1::NpyData& npy,
                               const RowSelection& selection,
                               const LeasedFiles& files) {
  return ReadPair({"npy.features", npy.features()},
                  {"npy.labels", npy.labels()}, v1::DATASET_FORM_NPY,
                  training::ReadNpy, selection, files);
}

absl::StatusOr<Rows> ReadFiles(const v1::CifarData& cifar,
                               const RowSelection& selection,
                               const LeasedFiles& files) {
  STEELYARD_RETURN_IF_ERROR(CheckCifar(cifar));
  std::vector<std::unique_ptr<ByteSource>> batches;
  for (int i = 0; i < cifar.batches_size(); ++i) {
    const std::string field = absl::StrCat("cifar.batches[", i, "]");
    STEELYARD_ASSIGN_OR_RETURN(
        batches.emplace_back(),
        Open({field, cifar.batches(i)}, v1::DATASET_FORM_CIFAR, files));
  }
  absl::StatusOr<Rows> rows = training::ReadCifar(
      batches,
      cifar.label() == v1::CIFAR_LABEL_COARSE ? training::CifarLabel::kCoarse
                                              : training::CifarLabel::kFine,
      selection, EstimateCifar(cifar, selection, files).rows);
  if (!rows.ok()) return DatasetFault("cifar", rows.status());
  return rows;
}

TableSize EstimateSize(const v1::Data& data, const RowSelection& selection,
                       const LeasedFiles& files) {
  switch (data.source_case()) {
    case v1::Data::kCsv:
      return EstimateCsv(data.csv(), data.split().by(), selection, files);
    case v1::Data::kIdx:
      return EstimatePair(data.idx().images(), data.idx().labels(),
                          v1::DATASET_FORM_IDX, selection, files);
    case v1::Data::kNpy:
      return EstimatePair(data.npy().features(), data.npy().labels(),
                          v1::DATASET_FORM_NPY, selection, files);
    case v1::Data::kCifar:
      return EstimateCifar(data.cifar(), selection, files);
    default:
      return {};
  }
}

}  // namespace steelyard::worker
