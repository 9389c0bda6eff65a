// Any bytes are an IDX file that is described, or are refused; images that are
// described become rows.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "support/check.h"
#include "training/data/byte_source.h"
#include "training/data/idx.h"

namespace steelyard::training {
namespace {

constexpr int64_t kLimitBytes = 1 << 20;  // once inflated

std::unique_ptr<ByteSource> Source(absl::string_view bytes) {
  return *ByteSource::OpenMemory(bytes, kLimitBytes);
}

// Labels for `rows` rows, all +1.
std::string Labels(int64_t rows) {
  std::string file("\0\0\x08\1", 4);
  for (int shift = 24; shift >= 0; shift -= 8) {
    file.push_back(static_cast<char>(rows >> shift & 0xff));
  }
  return file.append(static_cast<size_t>(rows), '\1');
}

void CheckSummary(absl::string_view file, const FileSummary& summary) {
  const std::string labels = Labels(summary.shape[0]);
  const absl::StatusOr<Rows> rows =
      ReadIdx(*Source(file), *Source(labels), RowSelection());
  STEELYARD_CHECK(rows.ok() ==
                  (summary.dtype == "uint8" && summary.shape.size() > 1));
  if (!rows.ok()) return;
  STEELYARD_CHECK(rows->rows == summary.shape[0]);
  STEELYARD_CHECK(std::ssize(rows->features) == rows->rows * rows->columns);
  for (const double value : rows->features) {
    STEELYARD_CHECK(255 * value > summary.min - 0.1 &&
                    255 * value < summary.max + 0.1);
  }
}

void Try(absl::string_view file) {
  const absl::StatusOr<std::unique_ptr<ByteSource>> source =
      ByteSource::OpenMemory(file, kLimitBytes);
  if (!source.ok()) return;
  const absl::StatusOr<FileSummary> summary = InspectIdx(**source);
  if (summary.ok()) {
    CheckSummary(file, *summary);
  } else {
    STEELYARD_CHECK(absl::StrContains(summary.status().message(), "offset ") ||
                    absl::IsResourceExhausted(summary.status()));
  }
  // A file of labels may be anything too.
  RowSelection classes;
  classes.positive = {1, 2, 3};
  classes.negative = {0, -1};
  ReadIdx(*Source(file), *Source(file), classes).IgnoreError();
}

}  // namespace
}  // namespace steelyard::training

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  steelyard::training::Try(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
