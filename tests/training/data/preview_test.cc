#include "training/data/preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/training/data/files.h"
#include "training/data/cifar.h"
#include "training/data/csv.h"
#include "training/data/idx.h"
#include "training/data/npy.h"
#include "training/data/utf8.h"

namespace steelyard::training {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::SizeIs;

Preview OfCsv(absl::string_view file) {
  return InspectCsv(*Source(file))->preview;
}

TEST(PreviewTest, ShowsTheFirstRowsOfACsvFileAsTheyStandThere) {
  const Preview preview =
      OfCsv("x,\"the \"\"word\"\"\",y\n1e3,\"a,\"\"b\"\"\",1\n 2 ,c,-1\n");
  EXPECT_THAT(preview.columns, ElementsAre("x", "the \"word\"", "y"));
  EXPECT_THAT(preview.rows, ElementsAre(ElementsAre("1e3", "a,\"b\"", "1"),
                                        ElementsAre(" 2 ", "c", "-1")));
  EXPECT_EQ(preview.more_columns, 0);
}

TEST(PreviewTest, HasItsLimits) {
  std::string header = "c0";
  std::string row = "0";
  for (int j = 1; j < 25; ++j) {
    absl::StrAppend(&header, ",c", j);
    absl::StrAppend(&row, ",", j);
  }
  std::string file = header + "\n";
  for (int i = 0; i < 12; ++i) file += row + "\n";
  const Preview preview = OfCsv(file);
  EXPECT_THAT(preview.columns, SizeIs(20));
  EXPECT_EQ(preview.columns.back(), "c19");
  EXPECT_EQ(preview.more_columns, 5);
  EXPECT_THAT(preview.rows, SizeIs(10));
  EXPECT_THAT(preview.rows.back(), SizeIs(20));
}

TEST(PreviewTest, TextIsCutAtACharacterAndPrintable) {
  EXPECT_EQ(PreviewText(std::string(64, 'x')), std::string(64, 'x'));
  EXPECT_EQ(PreviewText(std::string(65, 'x')), std::string(61, 'x') + "...");
  EXPECT_EQ(PreviewText(std::string(1'000'000, 'x')),
            std::string(61, 'x') + "...");
  for (size_t pad = 0; pad < 8; ++pad) {
    std::string text(pad, 'x');
    while (text.size() < 200) text += "\u20ac";  // three bytes
    const std::string shown = PreviewText(text);
    EXPECT_TRUE(IsPrintableUtf8(shown)) << shown;
    EXPECT_LE(shown.size(), 64u);
    EXPECT_THAT(shown, EndsWith("\u20ac..."));
  }
  EXPECT_EQ(PreviewText("\x1b[1m"), "\\x1b[1m");
  EXPECT_EQ(PreviewText("\xff"), "\\xff");
  EXPECT_TRUE(IsPrintableUtf8(PreviewText(std::string(500, '\xff'))));
}

TEST(PreviewTest, NumbersAreShort) {
  EXPECT_EQ(PreviewNumber(100000.0), "100000");
  EXPECT_EQ(PreviewNumber(0.1), "0.1");
  EXPECT_EQ(PreviewNumber(0.1f), "0.1");
  EXPECT_EQ(PreviewNumber(1e20), "1e+20");
  EXPECT_EQ(PreviewNumber(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(PreviewTest, RowsOfAnArrayAreFlattened) {
  const auto summary = InspectIdx(
      *Source(Idx(kUint8, {2, 2, 2}, std::string("\1\2\3\4\5\6\7\xff"))));
  EXPECT_THAT(summary->preview.columns, ElementsAre("0", "1", "2", "3"));
  EXPECT_THAT(summary->preview.rows,
              ElementsAre(ElementsAre("1", "2", "3", "4"),
                          ElementsAre("5", "6", "7", "255")));
}

// The same array in both orders of memory; see numpy's ravel.
TEST(PreviewTest, FortranOrderShowsTheSameRows) {
  std::string c_order;
  std::string fortran_order(24, '\0');
  for (int i = 0; i < 24; ++i) {
    c_order.push_back(static_cast<char>(i));
    const int at[] = {i / 12, i / 4 % 3, i / 2 % 2, i % 2};
    const int index = at[0] + 2 * (at[1] + 3 * (at[2] + 2 * at[3]));
    fortran_order[static_cast<size_t>(index)] = static_cast<char>(i);
  }
  const auto c = InspectNpy(*Source(Npy("|u1", "2, 3, 2, 2", c_order)));
  const auto fortran =
      InspectNpy(*Source(Npy("|u1", "2, 3, 2, 2", fortran_order, "True")));
  EXPECT_THAT(c->preview.rows[1],
              ElementsAre("12", "13", "14", "15", "16", "17", "18", "19", "20",
                          "21", "22", "23"));
  EXPECT_EQ(fortran->preview.rows, c->preview.rows);
}

// Values come in chunks: those of a later one are found too.
TEST(PreviewTest, RowsMayBeLongerThanAChunk) {
  const int64_t columns = 300'000;
  std::string values(3 * columns, '\0');
  for (int64_t row = 0; row < 3; ++row) {
    values[static_cast<size_t>(row * columns)] = static_cast<char>(row + 1);
    values[static_cast<size_t>(row * columns + 19)] = '\7';
  }
  const auto summary =
      InspectNpy(*Source(Npy("|u1", absl::StrCat("3, ", columns), values)));
  const Preview& preview = summary->preview;
  EXPECT_EQ(preview.more_columns, columns - 20);
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(preview.rows[row].front(), absl::StrCat(row + 1));
    EXPECT_EQ(preview.rows[row].back(), "7");
  }
}

TEST(PreviewTest, ARecordOfCifarBeginsWithItsLabels) {
  std::string file;
  for (int i = 0; i < 12; ++i) {
    std::string record(3074, static_cast<char>(i));
    record[0] = '\3';
    record[1] = '\x2a';
    file += record;
  }
  const auto summary = InspectCifar(*Source(file));
  const Preview& preview = summary->preview;
  EXPECT_EQ(preview.columns[0], "coarse");
  EXPECT_EQ(preview.columns[1], "fine");
  EXPECT_EQ(preview.columns[2], "0");
  EXPECT_EQ(preview.more_columns, 3074 - 20);
  ASSERT_THAT(preview.rows, SizeIs(10));
  EXPECT_EQ(preview.rows[9][0], "3");
  EXPECT_EQ(preview.rows[9][1], "42");
  EXPECT_EQ(preview.rows[9][2], "9");
}

}  // namespace
}  // namespace steelyard::training
