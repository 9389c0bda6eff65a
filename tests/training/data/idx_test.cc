#include "training/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"
#include "tests/training/data/files.h"

namespace steelyard::training {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<FileSummary> InspectBytes(absl::string_view file,
                                         int64_t limit_bytes = kAmple) {
  return InspectIdx(*Source(file, limit_bytes));
}

absl::StatusOr<Rows> ReadBytes(absl::string_view images,
                               absl::string_view labels,
                               const RowSelection& selection) {
  return ReadIdx(*Source(images), *Source(labels), selection);
}

MATCHER_P2(Counted, value, count, "") {
  return arg.value == value && arg.count == count;
}

TEST(InspectIdxTest, DescribesImages) {
  const auto summary = InspectBytes(
      Idx(kUint8, {2, 2, 3},
          std::string("\x05\x06\x07\x08\x09\x0a\xff\x00\x01\x02\x03\x04", 12)));
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->shape, ElementsAre(2, 2, 3));
  EXPECT_EQ(summary->dtype, "uint8");
  EXPECT_EQ(summary->min, 0);
  EXPECT_EQ(summary->max, 255);
  EXPECT_THAT(summary->values, IsEmpty());
}

TEST(InspectIdxTest, CountsLabels) {
  const auto summary = InspectBytes(
      Gzip(Idx(kUint8, {5}, std::string("\x09\x02\x02\x00\x02", 5))));
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->shape, ElementsAre(5));
  EXPECT_THAT(summary->values,
              ElementsAre(Counted(0, 1), Counted(2, 3), Counted(9, 1)));
}

TEST(InspectIdxTest, ReadsEveryTypeOfTheFormat) {
  const std::string floats = BigEndian(std::bit_cast<uint32_t>(-1.5f), 4) +
                             BigEndian(std::bit_cast<uint32_t>(0.25f), 4);
  const std::string doubles = BigEndian(std::bit_cast<uint64_t>(5e-324), 8) +
                              BigEndian(std::bit_cast<uint64_t>(1.7e308), 8);
  struct Case {
    int type;
    std::string values;
    std::string dtype;
    double min;
    double max;
  };
  const std::vector<Case> cases = {
      {0x08, "\xff\x01", "uint8", 1, 255},
      {0x09, "\xff\x01", "int8", -1, 1},
      {0x0B, BigEndian(0x8000, 2) + BigEndian(300, 2), "int16", -32768, 300},
      {0x0C, BigEndian(0xfffffffe, 4) + BigEndian(70000, 4), "int32", -2,
       70000},
      {0x0D, floats, "float32", -1.5, 0.25},
      {0x0E, doubles, "float64", 5e-324, 1.7e308},
  };
  for (const Case& c : cases) {
    const auto summary = InspectBytes(Idx(c.type, {2}, c.values));
    ASSERT_THAT(summary, IsOk()) << c.dtype;
    EXPECT_EQ(summary->dtype, c.dtype);
    EXPECT_EQ(summary->min, c.min) << c.dtype;
    EXPECT_EQ(summary->max, c.max) << c.dtype;
    EXPECT_THAT(summary->values,
                ElementsAre(Counted(c.min, 1), Counted(c.max, 1)));
  }
}

TEST(InspectIdxTest, CountsNonFiniteValues) {
  const auto summary =
      InspectBytes(Idx(0x0E, {3},
                       BigEndian(std::bit_cast<uint64_t>(std::nan("")), 8) +
                           BigEndian(std::bit_cast<uint64_t>(-kInfinity), 8) +
                           BigEndian(std::bit_cast<uint64_t>(-0.0), 8)));
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->non_finite, 2);
  EXPECT_EQ(summary->min, 0);
  EXPECT_THAT(summary->values,
              ElementsAre(Counted(-kInfinity, 1), Counted(0, 1)));
}

TEST(InspectIdxTest, ListsAThousandDistinctLabelsAndNotOneMore) {
  const auto labels = [](uint32_t distinct) {
    std::string values;
    for (uint32_t k = 0; k < distinct; ++k) values += BigEndian(k, 4);
    return Idx(0x0C, {distinct}, values);
  };
  EXPECT_EQ(InspectBytes(labels(1000))->values.size(), 1000);
  EXPECT_THAT(InspectBytes(labels(1001))->values, IsEmpty());
  EXPECT_EQ(InspectBytes(labels(1001))->max, 1000);
}

TEST(InspectIdxTest, SaysAtWhichOffsetAFileIsCutShort) {
  const std::string file = Idx(0x0B, {2, 3}, std::string(12, '\1'));
  for (size_t cut = 0; cut < file.size(); ++cut) {
    EXPECT_THAT(InspectBytes(file.substr(0, cut)),
                StatusIs(kInvalid, absl::StrCat("offset ", cut, ": want ")))
        << cut;
  }
  EXPECT_THAT(InspectBytes(file.substr(0, 20)),
              StatusIs(kInvalid,
                       "offset 20: want 4 more bytes of 2 x 3 of int16, got "
                       "the end of the data"));
}

TEST(InspectIdxTest, RefusesBytesAfterTheValues) {
  EXPECT_THAT(InspectBytes(Idx(kUint8, {2}, "abc")),
              StatusIs(kInvalid, "offset 10: want the end of the data"));
}

TEST(InspectIdxTest, RefusesWhatIsNoHeader) {
  EXPECT_THAT(InspectBytes("x1,x2\n1,2\n"), StatusIs(kInvalid, "offset 0"));
  EXPECT_THAT(InspectBytes(Idx(0x0A, {1}, "a")),
              StatusIs(kInvalid, "offset 2: want an IDX type"));
  EXPECT_THAT(InspectBytes(Idx(kUint8, {}, "")),
              StatusIs(kInvalid, "offset 3: want 1 to 255 dimensions, got 0"));
  EXPECT_THAT(InspectBytes(Idx(kUint8, {3, 0, 2}, "")),
              StatusIs(kInvalid, "offset 8: want a dimension of at least 1"));
}

// 2^32-1 four times is past 2^64; twice, 2^64 less 2^33, past what files hold;
// 2^63 values need more bytes than can be counted.
TEST(InspectIdxTest, RefusesAProductThatOverflows) {
  constexpr uint32_t kMost = 0xffffffff;
  EXPECT_THAT(InspectBytes(Idx(kUint8, {kMost, kMost, kMost, kMost}, "a")),
              StatusIs(kInvalid, "want dimensions with a product"));
  EXPECT_THAT(InspectBytes(Idx(kUint8, {kMost, kMost}, "a")),
              StatusIs(kInvalid, "want dimensions with a product"));
  EXPECT_THAT(InspectBytes(Idx(0x0E, {1u << 31, 1u << 30}, "a")),
              StatusIs(kInvalid, "want dimensions with a product"));
  // The greatest that can be counted, and a claim that nothing keeps.
  EXPECT_THAT(InspectBytes(Idx(0x0E, {1u << 31, 1u << 28}, "a")),
              StatusIs(kInvalid, "offset 13: want"));
}

TEST(InspectIdxTest, KeepsToTheLimitOfInflatedBytes) {
  const std::string file = Gzip(Idx(kUint8, {1000}, std::string(1000, 'a')));
  EXPECT_THAT(InspectBytes(file, 1008), IsOk());
  EXPECT_THAT(InspectBytes(file, 1007),
              StatusIs(absl::StatusCode::kResourceExhausted, "at most 1007"));
}

TEST(ReadIdxTest, MapsClassesAndDividesPixelsBy255) {
  const std::string images = Idx(
      kUint8, {4, 1, 2}, std::string("\x00\xff\x01\x02\x33\x66\x80\x7f", 8));
  const std::string labels =
      Idx(kUint8, {4}, std::string("\x02\x07\x04\x02", 4));
  const auto rows =
      ReadBytes(images, labels, {.positive = {2}, .negative = {4, 5}});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->rows, 3);
  EXPECT_EQ(rows->columns, 2);
  EXPECT_THAT(rows->labels, ElementsAre(1, -1, 1));
  EXPECT_THAT(rows->features, ElementsAre(0, 1, 51 / 255.0, 102 / 255.0,
                                          128 / 255.0, 127 / 255.0));
}

TEST(ReadIdxTest, TakesTheFirstRowsOfEachClass) {
  const std::string images =
      Idx(kUint8, {6, 1}, std::string("\x00\x01\x02\x03\x04\x05", 6));
  const std::string labels =
      Idx(0x09, {6}, std::string("\xff\xff\x01\xff\x01\x01", 6));
  RowSelection selection;
  selection.first_per_class = 2;
  const auto rows = ReadBytes(images, labels, selection);
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->labels, ElementsAre(-1, -1, 1, 1));
  EXPECT_THAT(rows->features,
              ElementsAre(DoubleEq(0), DoubleEq(1 / 255.0), DoubleEq(2 / 255.0),
                          DoubleEq(4 / 255.0)));
}

TEST(ReadIdxTest, RefusesLabelsThatAreNoClasses) {
  const std::string images = Idx(kUint8, {2, 1}, "ab");
  EXPECT_THAT(
      ReadBytes(images, Idx(kUint8, {2}, std::string("\x01\x00", 2)), {}),
      StatusIs(kInvalid,
               "labels: row 2: want -1 or +1 as label, got 0; choose with "
               "classes"));
  EXPECT_THAT(ReadBytes(images, Idx(kUint8, {2}, std::string("\x01\x00", 2)),
                        {.positive = {7}, .negative = {8, 9}}),
              StatusIs(kInvalid, "positive [7] and negative [8, 9], got none"));
  const std::string halves = BigEndian(std::bit_cast<uint32_t>(1.0f), 4) +
                             BigEndian(std::bit_cast<uint32_t>(0.5f), 4);
  EXPECT_THAT(
      ReadBytes(images, Idx(0x0D, {2}, halves),
                {.positive = {1}, .negative = {0}}),
      StatusIs(
          kInvalid,
          "row 2: want a whole number of at most 2^53 in magnitude as label"));
}

TEST(ReadIdxTest, RefusesShapesThatDoNotFit) {
  const std::string labels = Idx(kUint8, {2}, std::string("\x01\x01", 2));
  EXPECT_THAT(ReadBytes(labels, labels, {}),
              StatusIs(kInvalid, "images: want at least two dimensions"));
  EXPECT_THAT(ReadBytes(Idx(0x09, {2, 1}, "ab"), labels, {}),
              StatusIs(kInvalid, "of uint8, got 2 x 1 of int8"));
  EXPECT_THAT(ReadBytes(Idx(kUint8, {3, 1}, "abc"), labels, {}),
              StatusIs(kInvalid, "labels: want as many as there are images"));
  EXPECT_THAT(
      ReadBytes(Idx(kUint8, {2, 1}, "ab"), Idx(kUint8, {2, 1}, "ab"), {}),
      StatusIs(kInvalid, "labels: want one dimension"));
}

// A header's claim alone must not take memory: this one asks for 16 TB.
TEST(ReadIdxTest, AllocatesNothingByAClaim) {
  const auto rows = ReadBytes(Idx(kUint8, {2, 1u << 20, 1u << 20}, "ab"),
                              Idx(kUint8, {2}, std::string("\x01\x01", 2)), {});
  EXPECT_THAT(rows, StatusIs(kInvalid, "images: offset 18: want"));
}

TEST(ReadIdxTest, SaysAtWhichOffsetTheImagesAreCutShort) {
  const std::string images = Idx(kUint8, {3, 2}, "abcdef");
  const std::string labels = Idx(kUint8, {3}, std::string("\x01\x01\x01", 3));
  for (size_t cut = 0; cut < images.size(); ++cut) {
    EXPECT_THAT(ReadBytes(images.substr(0, cut), labels, {}),
                StatusIs(kInvalid, absl::StrCat("images: offset ", cut)));
  }
}

}  // namespace
}  // namespace steelyard::training
