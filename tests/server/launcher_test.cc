#include "server/launcher.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

// With real processes of /bin.
namespace steelyard::server {
namespace {

class LauncherTest : public testing::Test {
 protected:
  LauncherTest()
      : log_(WorkerLog::Open(folder_.path(), "w").value()),
        launcher_(MakeProcessLauncher().value()) {}

  // Runs `script` in a shell; its end can be waited for.
  LaunchId Run(const std::string& script,
               absl::Duration delay = absl::ZeroDuration()) {
    return launcher_->Launch(
        {.argv = {"/bin/sh", "-c", script}, .nice = nice_, .log = log_}, delay,
        [exit = exit_](const std::string& how) { exit->set_value(how); });
  }
  std::string Exit() { return exit_->get_future().get(); }
  // Waits for a line of the child.
  std::string FirstLine() {
    std::vector<std::string> lines;
    while (lines.empty()) lines = log_->LastLines(1);
    return lines.front();
  }

  storage::TempFolder folder_;
  std::shared_ptr<WorkerLog> log_;
  int nice_ = 0;
  std::unique_ptr<Launcher> launcher_;
  std::shared_ptr<std::promise<std::string>> exit_ =
      std::make_shared<std::promise<std::string>>();
};

// Whether a process lives, and is no zombie.
bool Lives(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string number, name, state;
  return static_cast<bool>(file >> number >> name >> state) && state != "Z";
}

TEST_F(LauncherTest, TellsHowAProcessEnded) {
  Run("exit 3");
  EXPECT_EQ(Exit(), "exit code 3");
}

TEST_F(LauncherTest, TellsTheSignal) {
  Run("kill -9 $$");
  EXPECT_EQ(Exit(), "signal 9 (Killed)");
}

TEST_F(LauncherTest, TellsThatAProgramIsMissing) {
  launcher_->Launch({.argv = {"/no/such/program"}, .log = log_},
                    absl::ZeroDuration(),
                    [this](const std::string& how) { exit_->set_value(how); });
  EXPECT_EQ(Exit(),
            "not started: /no/such/program: want a program, got: No such file "
            "or directory");
}

TEST_F(LauncherTest, KeepsWhatTheProcessWrote) {
  Run("echo out; echo err >&2; printf tail");
  Exit();
  const std::vector<std::string> lines = log_->LastLines(10);
  ASSERT_EQ(lines.size(), 4);
  EXPECT_EQ(lines[0], "out");
  EXPECT_EQ(lines[1], "err");
  EXPECT_EQ(lines[2], "tail");
  EXPECT_NE(lines[3].find("ended: exit code 0"), std::string::npos);
}

TEST_F(LauncherTest, AProcessHasASessionOfItsOwnAndNiceAndNoCore) {
  nice_ = 7;
  Run("ulimit -c; cat /proc/$$/stat");
  Exit();
  const std::vector<std::string> lines = log_->LastLines(10);
  ASSERT_GE(lines.size(), 2);
  EXPECT_EQ(lines[0], "0");
  // proc(5): pid (1), session (6), nice (19).
  const std::vector<std::string> fields = absl::StrSplit(lines[1], ' ');
  ASSERT_GE(fields.size(), 19);
  EXPECT_EQ(fields[5], fields[0]);
  EXPECT_EQ(fields[18], absl::StrCat(getpriority(PRIO_PROCESS, 0) + 7));
}

TEST_F(LauncherTest, AProcessInheritsNoDescriptorButTheLifeline) {
  const int leak = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GT(leak, Launcher::kLifelineFd);
  // No pipe: while the shell holds one, its ends are listed too.
  Run("ls /proc/$$/fd; readlink /proc/$$/fd/3");
  Exit();
  close(leak);
  const std::vector<std::string> lines = log_->LastLines(10);
  ASSERT_GE(lines.size(), 5);
  for (int fd = 0; fd <= Launcher::kLifelineFd; ++fd) {
    EXPECT_EQ(lines[static_cast<size_t>(fd)], absl::StrCat(fd));
  }
  EXPECT_EQ(lines[4].substr(0, 5), "pipe:");
}

// The mask of this thread is inherited by the launcher's, as a daemon's is that
// waits for its signals in one thread.
TEST_F(LauncherTest, NoSignalIsBlocked) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  launcher_ = MakeProcessLauncher().value();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  Run("grep SigBlk /proc/self/status");
  Exit();
  EXPECT_EQ(log_->LastLines(10).at(0), "SigBlk:\t0000000000000000");
}

// Without blocking dd reads the end of a closed pipe, and fails on an open one.
TEST_F(LauncherTest, TerminateLeavesTheLifelineOpen) {
  const LaunchId launch = Run(
      "trap 'dd if=/proc/self/fd/3 iflag=nonblock count=1 2>/dev/null && exit "
      "5; exit 6' TERM; echo ready; while :; do :; done");
  FirstLine();
  launcher_->Terminate(launch);
  EXPECT_EQ(Exit(), "exit code 6");
}

TEST_F(LauncherTest, TerminateAsksByASignal) {
  const LaunchId launch = Run(
      "trap 'exit 6' TERM; echo ready; cat <&3 & wait; while :; do :; done");
  FirstLine();
  launcher_->Terminate(launch);
  EXPECT_EQ(Exit(), "exit code 6");
}

TEST_F(LauncherTest, KillEndsAtOnce) {
  const LaunchId launch = Run("trap '' TERM; echo ready; exec sleep 1000");
  FirstLine();
  launcher_->Kill(launch);
  EXPECT_EQ(Exit(), "signal 9 (Killed)");
}

TEST_F(LauncherTest, WhatHasNotBegunDoesNotBegin) {
  const LaunchId launch = Run("echo begun", absl::Hours(1));
  launcher_->Terminate(launch);
  EXPECT_EQ(Exit(), "not started: it was cancelled");
  EXPECT_TRUE(log_->LastLines(10).empty());
}

TEST_F(LauncherTest, TheEndOfTheLauncherIsThatOfItsProcesses) {
  Run("trap '' TERM; echo $$; exec sleep 1000");
  pid_t pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(FirstLine(), &pid));
  EXPECT_TRUE(Lives(pid));
  launcher_.reset();
  EXPECT_FALSE(Lives(pid));
  EXPECT_EQ(Exit(), "signal 9 (Killed)");
}

// In a process of its own that is killed: nobody has time to clean up, and the
// child listens neither to its lifeline nor to signals.
TEST(LauncherDeathTest, TheProcessesDieWithAKilledServer) {
  const storage::TempFolder folder;
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans come here, to be waited for
  const pid_t server = fork();
  if (server == 0) {
    auto launcher = MakeProcessLauncher().value();
    auto log = WorkerLog::Open(folder.path(), "w").value();
    launcher->Launch(
        {.argv = {"/bin/sh", "-c", "trap '' TERM; echo $$; exec sleep 1000"},
         .log = log},
        absl::ZeroDuration(), [](const std::string&) {});
    std::vector<std::string> lines;
    while (lines.empty()) lines = log->LastLines(1);
    std::ofstream(folder.path() + "/pid.new") << lines.front() << std::flush;
    std::filesystem::rename(folder.path() + "/pid.new", folder.path() + "/pid");
    pause();
    _exit(0);
  }
  const std::string path = folder.path() + "/pid";
  while (!std::filesystem::exists(path)) usleep(1'000);
  pid_t child = 0;
  std::ifstream(path) >> child;
  EXPECT_TRUE(Lives(child));
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

}  // namespace
}  // namespace steelyard::server
