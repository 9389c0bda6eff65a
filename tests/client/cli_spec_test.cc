#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "client/cli/file_hash.h"
#include "client/cli/spec_source.h"
#include "client/cli/spec_text.h"
#include "google/protobuf/text_format.h"
#include "tests/status_matchers.h"

namespace steelyard::cli {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

v1::RunSpec Spec(const std::string& text) {
  v1::RunSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &spec));
  return spec;
}

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = testing::TempDir() + "steelyard-spec-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  std::filesystem::path folder_;
  std::istringstream in_;
};

TEST(SpecTextTest, ASpecIsALineAField) {
  EXPECT_EQ(SpecYaml(Spec(R"pb(
              name: "d8"
              labels { key: "paper" value: "xu2021" }
              labels { key: "note" value: "a: b" }
              data {
                inline {
                  features { values: [ 2, 1 ] }
                  features { values: [ 0.5, -1e-7 ] }
                  labels: [ 1, -1 ]
                }
                classes { positive: 2 negative: 4 }
              }
              model { linear { bias: true } }
              loss { exponential {} }
              weighting { per_class { ratio: 64 } }
              normalization: NORMALIZATION_MEAN_ONE
              regularizer { l2 {} }
              stop {
                steps: 10000000
                wall_time { seconds: 7200 }
              }
              evaluate { log { points_per_decade: 10 } }
              precision: PRECISION_DOUBLE)pb")),
            R"(name: d8
labels: {note: "a: b", paper: xu2021}
data: {inline: {features: [[2, 1], [0.5, -1e-07]], labels: [1, -1]}, )"
            R"(classes: {positive: [2], negative: [4]}}
model: {linear: {bias: true}}
loss: {exponential: {}}
weighting: {per_class: {ratio: 64}}
normalization: mean_one
regularizer: {l2: {strength: 0}}
stop: {steps: 10000000, wall_time: 7200s}
evaluate: {log: {points_per_decade: 10}}
precision: double
seed: 0
)");
}

TEST(SpecTextTest, WhatYamlReadsOtherwiseIsQuoted) {
  for (const char* word : {"true", "no", "null", "7", "1e3", "-x", "a b", "a:b",
                           "", "x\ny", "y"}) {
    v1::RunSpec spec;
    (*spec.mutable_labels())["k"] = word;
    EXPECT_THAT(SpecYaml(spec), HasSubstr("k: \"")) << word;
  }
  EXPECT_THAT(SpecYaml(Spec("name: 'd8-positives.x10'")),
              HasSubstr("name: d8-positives.x10\n"));
}

TEST(SpecTextTest, ForPeopleALongListIsCut) {
  v1::RunSpec spec;
  for (int i = 0; i < 1000; ++i) {
    spec.mutable_data()->mutable_inline_()->add_labels(i);
  }
  EXPECT_THAT(SpecYaml(spec, 3), HasSubstr("labels: [0, 1, 2, ... 997 more]"));
}

using SpecSourceTest = FileTest;

TEST_F(SpecSourceTest, FilesAreRelativeToTheSpec) {
  const SpecSource source = *ReadSpec(Write("a.yaml", "seed: 1\n"), in_);
  EXPECT_EQ(source.text, "seed: 1\n");
  EXPECT_EQ(PathFrom(source, "x.csv"), folder_ / "x.csv");
  EXPECT_EQ(PathFrom(source, "/x.csv"), "/x.csv");
  EXPECT_EQ(PathFrom({.name = "a.yaml"}, "x.csv"), "x.csv");
}

TEST_F(SpecSourceTest, ADashIsStandardInput) {
  in_.str("seed: 2\n");
  const SpecSource source = *ReadSpec("-", in_);
  EXPECT_EQ(source.name, "<stdin>");
  EXPECT_EQ(source.text, "seed: 2\n");
}

TEST_F(SpecSourceTest, ASpecOfTenGigabytesIsRefusedUnread) {
  const std::string path = Write("huge.yaml", "");
  std::filesystem::resize_file(path, 10'000'000'000);
  EXPECT_THAT(ReadSpec(path, in_),
              StatusIs(StatusCode::kInvalidArgument, "use file:"));
}

TEST_F(SpecSourceTest, TheLimitIsSixteenMebibytes) {
  const std::string path = Write("spec.yaml", "");
  std::filesystem::resize_file(path, 16 << 20);
  EXPECT_THAT(ReadSpec(path, in_), IsOk());
  std::filesystem::resize_file(path, (16 << 20) + 1);
  EXPECT_THAT(ReadSpec(path, in_),
              StatusIs(StatusCode::kInvalidArgument,
                       "want at most 16777216 bytes, got 16777217"));
  in_.str(std::string((16 << 20) + 1, 'x'));
  EXPECT_THAT(ReadSpec("-", in_),
              StatusIs(StatusCode::kInvalidArgument, "use file:"));
}

TEST_F(SpecSourceTest, AnEndlessDeviceIsReadToTheLimitAlone) {
  EXPECT_THAT(ReadSpec("/dev/zero", in_),
              StatusIs(StatusCode::kInvalidArgument, "use file:"));
}

TEST_F(SpecSourceTest, WhatCannotBeReadIsAWrongSpec) {
  EXPECT_THAT(ReadSpec(folder_ / "none.yaml", in_),
              StatusIs(StatusCode::kInvalidArgument, "none.yaml: "));
  EXPECT_THAT(ReadSpec(folder_, in_),
              StatusIs(StatusCode::kInvalidArgument, ""));
}

v1::SpecFault Fault(int set_number, int line, int column,
                    const std::string& path, const std::string& message) {
  v1::SpecFault fault;
  fault.set_set_number(set_number);
  fault.set_line(line);
  fault.set_column(column);
  fault.set_path(path);
  fault.set_message(message);
  return fault;
}

TEST(FaultLineTest, AFaultHasAPlace) {
  const SpecSource source = {.name = "d8.yaml"};
  const std::vector<std::string> sets = {"seed=1", "stop.steps=0"};
  EXPECT_EQ(FaultLine(source, sets,
                      Fault(0, 9, 8, "loss.exponetial",
                            "loss.exponetial: no such field")),
            "d8.yaml:9:8: loss.exponetial: no such field");
  EXPECT_EQ(FaultLine(source, sets, Fault(2, 0, 0, "stop.steps", "want >= 1")),
            "--set 2 (stop.steps=0): stop.steps: want >= 1");
  EXPECT_EQ(
      FaultLine(source, sets, Fault(0, 0, 0, "stop", "want one, got none")),
      "d8.yaml: stop: want one, got none");
  EXPECT_EQ(FaultLine(source, sets, Fault(0, 1, 2, "", "no YAML")),
            "d8.yaml:1:2: no YAML");
}

TEST(FaultLineTest, TextOfASpecCannotMoveTheCursor) {
  EXPECT_EQ(FaultLine({.name = "a\x1b.yaml"}, {},
                      Fault(0, 1, 1, "x\x1b", "got \x1b[2J")),
            "a\\x1b.yaml:1:1: x\\x1b: got \\x1b[2J");
}

TEST(FaultLineTest, FaultsAreSortedByPlace) {
  std::vector<v1::SpecFault> faults = {
      Fault(2, 0, 0, "e", ""), Fault(0, 9, 8, "c", ""), Fault(0, 0, 0, "a", ""),
      Fault(0, 9, 1, "b", ""), Fault(1, 0, 0, "d", "")};
  SortFaults(faults);
  std::vector<std::string> paths;
  paths.reserve(faults.size());
  for (const v1::SpecFault& fault : faults) paths.push_back(fault.path());
  EXPECT_THAT(paths, ElementsAre("a", "b", "c", "d", "e"));
}

using FileHashTest = FileTest;

// FIPS 180-2, appendix B.
TEST_F(FileHashTest, HashesAreThoseOfTheStandard) {
  EXPECT_EQ(Sha256Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  const absl::StatusOr<FileHash> million =
      HashFile(Write("million", std::string(1000000, 'a')));
  EXPECT_EQ(million->sha256,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(million->size_bytes, 1000000);
}

TEST_F(FileHashTest, WhatIsNoRegularFileIsRefused) {
  EXPECT_THAT(HashFile(folder_ / "none"),
              StatusIs(StatusCode::kInvalidArgument, "none: No such file"));
  EXPECT_THAT(HashFile(folder_),
              StatusIs(StatusCode::kInvalidArgument, "a directory"));
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(HashFile(pipe),
              StatusIs(StatusCode::kInvalidArgument, "want a regular file"));
  EXPECT_THAT(CheckReadable(pipe),
              StatusIs(StatusCode::kInvalidArgument, "want a regular file"));
}

}  // namespace
}  // namespace steelyard::cli
