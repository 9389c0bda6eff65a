#include "training/data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/status_matchers.h"
#include "tests/training/data/files.h"

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<FileSummary> InspectBytes(absl::string_view file,
                                         int64_t limit_bytes = kAmple) {
  return InspectNpy(*Source(file, limit_bytes));
}

absl::StatusOr<Rows> ReadBytes(absl::string_view features,
                               absl::string_view labels,
                               const RowSelection& selection = {}) {
  return ReadNpy(*Source(features), *Source(labels), selection);
}

std::string Bytes(const std::vector<int>& values) {
  return {values.begin(), values.end()};
}

std::string Doubles(const std::vector<double>& values) {
  std::string bytes;
  for (const double value : values) {
    bytes += LittleEndian(std::bit_cast<uint64_t>(value), 8);
  }
  return bytes;
}

std::string Labels(const std::vector<int>& labels) {
  return Npy("|i1", absl::StrCat(labels.size(), ","), Bytes(labels));
}

MATCHER_P2(Counted, value, count, "") {
  return arg.value == value && arg.count == count;
}

// A file that numpy wrote, and what numpy reads in it: npy/write_npy.py.
struct Golden {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  std::vector<double> values;
};

std::string ReadGolden(const std::string& name) {
  std::ifstream file(absl::StrCat(STEELYARD_NPY_FILES, "/", name),
                     std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Golden> Goldens() {
  std::vector<Golden> goldens;
  for (absl::string_view line :
       absl::StrSplit(ReadGolden("values.txt"), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    Golden golden{
        .name = words[0], .dtype = words[1], .shape = {}, .values = {}};
    for (absl::string_view size : absl::StrSplit(words[2], ',')) {
      EXPECT_TRUE(absl::SimpleAtoi(size, &golden.shape.emplace_back()));
    }
    for (size_t i = 3; i < words.size(); ++i) {
      EXPECT_TRUE(absl::SimpleAtod(words[i], &golden.values.emplace_back()));
    }
    goldens.push_back(std::move(golden));
  }
  EXPECT_GE(goldens.size(), 30U);
  return goldens;
}

TEST(NpyGoldenTest, EveryTypeOrderAndVersionIsReadAsNumpyReadsIt) {
  const std::string labels = ReadGolden("labels.npy");
  for (const Golden& golden : Goldens()) {
    const auto rows = ReadBytes(ReadGolden(golden.name), labels);
    ASSERT_THAT(rows, IsOk()) << golden.name;
    EXPECT_EQ(rows->rows, 4) << golden.name;
    EXPECT_EQ(rows->columns, std::ssize(golden.values) / 4) << golden.name;
    EXPECT_EQ(rows->features, golden.values) << golden.name;
    EXPECT_THAT(rows->labels, ElementsAre(1, -1, -1, 1)) << golden.name;
  }
}

TEST(NpyGoldenTest, EveryFileIsDescribed) {
  for (const Golden& golden : Goldens()) {
    const auto summary = InspectBytes(ReadGolden(golden.name));
    ASSERT_THAT(summary, IsOk()) << golden.name;
    EXPECT_EQ(summary->dtype, golden.dtype) << golden.name;
    EXPECT_EQ(summary->shape, golden.shape) << golden.name;
    EXPECT_EQ(summary->non_finite, 0) << golden.name;
    EXPECT_EQ(summary->min,
              *std::min_element(golden.values.begin(), golden.values.end()))
        << golden.name;
    EXPECT_EQ(summary->max,
              *std::max_element(golden.values.begin(), golden.values.end()))
        << golden.name;
    EXPECT_EQ(summary->values.empty(), golden.shape.size() > 1) << golden.name;
  }
}

TEST(InspectNpyTest, CountsLabels) {
  const auto summary = InspectBytes(Gzip(Labels({9, 2, 2, 0, 2})));
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->values,
              ElementsAre(Counted(0, 1), Counted(2, 3), Counted(9, 1)));
}

TEST(InspectNpyTest, CountsNonFiniteValues) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto summary =
      InspectBytes(Npy("<f8", "2, 2", Doubles({-infinity, 3, NAN, infinity})));
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->non_finite, 3);
  EXPECT_EQ(summary->min, 3);
  EXPECT_EQ(summary->max, 3);
  // Half precision has them too.
  EXPECT_EQ(InspectBytes(Npy("<f2", "3,", Bytes({0, 0x7c, 1, 0x7c, 0, 0xfc})))
                ->non_finite,
            3);
}

// Other programs write the order of a byte, and other spaces than numpy.
TEST(InspectNpyTest, TakesWhatOtherProgramsWrite) {
  EXPECT_THAT(InspectBytes(Npy("<u1", "2,", "ab")), IsOk());
  EXPECT_THAT(InspectBytes(Npy(">b1", "2,", "ab")), IsOk());
  for (const char* literal :
       {"{'descr':'|u1','fortran_order':False,'shape':(2,)}",
        "{ \"shape\" : ( 1 , 2 ) , \"fortran_order\" : True ,\n"
        "\t\"descr\" : \"|u1\" , }  \n"}) {
    EXPECT_THAT(InspectBytes(NpyFile(literal, "ab")), IsOk()) << literal;
  }
}

TEST(InspectNpyTest, SaysAtWhichOffsetAFileIsCutShort) {
  const std::string file = Npy("<i2", "2, 3", std::string(12, '\1'));
  const size_t values = file.size() - 12;
  for (size_t cut = 0; cut < file.size(); ++cut) {
    EXPECT_THAT(InspectBytes(file.substr(0, cut)),
                StatusIs(kInvalid, absl::StrCat("offset ", cut, ": want ")))
        << cut;
  }
  EXPECT_THAT(
      InspectBytes(file.substr(0, values + 5)),
      StatusIs(kInvalid, absl::StrCat("offset ", values + 5,
                                      ": want 7 more bytes of 2 x 3 of int16, "
                                      "got the end of the data")));
}

TEST(InspectNpyTest, AGzipFileCutAnywhereGetsAMessageWithAnOffset) {
  std::string values;
  std::mt19937_64 engine(4);
  for (int i = 0; i < 1'000; ++i) values += LittleEndian(engine(), 8);
  const std::string file = Gzip(Npy("<f8", "1000,", values));
  for (int i = 0; i < 1'000; ++i) {
    const size_t cut = engine() % file.size();
    const absl::Status status = InspectBytes(file.substr(0, cut)).status();
    EXPECT_THAT(status, StatusIs(kInvalid, "offset ")) << cut;
  }
}

TEST(InspectNpyTest, RefusesBytesAfterTheValues) {
  const std::string file = Npy("|u1", "2,", "abc");
  EXPECT_THAT(InspectBytes(file),
              StatusIs(kInvalid, absl::StrCat("offset ", file.size() - 1,
                                              ": want the end of the data")));
}

TEST(InspectNpyTest, RefusesOtherFilesAndVersions) {
  std::string file = Npy("|u1", "2,", "ab");
  EXPECT_THAT(InspectBytes("x1,x2,y\n1,2,1\n"),
              StatusIs(kInvalid, "offset 0: want the bytes 0x93 \"NUMPY\""));
  file[7] = 1;
  EXPECT_THAT(InspectBytes(file),
              StatusIs(kInvalid,
                       "offset 6: want the version 1.0, 2.0 or 3.0, "
                       "got 1.1"));
  file[6] = 4;
  EXPECT_THAT(InspectBytes(file), StatusIs(kInvalid, "got 4.1"));
  // 4 GB of header, of which nothing is there.
  EXPECT_THAT(InspectBytes(absl::StrCat("\x93NUMPY", Bytes({2, 0}),
                                        LittleEndian(0xffffffff, 4))),
              StatusIs(kInvalid,
                       "offset 8: want a header of at most 65536 "
                       "bytes, got 4294967295"));
}

TEST(InspectNpyTest, TakesTheLongestHeaderAndNotOneByteMore) {
  const auto file = [](size_t size) {
    std::string literal =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}";
    literal.resize(size, ' ');
    return absl::StrCat("\x93NUMPY", Bytes({2, 0}), LittleEndian(size, 4),
                        literal, "a");
  };
  EXPECT_THAT(InspectBytes(file(65'536)), IsOk());
  EXPECT_THAT(InspectBytes(file(65'537)), StatusIs(kInvalid, "got 65537"));
}

struct BadLiteral {
  const char* literal;
  const char* want;
};

constexpr BadLiteral kBadLiterals[] = {
    {"",
     "offset 10: want {, the beginning of a dictionary, got the end of the "
     "header"},
    {"['descr']", "offset 10: want {"},
    {"{}",
     "offset 10: want the keys descr, fortran_order and shape, got no "
     "descr"},
    {"{'descr': '<f8'}", "got no fortran_order"},
    {"{'descr': '<f8', 'fortran_order': False}", "got no shape"},
    {"{descr: '<f8'}", "offset 11: want one of the keys 'descr'"},
    {"{'descr' '<f8'}", "offset 19: want :, got \"'<f8'}\""},
    {"{'descr': '<f8' 'shape': (1,)}", "offset 26: want , or }"},
    {"{'descr': '<f8',, }", "offset 26: want one of the keys"},
    {"{'descr': '<f8', 'descr': '<f8'}",
     "offset 27: want the keys descr, fortran_order and shape, each once, got "
     "\"descr\""},
    {"{'fortran': False}", "offset 11: want the keys"},
    {"{'desc\\x72': '<f8'}", "offset 11: want one of the keys"},
    {"{'descr': '<f8", "offset 20: want the type of a number"},
    {"{'descr': '|O'}", "offset 20: want the type of a number"},
    {"{'descr': '|O'}", "got \"|O\", which are Python objects"},
    {"{'descr': [('x', '<f8'), ('y', '<f8')]}",
     "f4 or f8), got \"[('x', '<f8'), ('y',\"..."},
    {"{'descr': ('<f8', (2,))}", "offset 20: want the type"},
    {"{'descr': '<c16'}", "got \"<c16\""},
    {"{'descr': '<M8[ns]'}", "got \"<M8[ns]\""},
    {"{'descr': '<U5'}", "got \"<U5\""},
    {"{'descr': '|V8'}", "got \"|V8\""},
    {"{'descr': '|f8'}", "got \"|f8\""},
    {"{'descr': '=f8'}", "got \"=f8\""},
    {"{'descr': '<f16'}", "got \"<f16\""},
    {"{'descr': '<'}", "got \"<\""},
    {"{'descr': ''}", "got \"\""},
    {"{'descr': '<\x01\xff'}", "got \"<\\x01\\xff\""},
    {"{'fortran_order': false}", "offset 28: want True or False"},
    {"{'fortran_order': 1}", "offset 28: want True or False"},
    {"{'fortran_order': Falsehood}", "want , or }"},
    {"{'shape': 3}", "offset 20: want a shape, as in (3, 4), got \"3}\""},
    {"{'shape': [3]}", "offset 20: want a shape"},
    {"{'shape': (3)}",
     "want a shape of 1 to 4 dimensions, (3,) or (3, 4), got "
     "\" (3)\""},
    {"{'shape': ()}", "want a shape of 1 to 4 dimensions"},
    {"{'shape': (3 4)}", "offset 23: want , or )"},
    {"{'shape': (3,,)}", "offset 23: want a dimension of at least 1"},
    {"{'shape': (3, 0)}",
     "offset 24: want a dimension of at least 1, got "
     "\"0)}\""},
    {"{'shape': (-1,)}", "offset 21: want a dimension of at least 1"},
    {"{'shape': (1, 1, 1, 1, 1)}", "offset 33: want ) after 4 dimensions"},
    {"{'shape': (9223372036854775808,)}",
     "offset 21: want a dimension of at most 9223372036854775807"},
    {"{'shape': (3,", "offset 23: want a dimension of at least 1, got the end"},
    {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} x",
     "offset 66: want blanks up to the end of the header, got \"x\""},
};

TEST(InspectNpyTest, SaysWhereAHeaderIsWrongAndWhatWasWanted) {
  for (const BadLiteral& bad : kBadLiterals) {
    EXPECT_THAT(InspectBytes(NpyFile(bad.literal, "abcdefgh")),
                StatusIs(kInvalid, bad.want))
        << bad.literal;
  }
}

// 2^31 four times is past 2^64; 2^60 doubles need 2^63 bytes.
TEST(InspectNpyTest, RefusesAProductThatOverflows) {
  const std::string most = "2147483648, 2147483648, 2147483648, 2147483648";
  EXPECT_THAT(InspectBytes(Npy("|u1", most, "a")),
              StatusIs(kInvalid,
                       "want dimensions with a product that a file "
                       "can hold, got 2147483648 x"));
  EXPECT_THAT(InspectBytes(Npy("<f8", "1073741824, 1073741824", "a")),
              StatusIs(kInvalid, "want dimensions with a product"));
  EXPECT_THAT(InspectBytes(Npy("<f8", "1073741824, 1073741823", "a")),
              StatusIs(kInvalid, "more bytes of"));
}

TEST(InspectNpyTest, KeepsToTheLimitOfInflatedBytes) {
  const std::string file = Npy("|u1", "1000,", std::string(1000, 'a'));
  const auto size = static_cast<int64_t>(file.size());
  EXPECT_THAT(InspectBytes(Gzip(file), size), IsOk());
  EXPECT_THAT(InspectBytes(Gzip(file), size - 1),
              StatusIs(absl::StatusCode::kResourceExhausted, "want at most"));
}

TEST(ReadNpyTest, MapsClassesAndTakesTheFirstRows) {
  const std::string labels = Labels({7, 3, 9, 7, 9, 7});
  const RowSelection selection = {
      .positive = {7}, .negative = {9}, .first_per_class = 2};
  for (const char* fortran : {"False", "True"}) {
    const bool columns = *fortran == 'T';
    const std::string features =
        Npy("|u1", "6, 2",
            columns ? Bytes({10, 20, 30, 40, 50, 60, 11, 21, 31, 41, 51, 61})
                    : Bytes({10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 60, 61}),
            fortran);
    const auto rows = ReadBytes(features, labels, selection);
    ASSERT_THAT(rows, IsOk());
    EXPECT_EQ(rows->rows, 4);
    EXPECT_THAT(rows->labels, ElementsAre(1, -1, 1, -1));
    EXPECT_THAT(rows->features, ElementsAre(10, 11, 30, 31, 40, 41, 50, 51));
  }
}

TEST(ReadNpyTest, RefusesAFeatureThatIsNotFiniteInAnyRow) {
  const std::string labels = Labels({1, -1, 5});
  const RowSelection selection = {.positive = {1}, .negative = {-1}};
  EXPECT_THAT(ReadBytes(Npy("<f8", "3, 2", Doubles({1, 2, 3, 4, 5, NAN})),
                        labels, selection),
              StatusIs(kInvalid,
                       "features: row 3, feature 1: want a finite number, got "
                       "nan"));
  // In Fortran order the same bytes are other places.
  EXPECT_THAT(
      ReadBytes(Npy("<f8", "3, 2", Doubles({1, 2, INFINITY, 4, 5, 6}), "True"),
                labels, selection),
      StatusIs(kInvalid,
               "features: row 3, feature 0: want a finite "
               "number, got inf"));
}

TEST(ReadNpyTest, RefusesLabelsThatAreNoClasses) {
  const std::string features = Npy("|u1", "2, 1", "ab");
  EXPECT_THAT(ReadBytes(features, Labels({1, 0})),
              StatusIs(kInvalid,
                       "labels: row 2: want -1 or +1 as label, got "
                       "0; choose with classes"));
  EXPECT_THAT(ReadBytes(features, Npy("<f8", "2,", Doubles({1, 0.5})),
                        {.positive = {1}, .negative = {0}}),
              StatusIs(kInvalid, "labels: row 2: want a whole number"));
  EXPECT_THAT(
      ReadBytes(features, Labels({1, 2}), {.positive = {7}, .negative = {8}}),
      StatusIs(kInvalid, "got none"));
}

TEST(ReadNpyTest, RefusesShapesThatDoNotFit) {
  const std::string features = Npy("|u1", "2, 3", "abcdef");
  EXPECT_THAT(ReadBytes(features, Labels({1, -1, 1})),
              StatusIs(kInvalid,
                       "labels: want as many as there are rows of "
                       "features, 2, got 3"));
  EXPECT_THAT(ReadBytes(features, Npy("|u1", "2, 1", "ab")),
              StatusIs(kInvalid,
                       "labels: want one dimension, got 2 x 1 of "
                       "uint8"));
}

TEST(ReadNpyTest, SaysWhichFileIsCutShortOrTooLong) {
  const std::string features = Npy("|u1", "3, 2", "abcdef");
  const std::string labels = Labels({1, 1, 1});
  for (size_t cut = 0; cut < features.size(); ++cut) {
    EXPECT_THAT(ReadBytes(features.substr(0, cut), labels),
                StatusIs(kInvalid, absl::StrCat("features: offset ", cut)));
  }
  EXPECT_THAT(ReadBytes(features + "x", labels),
              StatusIs(kInvalid, "features: offset "));
  EXPECT_THAT(ReadBytes(features, labels + "x"),
              StatusIs(kInvalid, "labels: offset "));
}

// A header's claim alone must not take memory: this one asks for 16 TB.
TEST(ReadNpyTest, AllocatesNothingByAClaim) {
  for (const char* fortran : {"False", "True"}) {
    EXPECT_THAT(ReadBytes(Npy("<f8", "2, 1048576, 1048576", "ab", fortran),
                          Labels({1, 1})),
                StatusIs(kInvalid, "more bytes of 2 x 1048576 x 1048576"));
  }
}

}  // namespace
}  // namespace steelyard::training
