#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "support/version.h"
#include "tests/client/command_run.h"

namespace steelyard::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// What the section headings "## steelyard NAME" of docs/cli.md name.
std::vector<std::string> DocumentedCommands() {
  constexpr absl::string_view kHeading = "## steelyard ";
  std::vector<std::string> names;
  std::ifstream file(STEELYARD_SOURCE_DIR "/docs/cli.md");
  for (std::string line; std::getline(file, line);) {
    if (absl::StartsWith(line, kHeading)) {
      names.push_back(line.substr(kHeading.size()));
    }
  }
  return names;
}

std::string Documentation() {
  std::ifstream file(STEELYARD_SOURCE_DIR "/docs/cli.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(CommandLineTest, TheDocumentationHasEveryCommandAndNoOther) {
  EXPECT_EQ(DocumentedCommands(), CommandNames());
}

TEST(CommandLineTest, TheDocumentationHasEveryOption) {
  const std::string documentation = Documentation();
  for (const std::string& name : CommandNames()) {
    CommandRun run;
    std::vector<std::string> arguments = absl::StrSplit(name, ' ');
    arguments.push_back("--help");
    ASSERT_EQ(run(arguments), 0);
    for (const absl::string_view line : absl::StrSplit(run.out.str(), '\n')) {
      if (!absl::StartsWith(line, "  --")) continue;
      const absl::string_view option =
          line.substr(2, line.find_first_of(" ,", 2) - 2);
      EXPECT_THAT(documentation, HasSubstr(std::string(option))) << name;
    }
  }
}

TEST(CommandLineTest, EveryHelpBeginsWithAnExample) {
  for (const std::string& name : CommandNames()) {
    CommandRun run;
    std::vector<std::string> arguments = absl::StrSplit(name, ' ');
    arguments.push_back("--help");
    EXPECT_EQ(run(arguments), 0);
    EXPECT_THAT(run.out.str(),
                testing::StartsWith("Example\n  steelyard " + name))
        << name;
    EXPECT_THAT(run.err.str(), IsEmpty());
    for (const absl::string_view line : absl::StrSplit(run.out.str(), '\n')) {
      EXPECT_LE(line.size(), 80) << line;
    }
  }
  CommandRun run;
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_THAT(run.out.str(), testing::StartsWith("Example\n  steelyard "));
}

TEST(CommandLineTest, TheVersionNamesVersionCommitAndNumerics) {
  CommandRun run;
  EXPECT_EQ(run({"--version"}), 0);
  const BuildVersion& build = GetBuildVersion();
  EXPECT_EQ(run.out.str(),
            absl::StrCat("steelyard ", build.version, " (commit ", build.commit,
                         ", numerics ", build.numerics_version, ")\n"));
}

TEST(CommandLineTest, AWrongCommandIsRefusedWithTheNearestOne) {
  CommandRun run;
  EXPECT_EQ(run({"sumbit", "a.yaml"}), 2);
  EXPECT_THAT(run.err.str(), HasSubstr("no such command: sumbit; did you mean "
                                       "submit?\n  see steelyard --help\n"));
  EXPECT_THAT(run.out.str(), IsEmpty());
}

TEST(CommandLineTest, AWrongOptionIsRefusedWithTheNearestOne) {
  CommandRun run;
  EXPECT_EQ(run({"submit", "a.yaml", "--folow"}), 2);
  EXPECT_THAT(run.err.str(), HasSubstr("did you mean --follow?"));
  run.err.str("");
  EXPECT_EQ(run({"ls", "--sever=unix:/x"}), 2);
  EXPECT_THAT(run.err.str(), HasSubstr("did you mean --server?"));
  run.err.str("");
  EXPECT_EQ(run({"data", "lst"}), 2);
  EXPECT_THAT(run.err.str(), HasSubstr("did you mean ls?"));
}

TEST(CommandLineTest, AnOptionBeforeItsCommandIsToldItsPlace) {
  CommandRun run;
  EXPECT_EQ(run({"--json", "ls"}), 2);
  EXPECT_THAT(run.err.str(),
              AllOf(HasSubstr("error: steelyard: want --json behind the "
                              "command, got it before; type: steelyard ls "
                              "--json\n"),
                    Not(HasSubstr("did you mean"))));
  run.err.str("");
  EXPECT_EQ(run({"data", "--shared", "put", "a.csv"}), 2);
  EXPECT_THAT(run.err.str(), HasSubstr("type: steelyard data put --shared\n"));
}

TEST(CommandLineTest, NothingTypedShowsTheHelpAndIsWrong) {
  CommandRun run;
  EXPECT_EQ(run({}), 2);
  EXPECT_THAT(run.err.str(), HasSubstr("Commands\n"));
}

TEST(CommandLineTest, WhatIsMissingOrTooMuchIsSaid) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"data"},
           {"submit"},
           {"watch"},
           {"watch", "1", "2"},
           {"watch", "1", "--from-sample", "x"},
           {"watch", "1", "--from-sample", "-1"},
           {"ls", "--limit", "-1"},
           {"ls", "extra"},
           {"ls", "--state", "runing"},
           {"ls", "--label", "x"},
           {"ls", "--label", "Foo Bar=1"},
           {"ls", "--experiment", "no such"},
           {"ls", "--experiment", ""},
           {"submit", "a", "--set"},
           {"submit", "a", "--follow", "--dry-run"},
           {"show", "12x"},
           {"ls", "--server", "nowhere"},
           {"--server"}}) {
    CommandRun run;
    EXPECT_EQ(run(arguments), 2) << testing::PrintToString(arguments);
    EXPECT_THAT(run.err.str(), testing::StartsWith("error: "));
    EXPECT_THAT(run.out.str(), IsEmpty());
  }
}

TEST(CommandLineTest, FaultsAreSaidInOneStyle) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> faults = {
      {{"watch", "1", "2"}, "steelyard watch: RUN: want at most 1, got 2"},
      {{"ls", "--limit", "1", "--limit", "2"},
       "steelyard ls: --limit: want at most 1, got 2"},
      {{"ls", "--server"}, "steelyard ls: --server: want ADDR, got nothing"},
      {{"--server"}, "steelyard: --server: want ADDR, got nothing"},
      {{"submit"}, "steelyard submit: want FILE, got nothing"},
      {{"submit", "a", "--set"},
       "steelyard submit: --set: want PATH=VALUE, got nothing"},
      {{"data"}, "steelyard data: want a command, got nothing"},
      {{"metrics", "1", "--columns", "value"},
       "steelyard metrics: --columns: want --csv too, got it alone"},
      {{"submit", "a", "--follow", "--dry-run"},
       "steelyard submit: want --follow or --dry-run, got both"},
      {{"ls", "--mine=x"}, "steelyard ls: --mine: want no such value, got x"}};
  for (const auto& [arguments, message] : faults) {
    CommandRun run;
    EXPECT_EQ(run(arguments), 2);
    EXPECT_THAT(run.err.str(),
                testing::StartsWith("error: " + message + "\n  see "));
  }
}

TEST(CommandLineTest, TypedTextThatIsNoUtf8IsRefusedBeforeAServerIsAsked) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"submit", "a.yaml", "--set", "name=\xff"},
           {"ls", "--label", "a=\xff"},
           {"metrics", "1", "--metric", "\xff"},
           {"data", "show", "\xff"}}) {
    CommandRun run;
    EXPECT_EQ(run(arguments), 2) << testing::PrintToString(arguments);
    EXPECT_THAT(run.err.str(), HasSubstr("want UTF-8, got the byte 0xff\n"));
    // The message itself is UTF-8.
    EXPECT_THAT(run.err.str(), HasSubstr("\\xff:1:"));
  }
}

TEST(CommandLineTest, TypedTextCannotMoveTheCursor) {
  CommandRun run;
  EXPECT_EQ(run({"\x1b[2J"}), 2);
  EXPECT_EQ(run({"ls", "--\x1b[2J"}), 2);
  EXPECT_EQ(run({"show", "\x1b[2J"}), 2);
  EXPECT_THAT(run.err.str(), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace steelyard::cli
