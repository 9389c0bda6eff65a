#include "server/names.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

using absl::StatusCode;

TEST(NamesTest, ARunsNameComesBackAsItWas) {
  const std::string name = FormatRunName("d8", {42});
  EXPECT_EQ(name, "experiments/d8/runs/42");
  const absl::StatusOr<RunName> parsed = ParseRunName(name);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->experiment, "d8");
  EXPECT_EQ(parsed->run, storage::RunId{42});
}

TEST(NamesTest, ADashFindsARunInAnyExperiment) {
  const absl::StatusOr<RunName> parsed = ParseRunName("experiments/-/runs/7");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->experiment, "");
}

// One run has one name: no zeros, signs or spaces, which number parsers take.
TEST(NamesTest, OtherSpellingsOfARunAreRefused) {
  for (const char* name :
       {"", "7", "experiments/d8/runs/", "experiments/d8/runs/0",
        "experiments/d8/runs/07", "experiments/d8/runs/+7",
        "experiments/d8/runs/ 7", "experiments/d8/runs/7/",
        "experiments/D8/runs/7", "experiments//runs/7", "/experiments/a/runs/7",
        "experiments/d8/runs/99999999999999999999"}) {
    EXPECT_THAT(ParseRunName(name),
                StatusIs(StatusCode::kInvalidArgument, "name: want "))
        << name;
  }
}

TEST(NamesTest, AnArtifactIsNamedWithinItsRun) {
  const auto name =
      ParseArtifactName("experiments/d8/runs/12/artifacts/frame-7.png");
  ASSERT_THAT(name, IsOk());
  EXPECT_EQ(name->run.experiment, "d8");
  EXPECT_EQ(name->run.run.value, 12);
  EXPECT_EQ(name->artifact, "frame-7.png");
  EXPECT_EQ(FormatArtifactName("experiments/d8/runs/12", "a"),
            "experiments/d8/runs/12/artifacts/a");
  for (const char* wrong :
       {"", "a", "experiments/d8/runs/12", "experiments/d8/runs/12/artifacts/",
        "experiments/d8/runs/12/artifacts/..",
        "experiments/d8/runs/12/artifacts/.a",
        "experiments/d8/runs/12/artifacts/-a",
        "experiments/d8/runs/12/artifacts/a_b",
        "experiments/d8/runs/12/artifacts/a/b",
        "experiments/d8/runs/012/artifacts/a",
        "experiments/d8/runs/12/artifacts/../artifacts/a"}) {
    EXPECT_THAT(ParseArtifactName(wrong),
                StatusIs(StatusCode::kInvalidArgument, "name: want "))
        << wrong;
  }
  EXPECT_TRUE(IsArtifactId(std::string(127, 'a')));
  EXPECT_FALSE(IsArtifactId(std::string(128, 'a')));
}

TEST(NamesTest, AParentIsOneExperimentOrAll) {
  EXPECT_EQ(ParseRunParent("experiments/d8").value(), "d8");
  EXPECT_EQ(ParseRunParent("experiments/-").value(), "");
  EXPECT_THAT(ParseRunParent(""),
              StatusIs(StatusCode::kInvalidArgument, "experiments/-"));
}

TEST(NamesTest, ADatasetIsNamedByHashOrLabel) {
  const std::string hex(64, 'a');
  EXPECT_EQ(ParseDatasetName("datasets/" + hex)->sha256.hex, hex);
  EXPECT_EQ(ParseDatasetName("datasets/fashion")->label, "fashion");
  EXPECT_EQ(ParseDatasetReference("sha256/" + hex)->sha256.hex, hex);
  EXPECT_EQ(ParseDatasetReference("fashion")->label, "fashion");
  EXPECT_THAT(ParseDatasetReference("sha256/abc"),
              StatusIs(StatusCode::kInvalidArgument, "64 lower-case"));
  EXPECT_THAT(ParseDatasetName("datasets/" + std::string(64, 'A')),
              StatusIs(StatusCode::kInvalidArgument, "a label"));
}

TEST(NamesTest, ALabelHas63CharactersAtMost) {
  EXPECT_TRUE(IsLabel(std::string(63, 'x')));
  EXPECT_FALSE(IsLabel(std::string(64, 'x')));
  EXPECT_FALSE(IsLabel(""));
  EXPECT_FALSE(IsLabel("a/b"));
}

TEST(NamesTest, AnErrorShowsAClientsTextEscapedAndCut) {
  EXPECT_EQ(Quoted("a\x1b[31m\"\n"), "\"a\\x1b[31m\\\"\\n\"");
  // 99 bytes, then a character of two bytes: it is not cut in half.
  const std::string text = std::string(99, 'a') + "\xC3\xA9" + "b";
  EXPECT_EQ(Quoted(text), "\"" + std::string(99, 'a') + "\"...");
}

}  // namespace
}  // namespace steelyard::server
