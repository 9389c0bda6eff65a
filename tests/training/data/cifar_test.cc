#include "training/data/cifar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"
#include "tests/training/data/files.h"

namespace steelyard::training {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// A record's labels, then its pixels: 0 but for the first, which is its number,
// and the last, 255.
std::string Record(const std::vector<int>& labels, int number) {
  std::string record(labels.begin(), labels.end());
  record.resize(labels.size() + kCifarPixels);
  record[labels.size()] = static_cast<char>(number);
  record.back() = '\xff';
  return record;
}

std::string Cifar10(const std::vector<int>& labels) {
  std::string file;
  int number = 0;
  for (const int label : labels) file += Record({label}, number++);
  return file;
}

std::string Cifar100(const std::vector<std::vector<int>>& labels) {
  std::string file;
  int number = 0;
  for (const std::vector<int>& both : labels) file += Record(both, number++);
  return file;
}

absl::StatusOr<FileSummary> InspectBytes(absl::string_view file,
                                         int64_t limit_bytes = kAmple) {
  return InspectCifar(*Source(file, limit_bytes));
}

absl::StatusOr<Rows> ReadBytes(const std::vector<std::string>& files,
                               const RowSelection& selection,
                               CifarLabel label = CifarLabel::kFine) {
  std::vector<std::unique_ptr<ByteSource>> sources;
  sources.reserve(files.size());
  for (const std::string& file : files) sources.push_back(Source(file));
  return ReadCifar(sources, label, selection);
}

std::vector<double> FirstPixels(const Rows& rows) {
  std::vector<double> pixels;
  for (size_t i = 0; i < rows.features.size(); i += kCifarPixels) {
    pixels.push_back(rows.features[i] * 255);
  }
  return pixels;
}

MATCHER_P2(Counted, value, count, "") {
  return arg.value == value && arg.count == count;
}

TEST(InspectCifarTest, DescribesCifar10) {
  const auto summary = InspectBytes(Gzip(Cifar10({3, 9, 3, 0, 3})));
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->shape, ElementsAre(5, 3, 32, 32));
  EXPECT_EQ(summary->dtype, "uint8");
  EXPECT_EQ(summary->min, 0);
  EXPECT_EQ(summary->max, 255);
  ASSERT_THAT(summary->columns, SizeIs(1));
  EXPECT_EQ(summary->columns[0].name, "label");
  EXPECT_TRUE(summary->columns[0].numeric);
  EXPECT_EQ(summary->columns[0].max, 9);
  EXPECT_THAT(summary->columns[0].values,
              ElementsAre(Counted(0, 1), Counted(3, 3), Counted(9, 1)));
}

TEST(InspectCifarTest, DescribesBothLabelsOfCifar100) {
  const auto summary = InspectBytes(Cifar100({{0, 99}, {19, 5}, {0, 5}}));
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->shape, ElementsAre(3, 3, 32, 32));
  ASSERT_THAT(summary->columns, SizeIs(2));
  EXPECT_EQ(summary->columns[0].name, "coarse");
  EXPECT_THAT(summary->columns[0].values,
              ElementsAre(Counted(0, 2), Counted(19, 1)));
  EXPECT_EQ(summary->columns[1].name, "fine");
  EXPECT_THAT(summary->columns[1].values,
              ElementsAre(Counted(5, 2), Counted(99, 1)));
}

// No byte of a label is one of a pixel, wherever the chunks of reading end.
TEST(InspectCifarTest, TellsLabelsFromPixels) {
  std::string file;
  for (int i = 0; i < 500; ++i) {
    file +=
        std::string({static_cast<char>(i % 20), static_cast<char>(i % 100)});
    file += std::string(kCifarPixels, '\xc8');
  }
  const auto summary = InspectBytes(file);
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->min, 200);
  EXPECT_EQ(summary->max, 200);
  EXPECT_THAT(summary->columns[0].values, SizeIs(20));
  EXPECT_THAT(summary->columns[1].values,
              Each(testing::Field(&ValueCount::count, 5)));
}

// 3,073 * 3,074 bytes are 3,074 records of CIFAR-10 or 3,073 of CIFAR-100.
TEST(InspectCifarTest, LabelsDecideWhereTheLengthIsBoth) {
  constexpr size_t kTen = 3073;  // bytes of a record
  constexpr size_t kHundred = 3074;
  std::string file(kTen * kHundred, '\0');
  EXPECT_THAT(InspectBytes(file)->shape, ElementsAre(3074, 3, 32, 32));
  file[2 * kTen] = 9;
  EXPECT_THAT(InspectBytes(file)->columns, SizeIs(1));
  file[2 * kTen] = 10;
  EXPECT_THAT(InspectBytes(file)->shape, ElementsAre(3073, 3, 32, 32));
  file[5 * kHundred + 1] = 100;
  EXPECT_THAT(InspectBytes(file),
              StatusIs(kInvalid,
                       "record 6 (offset 15371): want a fine label "
                       "of 0 to 99, as CIFAR-100 has, got 100"));
}

TEST(InspectCifarTest, RefusesALabelOutOfItsRange) {
  EXPECT_THAT(InspectBytes(Cifar10({9, 10, 11})),
              StatusIs(kInvalid,
                       "record 2 (offset 3073): want a label of 0 to "
                       "9, as CIFAR-10 has, got 10"));
  EXPECT_THAT(InspectBytes(Cifar100({{19, 99}, {20, 0}})),
              StatusIs(kInvalid,
                       "record 2 (offset 3074): want a coarse label "
                       "of 0 to 19, as CIFAR-100 has, got 20"));
}

TEST(InspectCifarTest, SaysWhereAFileThatIsNoWholeRecordsEnds) {
  EXPECT_THAT(InspectBytes(""), StatusIs(kInvalid, "want at least one record"));
  EXPECT_THAT(InspectBytes(std::string(5'000, '\0')),
              StatusIs(kInvalid,
                       "offset 5000: want the end of a record of "
                       "3073 bytes (CIFAR-10) or of 3074 "
                       "(CIFAR-100), got the end of the data 1927 or "
                       "1926 bytes after one"));
}

// Cut between two records it is a shorter file, and its rows show it.
TEST(InspectCifarTest, AFileCutAnywhereIsShorterOrRefused) {
  const std::string file = Cifar10({1, 2, 3, 4, 5, 6, 7, 8});
  std::mt19937 engine(2);
  for (int i = 0; i < 1'000; ++i) {
    const size_t cut =
        i < 9 ? static_cast<size_t>(i) * 3073 : engine() % file.size();
    const auto summary = InspectBytes(file.substr(0, cut));
    if (cut > 0 && cut % 3073 == 0) {
      EXPECT_EQ(summary->shape[0], cut / 3073);
    } else {
      EXPECT_THAT(summary, StatusIs(kInvalid, absl::StrCat("offset ", cut)));
    }
  }
}

TEST(InspectCifarTest, KeepsToTheLimitOfInflatedBytes) {
  const std::string file = Gzip(Cifar10({1, 2}));
  EXPECT_THAT(InspectBytes(file, int64_t{2} * 3073), IsOk());
  EXPECT_THAT(InspectBytes(file, int64_t{2} * 3073 - 1),
              StatusIs(absl::StatusCode::kResourceExhausted, "want at most"));
}

TEST(ReadCifarTest, BatchesAreOneTableInOrder) {
  RowSelection selection = {.positive = {1, 2}, .negative = {3}};
  const std::vector<std::string> files = {Cifar10({1, 3, 9}),
                                          Gzip(Cifar10({2, 3}))};
  const auto rows = ReadBytes(files, selection);
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->rows, 4);
  EXPECT_EQ(rows->columns, 3072);
  EXPECT_THAT(rows->features, SizeIs(4 * 3072));
  EXPECT_THAT(rows->labels, ElementsAre(1, -1, 1, -1));
  EXPECT_THAT(FirstPixels(*rows), ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(rows->features[3071], 1);
  selection.first_per_class = 1;
  EXPECT_THAT(ReadBytes(files, selection)->labels, ElementsAre(1, -1));
}

TEST(ReadCifarTest, TheLabelOfCifar100IsChosen) {
  const RowSelection selection = {.positive = {7}, .negative = {8}};
  const std::string file = Cifar100({{7, 8}, {8, 7}, {7, 9}});
  const auto fine = ReadBytes({file}, selection);
  ASSERT_THAT(fine, IsOk());
  EXPECT_THAT(fine->labels, ElementsAre(-1, 1));
  EXPECT_THAT(FirstPixels(*fine), ElementsAre(0, 1));
  EXPECT_THAT(ReadBytes({file}, selection, CifarLabel::kCoarse)->labels,
              ElementsAre(1, -1, 1));
}

TEST(ReadCifarTest, RefusesBatchesThatDoNotFit) {
  const RowSelection selection = {.positive = {1}, .negative = {2}};
  EXPECT_THAT(ReadBytes({Cifar10({1, 2}), Cifar100({{1, 2}})}, selection),
              StatusIs(kInvalid,
                       "batches[1]: want CIFAR-10 as in batches[0], "
                       "got CIFAR-100"));
  EXPECT_THAT(ReadBytes({Cifar10({1, 2})}, selection, CifarLabel::kCoarse),
              StatusIs(kInvalid,
                       "batches[0]: want CIFAR-100, which has coarse "
                       "labels, got CIFAR-10"));
  EXPECT_THAT(ReadBytes({Cifar10({1, 2}), "abc"}, selection),
              StatusIs(kInvalid, "batches[1]: offset 3: want"));
}

TEST(ReadCifarTest, RefusesLabelsThatAreNoClasses) {
  EXPECT_THAT(ReadBytes({Cifar10({1, 1}), Cifar10({1, 0})}, {}),
              StatusIs(kInvalid,
                       "batches[1]: record 2: want -1 or +1 as "
                       "label, got 0; choose with classes"));
  EXPECT_THAT(ReadBytes({Cifar10({1, 2})}, {.positive = {7}, .negative = {8}}),
              StatusIs(kInvalid, "got none"));
}

}  // namespace
}  // namespace steelyard::training
