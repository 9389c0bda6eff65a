// Any bytes are a CSV file that is described, or are refused; what is described
// as numbers becomes rows.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "support/check.h"
#include "training/data/byte_source.h"
#include "training/data/csv.h"

namespace steelyard::training {
namespace {

constexpr int64_t kLimitBytes = 1 << 20;  // once inflated

std::unique_ptr<ByteSource> Source(absl::string_view bytes) {
  return *ByteSource::OpenMemory(bytes, kLimitBytes);
}

// Whether rows can be made of it: finite numbers alone, and labels -1 and +1.
bool IsTable(const FileSummary& summary) {
  for (const ColumnSummary& column : summary.columns) {
    if (!column.numeric || column.non_finite > 0) return false;
  }
  const std::vector<ValueCount>& labels = summary.columns.back().values;
  for (const ValueCount& label : labels) {
    if (label.value != 1 && label.value != -1) return false;
  }
  return !labels.empty() && summary.columns.size() > 1;
}

void CheckSummary(absl::string_view file, const FileSummary& summary) {
  STEELYARD_CHECK(summary.shape.size() == 2 && summary.shape[0] >= 1);
  STEELYARD_CHECK(summary.shape[1] == std::ssize(summary.columns));
  const absl::StatusOr<Rows> rows =
      ReadCsv(*Source(file), CsvColumns(), RowSelection());
  STEELYARD_CHECK(rows.ok() || !rows.status().message().empty());
  if (!IsTable(summary)) return;
  STEELYARD_CHECK(rows.ok());
  STEELYARD_CHECK(rows->rows == summary.shape[0]);
  STEELYARD_CHECK(rows->columns == summary.shape[1] - 1);
  STEELYARD_CHECK(std::ssize(rows->features) == rows->rows * rows->columns);
  for (size_t i = 0; i < rows->features.size(); ++i) {
    const size_t column = i % static_cast<size_t>(rows->columns);
    STEELYARD_CHECK(rows->features[i] >= summary.columns[column].min &&
                    rows->features[i] <= summary.columns[column].max);
  }
}

void CheckGroups(const Rows& rows) {
  STEELYARD_CHECK(std::ssize(rows.groups.numbers) == rows.rows);
  STEELYARD_CHECK(rows.groups.names.size() <= kMaxCsvGroups);
  for (const int32_t number : rows.groups.numbers) {
    STEELYARD_CHECK(number >= 0 && number < std::ssize(rows.groups.names));
  }
}

void TryParts(absl::string_view file, const RowSelection& selection) {
  const absl::StatusOr<CsvParts> parts =
      ReadCsvParts(*Source(file),
                   {.label = "",
                    .features = {},
                    .group = "0",
                    .split = {.column = "1", .texts = {"1"}}},
                   selection);
  if (!parts.ok()) return;
  STEELYARD_CHECK(parts->others.rows > 0 && parts->chosen.rows > 0);
  CheckGroups(parts->others);
  CheckGroups(parts->chosen);
}

void Try(absl::string_view file) {
  const absl::StatusOr<std::unique_ptr<ByteSource>> source =
      ByteSource::OpenMemory(file, kLimitBytes);
  if (!source.ok()) return;
  const absl::StatusOr<FileSummary> summary = InspectCsv(**source);
  if (summary.ok()) {
    CheckSummary(file, *summary);
  } else {
    STEELYARD_CHECK(absl::StrContains(summary.status().message(), "line ") ||
                    absl::StrContains(summary.status().message(), "offset ") ||
                    absl::IsResourceExhausted(summary.status()));
  }
  RowSelection classes;
  classes.positive = {1, 2, 3};
  classes.negative = {0, -1};
  ReadCsv(*Source(file), CsvColumns{.label = "y", .features = {}}, classes)
      .IgnoreError();
  TryParts(file, classes);
}

}  // namespace
}  // namespace steelyard::training

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  steelyard::training::Try(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
