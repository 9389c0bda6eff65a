#include "server/worker_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/storage/test_store.h"

namespace steelyard::server {
namespace {

void Write(const UniqueFd& fd, const std::string& text) {
  ASSERT_EQ(write(fd.get(), text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
}

class WorkerLogTest : public testing::Test {
 protected:
  storage::TempFolder folder_;
};

TEST_F(WorkerLogTest, TheLastLinesAreThereWithoutADrain) {
  auto log = WorkerLog::Open(folder_.path(), "w1").value();
  const UniqueFd pipe = log->NewPipe().value();
  Write(pipe, "one\ntwo\nthree\nfou");
  EXPECT_EQ(log->LastLines(2), (std::vector<std::string>{"three", "fou"}));
  Write(pipe, "r\n");
  EXPECT_EQ(log->LastLines(2), (std::vector<std::string>{"three", "four"}));
}

TEST_F(WorkerLogTest, ANewProcessCostsNothingOfTheLastOnesWords) {
  auto log = WorkerLog::Open(folder_.path(), "w1").value();
  const UniqueFd first = log->NewPipe().value();
  Write(first, "first\n");
  const UniqueFd second = log->NewPipe().value();
  Write(second, "second\n");
  EXPECT_EQ(log->LastLines(5), (std::vector<std::string>{"first", "second"}));
}

TEST_F(WorkerLogTest, APipeThatEndedIsNotWaitedFor) {
  auto log = WorkerLog::Open(folder_.path(), "w1").value();
  UniqueFd pipe = log->NewPipe().value();
  EXPECT_GE(log->pipe_fd(), 0);
  pipe.reset();
  log->Drain();
  EXPECT_EQ(log->pipe_fd(), -1);
}

TEST_F(WorkerLogTest, LinesAndFilesAreBounded) {
  constexpr int kLimit = 4'096;
  auto log = WorkerLog::Open(folder_.path(), "w1", kLimit).value();
  for (int i = 0; i < 1'000; ++i) log->Note(absl::StrCat("line ", i));
  log->Note(std::string(2'000, 'x'));
  const std::vector<std::string> lines = log->LastLines(1'000);
  EXPECT_EQ(lines.size(), WorkerLog::kLinesKept);
  EXPECT_EQ(lines.back().size(), WorkerLog::kLineBytes);
  EXPECT_EQ(lines[lines.size() - 2], "line 999");
  EXPECT_LE(std::filesystem::file_size(folder_.path() + "/w1.log"), kLimit);
  EXPECT_LE(std::filesystem::file_size(folder_.path() + "/w1.log.1"), kLimit);
}

TEST_F(WorkerLogTest, AFileThatIsThereIsGoneOnWith) {
  WorkerLog::Open(folder_.path(), "w1").value()->Note("first");
  WorkerLog::Open(folder_.path(), "w1").value()->Note("second");
  EXPECT_EQ(std::filesystem::file_size(folder_.path() + "/w1.log"),
            std::string("first\nsecond\n").size());
}

}  // namespace
}  // namespace steelyard::server
