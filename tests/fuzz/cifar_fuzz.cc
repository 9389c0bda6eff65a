// Any bytes, many times over, are a CIFAR file that is described, or are
// refused; what is described becomes rows.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "support/check.h"
#include "training/data/byte_source.h"
#include "training/data/cifar.h"

namespace steelyard::training {
namespace {

constexpr int64_t kLimitBytes = 64 << 20;  // once inflated

std::vector<std::unique_ptr<ByteSource>> Sources(absl::string_view bytes) {
  std::vector<std::unique_ptr<ByteSource>> sources;
  sources.push_back(*ByteSource::OpenMemory(bytes, kLimitBytes));
  return sources;
}

void CheckRows(absl::string_view file, const FileSummary& summary) {
  RowSelection classes;
  classes.positive = {0, 1, 2, 3, 4};
  for (int64_t label = 5; label < 100; ++label) {
    classes.negative.push_back(label);
  }
  const absl::StatusOr<Rows> rows =
      ReadCifar(Sources(file), CifarLabel::kFine, classes);
  STEELYARD_CHECK(rows.ok());
  STEELYARD_CHECK(rows->rows == summary.shape[0]);
  STEELYARD_CHECK(std::ssize(rows->features) == rows->rows * kCifarPixels);
  for (const double value : rows->features) {
    STEELYARD_CHECK(255 * value > summary.min - 0.1 &&
                    255 * value < summary.max + 0.1);
  }
  const bool coarse =
      ReadCifar(Sources(file), CifarLabel::kCoarse, classes).ok();
  STEELYARD_CHECK(!coarse || summary.columns.size() == 2);
}

void Try(absl::string_view file) {
  if (!ByteSource::OpenMemory(file, kLimitBytes).ok()) return;
  const absl::StatusOr<FileSummary> summary = InspectCifar(*Sources(file)[0]);
  if (summary.ok()) {
    CheckRows(file, *summary);
  } else {
    STEELYARD_CHECK(!summary.status().message().empty());
  }
}

// A record is longer than what a fuzzer likes to write: the first byte says how
// often each of the others stands in the file.
std::string Stretch(const uint8_t* data, size_t size) {
  std::string file;
  for (size_t i = 1; i < size; ++i) {
    file.append(1 + data[0] * size_t{16}, static_cast<char>(data[i]));
  }
  return file;
}

}  // namespace
}  // namespace steelyard::training

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 16'384) return 0;
  steelyard::training::Try(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  if (size > 0 && size < 1'000) {
    steelyard::training::Try(steelyard::training::Stretch(data, size));
  }
  return 0;
}
