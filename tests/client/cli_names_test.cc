#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "client/cli/run_filter.h"
#include "client/cli/run_name.h"
#include "client/cli/server_address.h"
#include "tests/status_matchers.h"

namespace steelyard::cli {
namespace {

using absl::StatusCode;

GetEnv Env(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](
             const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) return std::nullopt;
    return found->second;
  };
}

// A folder of the test's own.
class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    std::string name = testing::TempDir() + "steelyard-names-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

  std::filesystem::path folder_;
};

TEST(RunNameTest, ARunIsNamedInFourWays) {
  EXPECT_EQ(ParseRunName("12")->Resource(), "experiments/-/runs/12");
  EXPECT_EQ(ParseRunName("d8/12")->Resource(), "experiments/d8/runs/12");
  EXPECT_EQ(ParseRunName("experiments/d8/runs/12")->Resource(),
            "experiments/d8/runs/12");
  EXPECT_TRUE(ParseRunName("last")->last);
  EXPECT_EQ(ParseRunName("007")->Resource(), "experiments/-/runs/7");
  EXPECT_EQ(ParseRunName("0")->Resource(), "experiments/-/runs/0");
}

TEST(RunNameTest, WhatIsNoRunIsRefusedWithTheForms) {
  for (const char* text :
       {"", "x", "12x", "-1", "+1", " 1", "d8/", "/12", "D8/12", "a/b/12",
        "experiments/d8/runs/", "runs/d8/experiments/1", "99999999999999999999",
        "d8/last", "LAST"}) {
    EXPECT_THAT(ParseRunName(text),
                StatusIs(StatusCode::kInvalidArgument,
                         "want a number R, E/R, experiments/E/runs/R or last"))
        << text;
  }
}

TEST(RunNameTest, TheShortFormIsWhatCommandsTake) {
  EXPECT_EQ(ShortRunName("experiments/d8/runs/12"), "d8/12");
  EXPECT_EQ(ShortRunName("datasets/0f"), "datasets/0f");
  EXPECT_EQ(TypedRunName("experiments/d8/runs/12"), "d8/12");
  EXPECT_EQ(TypedRunName("experiments/-/runs/12"), "12");
}

TEST(RunFilterTest, ConditionsAreJoinedAndQuoted) {
  EXPECT_EQ(FilterText({}), "");
  EXPECT_EQ(FilterText({.state = v1::RUN_STATE_FAILED}), "state = FAILED");
  EXPECT_EQ(FilterText({.state = v1::RUN_STATE_RUNNING,
                        .labels = {{"paper", "xu2021"}, {"q", "a\"b\\c"}},
                        .user = "ann"}),
            "state = RUNNING AND labels.paper = \"xu2021\" AND "
            "labels.q = \"a\\\"b\\\\c\" AND user = \"ann\"");
}

TEST(RunFilterTest, AStateIsReadInAnyCase) {
  EXPECT_EQ(*ParseState("running"), v1::RUN_STATE_RUNNING);
  EXPECT_EQ(*ParseState("SUCCEEDED"), v1::RUN_STATE_SUCCEEDED);
  EXPECT_THAT(ParseState("runing"),
              StatusIs(StatusCode::kInvalidArgument, "did you mean RUNNING?"));
  EXPECT_THAT(ParseState("UNSPECIFIED"),
              StatusIs(StatusCode::kInvalidArgument, "want one of QUEUED, "));
}

TEST(RunFilterTest, ALabelIsAKeyAndAValue) {
  EXPECT_EQ(*ParseLabel("a=b=c"),
            std::pair(std::string("a"), std::string("b=c")));
  EXPECT_EQ(ParseLabel("a=")->second, "");
  EXPECT_THAT(ParseLabel("=b"), StatusIs(StatusCode::kInvalidArgument, "K=V"));
  EXPECT_THAT(ParseLabel("a"), StatusIs(StatusCode::kInvalidArgument, "K=V"));
  EXPECT_THAT(ParseLabel("Foo Bar=1"),
              StatusIs(StatusCode::kInvalidArgument,
                       "--label: want K=V, K 1-63 of [a-z0-9-_.], got Foo"));
}

TEST(ServerAddressTest, TheFlagGoesBeforeTheVariableAndTheSocket) {
  const GetEnv env = Env({{"STEELYARD_SERVER", "unix:/run/b.sock"},
                          {"XDG_DATA_HOME", "/data"},
                          {"HOME", "/home/ann"}});
  EXPECT_EQ(ResolveServer("unix:/run/a.sock", env)->target, "unix:/run/a.sock");
  EXPECT_EQ(ResolveServer("unix:/run/a.sock", env)->source, "--server");
  EXPECT_EQ(ResolveServer("", env)->target, "unix:/run/b.sock");
  EXPECT_EQ(ResolveServer("", env)->source, "STEELYARD_SERVER");
}

TEST(ServerAddressTest, WithNothingSaidItIsTheSocketOfTheSameUser) {
  EXPECT_EQ(ResolveServer(
                "", Env({{"XDG_DATA_HOME", "/data"}, {"HOME", "/home/ann"}}))
                ->target,
            "unix:/data/steelyard/steelyard.sock");
  EXPECT_EQ(ResolveServer("", Env({{"HOME", "/home/ann"}}))->target,
            "unix:/home/ann/.local/share/steelyard/steelyard.sock");
  // A relative XDG path is none.
  EXPECT_EQ(
      ResolveServer("", Env({{"XDG_DATA_HOME", "data"}, {"HOME", "/home/ann"}}))
          ->target,
      "unix:/home/ann/.local/share/steelyard/steelyard.sock");
  EXPECT_THAT(ResolveServer("", Env({})),
              StatusIs(StatusCode::kFailedPrecondition, "--server"));
}

TEST(ServerAddressTest, ASocketPathHas107BytesAtMost) {
  const std::string longest = "unix:/" + std::string(106, 'x');
  EXPECT_THAT(ResolveServer(longest, Env({})), IsOk());
  EXPECT_THAT(
      ResolveServer(longest + "x", Env({})),
      StatusIs(StatusCode::kInvalidArgument, "at most 107 bytes, got 108"));
}

TEST(ServerAddressTest, TcpIsForThisMachineAlone) {
  for (const char* text : {"127.0.0.1:80", "localhost:7070", "[::1]:7070"}) {
    EXPECT_TRUE(ResolveServer(text, Env({}))->tcp) << text;
  }
  EXPECT_EQ(ResolveServer("localhost:7070", Env({}))->target,
            "dns:///localhost:7070");
  EXPECT_THAT(ResolveServer("lab.example:7070", Env({})),
              StatusIs(StatusCode::kInvalidArgument, "ssh -L"));
}

TEST(ServerAddressTest, WhatIsNoAddressIsRefused) {
  for (const char* text : {"here", "host:", ":7070", "127.0.0.1:0",
                           "127.0.0.1:65536", "127.0.0.1:x", "unix:"}) {
    EXPECT_THAT(ResolveServer(text, Env({})),
                StatusIs(StatusCode::kInvalidArgument, "want unix:PATH"))
        << text;
  }
}

using TokenTest = FolderTest;

TEST_F(TokenTest, TheFlagGoesBeforeTheVariableAndTheServersOwn) {
  const std::string flag = Write("flag", "from-flag\n");
  const std::string named = Write("named", "from-variable\n");
  Write("steelyard/admin.token", "from-server\n");
  const ServerAddress tcp = *ResolveServer("localhost:7070", Env({}));
  const GetEnv all =
      Env({{"STEELYARD_TOKEN_FILE", named}, {"XDG_DATA_HOME", folder_}});
  EXPECT_EQ(**ResolveToken(flag, tcp, all), "from-flag");
  EXPECT_EQ(**ResolveToken("", tcp, all), "from-variable");
  EXPECT_EQ(**ResolveToken("", tcp, Env({{"XDG_DATA_HOME", folder_}})),
            "from-server");
}

TEST_F(TokenTest, ASocketGetsNoTokenThatWasNotAskedFor) {
  Write("steelyard/admin.token", "from-server\n");
  const ServerAddress socket = *ResolveServer("unix:/run/a.sock", Env({}));
  EXPECT_EQ(*ResolveToken("", socket, Env({{"XDG_DATA_HOME", folder_}})),
            std::nullopt);
}

TEST_F(TokenTest, AMissingTokenOfTheServersIsNoFaultAndANamedOneIs) {
  const ServerAddress tcp = *ResolveServer("localhost:7070", Env({}));
  const GetEnv none = Env({{"XDG_DATA_HOME", folder_}});
  EXPECT_EQ(*ResolveToken("", tcp, none), std::nullopt);
  const std::string missing = folder_ / "missing";
  EXPECT_THAT(ResolveToken(missing, tcp, none),
              StatusIs(StatusCode::kInvalidArgument,
                       "--token-file: " + missing + ": No such file"));
  EXPECT_THAT(ResolveToken("", tcp, Env({{"STEELYARD_TOKEN_FILE", missing}})),
              StatusIs(StatusCode::kInvalidArgument, "STEELYARD_TOKEN_FILE: "));
}

TEST_F(TokenTest, AFileThatHoldsNoTokenIsRefused) {
  const ServerAddress tcp = *ResolveServer("localhost:7070", Env({}));
  EXPECT_THAT(ResolveToken(Write("empty", "\n"), tcp, Env({})),
              StatusIs(StatusCode::kInvalidArgument, "want a token"));
  EXPECT_THAT(ResolveToken(Write("two", "a b\n"), tcp, Env({})),
              StatusIs(StatusCode::kInvalidArgument, "want one token"));
  EXPECT_THAT(ResolveToken(Write("long", std::string(5000, 'x')), tcp, Env({})),
              StatusIs(StatusCode::kInvalidArgument, "at most 4096 bytes"));
}

}  // namespace
}  // namespace steelyard::cli
