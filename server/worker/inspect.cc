#include "server/worker/inspect.h"

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/worker/failure.h"
#include "support/status_macros.h"
#include "training/data/byte_source.h"
#include "training/data/cifar.h"
#include "training/data/csv.h"
#include "training/data/idx.h"
#include "training/data/npy.h"

namespace steelyard::worker {
namespace {

void SetValues(const std::vector<training::ValueCount>& values,
               google::protobuf::RepeatedPtrField<v1::ValueCount>* to) {
  for (const training::ValueCount& value : values) {
    v1::ValueCount& count = *to->Add();
    count.set_value(value.value);
    count.set_count(value.count);
  }
}

v1::DatasetSummary ToMessage(const training::FileSummary& summary) {
  v1::DatasetSummary message;
  message.mutable_shape()->Add(summary.shape.begin(), summary.shape.end());
  message.set_dtype(summary.dtype);
  for (const training::ColumnSummary& column : summary.columns) {
    v1::ColumnSummary& to = *message.add_columns();
    to.set_name(column.name);
    to.set_numeric(column.numeric);
    to.set_min(column.min);
    to.set_max(column.max);
    SetValues(column.values, to.mutable_values());
    to.set_non_finite(column.non_finite);
    to.set_first_text(column.first_text);
    to.set_distinct(column.distinct);
    for (const training::TextCount& text : column.texts) {
      v1::TextCount& count = *to.add_texts();
      count.set_text(text.text);
      count.set_count(text.count);
    }
  }
  SetValues(summary.values, message.mutable_values());
  message.set_min(summary.min);
  message.set_max(summary.max);
  message.set_non_finite(summary.non_finite);
  v1::DatasetPreview& preview = *message.mutable_preview();
  for (const std::string& name : summary.preview.columns) {
    preview.add_columns(name);
  }
  preview.set_more_columns(summary.preview.more_columns);
  for (const std::vector<std::string>& row : summary.preview.rows) {
    v1::PreviewRow& to = *preview.add_rows();
    for (const std::string& value : row) to.add_values(value);
  }
  return message;
}

absl::StatusOr<training::FileSummary> InspectFile(
    const v1::InspectLease& lease) {
  STEELYARD_ASSIGN_OR_RETURN(
      const std::unique_ptr<training::ByteSource> source,
      training::ByteSource::OpenFile(lease.file().path(),
                                     lease.inflated_bytes_limit()));
  switch (lease.file().form()) {
    case v1::DATASET_FORM_CSV:
      return training::InspectCsv(*source);
    case v1::DATASET_FORM_IDX:
      return training::InspectIdx(*source);
    case v1::DATASET_FORM_NPY:
      return training::InspectNpy(*source);
    case v1::DATASET_FORM_CIFAR:
      return training::InspectCifar(*source);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("form: want one that this worker reads, got number ",
                       static_cast<int>(lease.file().form())));
  }
}

absl::StatusOr<training::FileSummary> InspectWithinMemory(
    const v1::InspectLease& lease) {
  try {
    return InspectFile(lease);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        "want a file that can be described in the worker's memory, got one "
        "that needs more; raise the limit, or give a file with shorter lines");
  }
}

}  // namespace

absl::StatusOr<v1::InspectionReport> Inspect(const v1::InspectLease& lease) {
  absl::StatusOr<training::FileSummary> summary = InspectWithinMemory(lease);
  if (summary.status().code() == absl::StatusCode::kInternal) {
    return summary.status();
  }
  v1::InspectionReport report;
  report.set_dataset(absl::StrCat(
      "datasets/", absl::StripPrefix(lease.file().dataset(), "sha256/")));
  if (summary.ok()) {
    *report.mutable_summary() = ToMessage(*summary);
  } else {
    report.set_rejection(FailureMessage(summary.status()));
  }
  return report;
}

}  // namespace steelyard::worker
