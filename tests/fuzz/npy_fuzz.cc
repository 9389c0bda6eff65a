// Any bytes are an NPY file that is described, or are refused; what is
// described as finite becomes rows.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "support/check.h"
#include "training/data/byte_source.h"
#include "training/data/npy.h"

namespace steelyard::training {
namespace {

constexpr int64_t kLimitBytes = 1 << 20;  // once inflated

std::unique_ptr<ByteSource> Source(absl::string_view bytes) {
  return *ByteSource::OpenMemory(bytes, kLimitBytes);
}

// Labels for `rows` rows, all +1.
std::string Labels(int64_t rows) {
  const std::string literal = absl::StrCat(
      "{'descr': '|i1', 'fortran_order': False, 'shape': (", rows, ",)}");
  return absl::StrCat("\x93NUMPY", absl::string_view("\1\0", 2),
                      std::string(1, static_cast<char>(literal.size())),
                      absl::string_view("\0", 1), literal,
                      std::string(static_cast<size_t>(rows), '\1'));
}

void CheckRows(absl::string_view file, const FileSummary& summary) {
  const std::string labels = Labels(summary.shape[0]);
  const absl::StatusOr<Rows> rows =
      ReadNpy(*Source(file), *Source(labels), RowSelection());
  if (summary.non_finite > 0) {
    STEELYARD_CHECK(absl::IsInvalidArgument(rows.status()));
    return;
  }
  STEELYARD_CHECK(rows.ok());
  STEELYARD_CHECK(rows->rows == summary.shape[0]);
  STEELYARD_CHECK(std::ssize(rows->features) == rows->rows * rows->columns);
  for (const double value : rows->features) {
    STEELYARD_CHECK(value >= summary.min && value <= summary.max);
  }
}

void Try(absl::string_view file) {
  const absl::StatusOr<std::unique_ptr<ByteSource>> source =
      ByteSource::OpenMemory(file, kLimitBytes);
  if (!source.ok()) return;
  const absl::StatusOr<FileSummary> summary = InspectNpy(**source);
  // A file of labels may be anything too.
  RowSelection classes;
  classes.positive = {1, 2, 3};
  classes.negative = {0, -1};
  ReadNpy(*Source(file), *Source(file), classes).IgnoreError();
  if (summary.ok()) {
    CheckRows(file, *summary);
  } else {
    STEELYARD_CHECK(!summary.status().message().empty());
  }
}

}  // namespace
}  // namespace steelyard::training

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  steelyard::training::Try(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
