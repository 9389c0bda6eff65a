#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/worker/leases.h"
#include "tests/server/worker/scripted_server.h"
#include "tests/server/worker/scripted_service.h"

// The program steelyard-worker, started as the launcher starts it.
namespace steelyard::worker {
namespace {

using ::testing::HasSubstr;
using Write = ScriptedService::Write;

const grpc::Status kGone(grpc::StatusCode::UNAVAILABLE, "gone");

std::string WriteToken(const std::string& token) {
  std::string path =
      absl::StrCat(testing::TempDir(), "program_test.", getpid(), ".", token);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  EXPECT_NE(file, nullptr);
  EXPECT_GE(std::fprintf(file, "%s\n", token.c_str()), 0);
  EXPECT_EQ(std::fclose(file), 0);
  return path;
}

// A worker's process; ended with this.
class Program {
 public:
  Program(const std::string& server, const std::vector<std::string>& more,
          const std::string& token = kToken) {
    constexpr int kLifelineFd = 9;
    std::array<int, 2> ends = {};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    lifeline_ = ends[1];
    std::vector<std::string> words = {
        STEELYARD_WORKER,         "--server", server, "--token-file",
        WriteToken(token),        "--name",   "w1",   "--lifeline-fd",
        absl::StrCat(kLifelineFd)};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], kLifelineFd);
    EXPECT_EQ(posix_spawn(&pid_, STEELYARD_WORKER, &actions, nullptr,
                          argv.data(), environ),
              0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
  }
  ~Program() {
    CutLifeline();
    if (!status_.has_value()) {
      kill(pid_, SIGKILL);
      Wait();
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void CutLifeline() {
    if (lifeline_ >= 0) close(lifeline_);
    lifeline_ = -1;
  }
  void Terminate() const { kill(pid_, SIGTERM); }

  // Its exit code; 128 and the signal's number when a signal ended it.
  int Wait() {
    if (!status_.has_value()) {
      int status = 0;
      EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
      status_ = status;
    }
    return WIFEXITED(*status_) ? WEXITSTATUS(*status_)
                               : 128 + WTERMSIG(*status_);
  }

 private:
  int lifeline_ = -1;
  pid_t pid_ = -1;
  std::optional<int> status_;
};

// Gives every session the lease, and calls `on_report` with its reports.
ScriptedService::Script Leasing(
    const v1::TrainLease& lease,
    const std::function<grpc::Status(int, const v1::RunReport&)>& on_report) {
  return
      [=](int session, const v1::SessionRequest& message, const Write& write) {
        if (message.has_hello()) write(LeaseMessage(lease));
        if (!message.has_report()) return grpc::Status::OK;
        write(Ack(message.report()));
        return on_report(session, message.report());
      };
}

constexpr uint64_t kEndless = uint64_t{1} << 60;

TEST(WorkerProgramTest, EndsAtOnceWhenItsLifelineIsCut) {
  std::atomic<Program*> program = nullptr;
  ScriptedService service(
      SocketAddress("lifeline"),
      Leasing(D8Lease(kEndless), [&](int, const v1::RunReport&) {
        if (Program* p = program.exchange(nullptr)) p->CutLifeline();
        return grpc::Status::OK;
      }));
  Program worker(service.address(), {});
  program = &worker;
  EXPECT_EQ(worker.Wait(), 0);
}

TEST(WorkerProgramTest, LeavesACheckpointOnSigterm) {
  std::atomic<Program*> program = nullptr;
  ScriptedService service(
      SocketAddress("sigterm"),
      Leasing(D8Lease(kEndless), [&](int, const v1::RunReport&) {
        if (Program* p = program.exchange(nullptr)) p->Terminate();
        return grpc::Status::OK;
      }));
  Program worker(service.address(), {});
  program = &worker;
  EXPECT_EQ(worker.Wait(), 0);
  EXPECT_TRUE(service.reports().back().has_checkpoint());
}

TEST(WorkerProgramTest, DialsAgainWhenTheConnectionBreaks) {
  ScriptedService service(
      SocketAddress("again"),
      Leasing(D8Lease(100'000), [](int session, const v1::RunReport& report) {
        if (session == 0) return kGone;
        return report.has_result()
                   ? grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "end")
                   : grpc::Status::OK;
      }));
  Program worker(service.address(), {});
  EXPECT_EQ(worker.Wait(), 1);
  EXPECT_TRUE(service.reports().back().has_result());
}

TEST(WorkerProgramTest, GivesUpAServerThatStaysAway) {
  Program worker(SocketAddress("away"), {});
  EXPECT_EQ(worker.Wait(), 1);
}

TEST(WorkerProgramTest, GivesUpAServerThatKnowsItNot) {
  ScriptedService service(
      SocketAddress("stranger"),
      [](int, const v1::SessionRequest&, const Write&) { return kGone; });
  Program worker(service.address(), {}, "guess");
  EXPECT_EQ(worker.Wait(), 1);
}

TEST(WorkerProgramTest, SaysWhatItIs) {
  v1::WorkerHello hello;
  ScriptedService service(
      SocketAddress("hello"),
      [&](int, const v1::SessionRequest& message, const Write&) {
        hello = message.hello();
        return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "end");
      });
  Program worker(service.address(), {"--inspect-only"});
  EXPECT_EQ(worker.Wait(), 1);
  EXPECT_EQ(hello.worker(), "w1");
  EXPECT_GT(hello.pid(), 0);
  EXPECT_FALSE(hello.host().empty());
  EXPECT_EQ(hello.version(), "0.1.0");
  EXPECT_FALSE(hello.numerics_id().empty());
  EXPECT_TRUE(hello.inspect_only());
}

#ifndef STEELYARD_SANITIZED  // whose shadow memory knows no limit

void AddFashionFile(v1::TrainLease& lease, const std::string& name,
                    const std::vector<int64_t>& shape) {
  v1::DatasetFile& file = *lease.add_files();
  file.set_dataset(name);
  file.set_form(v1::DATASET_FORM_IDX);
  file.set_path("/usr/share/datasets/fashion-mnist/" + name);
  file.mutable_summary()->mutable_shape()->Add(shape.begin(), shape.end());
}

// All 60,000 images: 376 MB as doubles, which fit the limit, and once more in
// the trainer's own order, which do not.
v1::TrainLease LargeLease() {
  v1::TrainLease lease = D8Lease(10);
  AddFashionFile(lease, "train-images-idx3-ubyte.gz", {60000, 28, 28});
  AddFashionFile(lease, "train-labels-idx1-ubyte.gz", {60000});
  v1::Data& data = *lease.mutable_spec()->mutable_data();
  data.mutable_idx()->mutable_images()->set_dataset(lease.files(0).dataset());
  data.mutable_idx()->mutable_labels()->set_dataset(lease.files(1).dataset());
  for (int label = 0; label < 10; ++label) {
    label < 5 ? data.mutable_classes()->add_positive(label)
              : data.mutable_classes()->add_negative(label);
  }
  return lease;
}

TEST(WorkerProgramTest, ARunWithoutMemoryFailsAloneAndTheNextOneIsTrained) {
  ScriptedService service(
      SocketAddress("memory"),
      [](int, const v1::SessionRequest& message, const Write& write) {
        if (message.has_hello()) write(LeaseMessage(LargeLease()));
        if (!message.has_report()) return grpc::Status::OK;
        write(Ack(message.report()));
        if (!message.report().has_result()) return grpc::Status::OK;
        if (message.report().result().ended_by() == v1::ENDED_BY_STEPS) {
          return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "end");
        }
        write(LeaseMessage(D8Lease(10)));
        return grpc::Status::OK;
      });
  Program worker(service.address(), {"--memory-limit-bytes", "380000000"});
  EXPECT_EQ(worker.Wait(), 1);
  const std::vector<v1::RunReport> reports = service.reports();
  ASSERT_FALSE(reports.empty());
  const v1::RunResult& failed = reports.front().result();
  EXPECT_EQ(failed.failure_reason(), v1::FAILURE_REASON_MEMORY_LIMIT);
  EXPECT_THAT(failed.message(),
              HasSubstr("want at most 380000000 bytes, the worker's limit, got "
                        "a run whose data alone take 376800000 bytes"));
  EXPECT_EQ(reports.back().result().ended_by(), v1::ENDED_BY_STEPS);
}

#endif

TEST(WorkerProgramTest, AWrongCommandLineIsExitCode2) {
  EXPECT_EQ(Program("unix:/nonexistent", {"--nonsense"}).Wait(), 2);
  EXPECT_EQ(Program("unix:/nonexistent", {"--memory-limit-bytes", "-5"}).Wait(),
            2);
}

}  // namespace
}  // namespace steelyard::worker
