#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"
#include "tests/training/data/files.h"
#include "training/data/cifar.h"
#include "training/data/csv.h"
#include "training/data/idx.h"
#include "training/data/npy.h"

// A file that is cut anywhere is refused with the place, or is the shorter file
// that is left, with so many rows.
namespace steelyard::training {
namespace {

constexpr int kCuts = 1'000;
constexpr int64_t kRows = 60;

// The rows of what is left of a file, where rows of it are all that is there.
using CountRows = std::optional<int64_t> (*)(absl::string_view left);

struct Form {
  std::string name;
  std::string (*make)(std::mt19937_64& random);
  absl::StatusOr<FileSummary> (*inspect)(ByteSource& source);
  CountRows count_rows;
};

std::string RandomBytes(int64_t count, std::mt19937_64& random) {
  std::string bytes;
  for (int64_t i = 0; i < count; ++i) {
    bytes.push_back(static_cast<char>(random() % 256));
  }
  return bytes;
}

std::string MakeCsv(std::mt19937_64& random) {
  std::string file = "height,\"the \"\"other\"\", quoted\",word,label\r\n";
  for (int64_t i = 0; i < kRows; ++i) {
    absl::StrAppend(&file, static_cast<double>(random() % 100'000) / 64, ",\"",
                    random() % 1000, "\",\"a \"\"b\"\", ", i, "\",", i % 2,
                    "\n");
  }
  return file;
}

// A line that was begun is a row, whatever it lacks.
std::optional<int64_t> CsvRows(absl::string_view left) {
  const auto ends = std::count(left.begin(), left.end(), '\n');
  return left.back() == '\n' ? ends - 1 : ends;
}

std::string MakeIdx(std::mt19937_64& random) {
  return Idx(kUint8, {kRows, 5, 4}, RandomBytes(kRows * 20, random));
}

std::string MakeNpy(std::mt19937_64& random) {
  return Npy("<i4", absl::StrCat(kRows, ", 5"),
             RandomBytes(kRows * 5 * 4, random));
}

std::string MakeCifar(std::mt19937_64& random) {
  std::string file;
  for (int i = 0; i < 4; ++i) {
    file.push_back(static_cast<char>(random() % 10));
    file += RandomBytes(kCifarPixels, random);
  }
  return file;
}

std::optional<int64_t> CifarRows(absl::string_view left) {
  const auto size = static_cast<int64_t>(left.size());
  constexpr int64_t kRecord = kCifarPixels + 1;
  if (size == 0 || size % kRecord != 0) return std::nullopt;
  return size / kRecord;
}

std::optional<int64_t> NoRows(absl::string_view /*left*/) {
  return std::nullopt;
}

class CutFilesTest : public testing::TestWithParam<Form> {
 protected:
  static constexpr const char* kPlace = "(row|line|record|offset) [0-9]+";

  static absl::StatusOr<FileSummary> InspectBytes(absl::string_view bytes) {
    auto source = ByteSource::OpenMemory(bytes, kAmple);
    if (!source.ok()) return source.status();
    return GetParam().inspect(**source);
  }

  // Random cuts, and those at which a record ends.
  static std::vector<size_t> Cuts(size_t size, std::mt19937_64& random) {
    std::vector<size_t> cuts;
    cuts.reserve(kCuts);
    for (int i = 0; i < kCuts; ++i) cuts.push_back(random() % size);
    for (size_t cut = kCifarPixels + 1; cut < size; cut += kCifarPixels + 1) {
      cuts.push_back(cut);
    }
    return cuts;
  }
};

TEST_P(CutFilesTest, IsRefusedWithThePlaceOrHasItsRows) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const std::string file = GetParam().make(random);
  ASSERT_THAT(InspectBytes(file), IsOk());
  for (const size_t cut : Cuts(file.size(), random)) {
    const absl::string_view left = absl::string_view(file).substr(0, cut);
    const absl::StatusOr<FileSummary> summary = InspectBytes(left);
    if (summary.ok()) {
      ASSERT_EQ(summary->shape[0], GetParam().count_rows(left)) << cut;
    } else {
      ASSERT_EQ(summary.status().code(), absl::StatusCode::kInvalidArgument);
      ASSERT_THAT(std::string(summary.status().message()),
                  testing::ContainsRegex(kPlace))
          << cut;
    }
  }
}

// What is left of a compressed file is never a shorter file.
TEST_P(CutFilesTest, IsRefusedWithThePlaceWhenItIsCompressed) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const std::string file = Gzip(GetParam().make(random));
  ASSERT_THAT(InspectBytes(file), IsOk());
  for (const size_t cut : Cuts(file.size(), random)) {
    const absl::StatusOr<FileSummary> summary =
        InspectBytes(absl::string_view(file).substr(0, cut));
    ASSERT_EQ(summary.status().code(), absl::StatusCode::kInvalidArgument)
        << cut;
    ASSERT_THAT(std::string(summary.status().message()),
                testing::ContainsRegex(kPlace))
        << cut;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, CutFilesTest,
    testing::Values(Form{"Csv", MakeCsv, InspectCsv, CsvRows},
                    Form{"Idx", MakeIdx, InspectIdx, NoRows},
                    Form{"Npy", MakeNpy, InspectNpy, NoRows},
                    Form{"Cifar", MakeCifar, InspectCifar, CifarRows}),
    [](const auto& it) { return it.param.name; });

}  // namespace
}  // namespace steelyard::training
