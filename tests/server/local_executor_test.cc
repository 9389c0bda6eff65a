#include "server/local_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "tests/server/fake_launcher.h"
#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::server {
namespace {

class LocalExecutorTest : public testing::Test {
 protected:
  LocalExecutorTest() {
    auto launcher = std::make_unique<FakeLauncher>();
    launcher_ = launcher.get();
    executor_ =
        LocalExecutor::Create({.program = "/bin/true",
                               .server = "unix:/data/worker.sock",
                               .token_file = "/data/worker.token",
                               .log_folder = folder_.path() + "/workers",
                               .workers = 2,
                               .memory_limit_bytes = 1 << 30,
                               .clock = [this] { return now_; }},
                              std::move(launcher))
            .value();
  }

  absl::Duration DelayOf(const std::string& worker) {
    return launcher_->Find(worker)->delay;
  }

  storage::TempFolder folder_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  FakeLauncher* launcher_ = nullptr;
  std::unique_ptr<LocalExecutor> executor_;
};

TEST_F(LocalExecutorTest, StartsItsWorkersAndNoInspector) {
  EXPECT_EQ(launcher_->running(), 0);
  executor_->Start();
  EXPECT_EQ(launcher_->running(), 2);
  const FakeLauncher::Process* process = launcher_->Find("local-2");
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(absl::StrJoin(process->request.argv, " "),
            "/bin/true --server unix:/data/worker.sock --token-file "
            "/data/worker.token --name local-2 --lifeline-fd 3 "
            "--memory-limit-bytes 1073741824");
  EXPECT_EQ(process->request.nice, 10);
}

TEST_F(LocalExecutorTest, WaitsLongerAfterEachShortLife) {
  executor_->Start();
  for (const int ms : {100, 200, 400, 800, 1'600, 3'200, 6'400, 12'800, 25'600,
                       30'000, 30'000}) {
    launcher_->Exit("local-1", "exit code 1");
    EXPECT_EQ(DelayOf("local-1"), absl::Milliseconds(ms));
    now_ += DelayOf("local-1") + absl::Seconds(1);
  }
  EXPECT_EQ(DelayOf("local-2"), absl::ZeroDuration());
  now_ += absl::Minutes(5);
  launcher_->Exit("local-1", "exit code 1");
  EXPECT_EQ(DelayOf("local-1"), absl::ZeroDuration());
}

TEST_F(LocalExecutorTest, AnInspectorComesAndGoes) {
  executor_->KeepInspectors(1);
  executor_->KeepInspectors(1);
  ASSERT_EQ(launcher_->running(), 1);
  EXPECT_THAT(launcher_->Find("local-inspect-1")->request.argv,
              testing::Contains("--inspect-only"));
  launcher_->Exit("local-inspect-1", "signal 11 (Segmentation fault)");
  EXPECT_EQ(launcher_->running(), 1);  // another one
  executor_->KeepInspectors(2);
  EXPECT_NE(launcher_->Find("local-inspect-2"), nullptr);
  executor_->KeepInspectors(1);
  EXPECT_TRUE(launcher_->Find("local-inspect-2")->asked_to_end);
  launcher_->Exit("local-inspect-2", "exit code 0");
  EXPECT_FALSE(launcher_->Find("local-inspect-1")->asked_to_end);
  executor_->KeepInspectors(0);
  EXPECT_TRUE(launcher_->Find("local-inspect-1")->asked_to_end);
  launcher_->Exit("local-inspect-1", "exit code 0");
  EXPECT_EQ(launcher_->running(), 0);
}

TEST_F(LocalExecutorTest, AnInspectorThatIsWantedAgainFollowsTheOneThatEnds) {
  executor_->KeepInspectors(1);
  executor_->KeepInspectors(0);
  executor_->KeepInspectors(1);
  EXPECT_EQ(launcher_->running(), 1);
  launcher_->Exit("local-inspect-1", "exit code 0");
  EXPECT_NE(launcher_->Find("local-inspect-1"), nullptr);
}

TEST_F(LocalExecutorTest, KillsByName) {
  executor_->Start();
  executor_->KillWorker("local-2");
  executor_->KillWorker("another");
  EXPECT_EQ(launcher_->killed(), std::vector<LaunchId>{2});
}

TEST_F(LocalExecutorTest, AStopIsForGood) {
  executor_->Start();
  EXPECT_FALSE(executor_->Stop(absl::ZeroDuration()));
  EXPECT_TRUE(launcher_->Find("local-1")->asked_to_end);
  launcher_->Exit("local-1", "exit code 0");
  launcher_->Exit("local-2", "exit code 0");
  executor_->KeepInspectors(1);
  EXPECT_EQ(launcher_->running(), 0);
  EXPECT_TRUE(executor_->Stop(absl::ZeroDuration()));
}

TEST_F(LocalExecutorTest, KnowsTheLastWordsOfItsWorkers) {
  executor_->Start();
  launcher_->Find("local-1")->request.log->Note("out of luck");
  EXPECT_EQ(executor_->LastLogLines("local-1", 5),
            std::vector<std::string>{"out of luck"});
  EXPECT_TRUE(executor_->LastLogLines("another", 5).empty());
}

TEST_F(LocalExecutorTest, AMissingProgramIsNamed) {
  LocalExecutorOptions options;
  options.program = "/no/steelyard-worker";
  options.log_folder = folder_.path();
  EXPECT_THAT(LocalExecutor::Create(options, std::make_unique<FakeLauncher>()),
              StatusIs(absl::StatusCode::kNotFound, "/no/steelyard-worker"));
}

}  // namespace
}  // namespace steelyard::server
