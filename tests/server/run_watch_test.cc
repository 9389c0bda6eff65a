#include "server/run_watch.h"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "support/mutex.h"
#include "tests/server/stored_specs.h"
#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::server {
namespace {

using absl::StatusCode;
using storage::TestStore;

// A client at the other end of a watch.  One that holds answers nothing until
// it is let go.
class Client final : public RunWatch::Sink {
 public:
  Client(const WatchParts& parts, const RunName& name, int64_t from,
         bool holds = false)
      : next_(from), holds_(holds), watch_(parts, name, from, this) {
    watch_.Start();
  }

  void Write(const v1::WatchRunResponse& response) override {
    {
      const MutexLock lock(mu_);
      EXPECT_FALSE(writing_) << "two writes at once";
      responses_.push_back(response);
      if (response.has_samples()) {
        EXPECT_EQ(response.samples().first_ordinal(), next_);
        next_ += response.samples().step_size();
      }
      writing_ = true;
      changed_.NotifyAll();
      if (holds_) return;
      writing_ = false;
    }
    watch_.OnWritten(true);
  }

  void Finish(const absl::Status& status) override {
    const MutexLock lock(mu_);
    EXPECT_FALSE(status_.has_value()) << "finished twice";
    status_ = status;
    changed_.NotifyAll();
  }

  void LetGo(bool sent = true) {
    {
      const MutexLock lock(mu_);
      holds_ = false;
      writing_ = false;
    }
    watch_.OnWritten(sent);
  }
  void Cancel() { watch_.Cancel(); }

  absl::Status WaitForEnd() {
    const MutexLock lock(mu_);
    while (!status_.has_value()) changed_.Wait(mu_);
    return *status_;
  }
  void WaitForSamples(int64_t next) {
    const MutexLock lock(mu_);
    while (next_ < next && !status_.has_value()) changed_.Wait(mu_);
  }
  void WaitForResponses(size_t count) {
    const MutexLock lock(mu_);
    while (responses_.size() < count) changed_.Wait(mu_);
  }
  int64_t next() {
    const MutexLock lock(mu_);
    return next_;
  }
  std::vector<v1::WatchRunResponse> responses() {
    const MutexLock lock(mu_);
    return responses_;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::vector<v1::WatchRunResponse> responses_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mu_);
  int64_t next_ ABSL_GUARDED_BY(mu_);
  bool holds_ ABSL_GUARDED_BY(mu_);
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  RunWatch watch_;
};

// A run of a real store, a pool and a hub; the engine's news are set by hand.
class RunWatchTest : public ::testing::Test {
 protected:
  RunWatchTest() {
    storage::AddRun run = storage::NewRun(1);
    run.submitted_spec = EmptySpec();
    run.spec = EmptySpec();
    EXPECT_THAT(store_.Apply(run), IsOk());
    auto pool =
        ReaderPool::Start({.data_dir = store_.folder().path(), .threads = 3});
    EXPECT_THAT(pool, IsOk());
    pool_ = *std::move(pool);
    parts_ = {
        .pool = pool_.get(),
        .hub = &hub_,
        .live =
            [this](storage::RunId, EngineThread::Reply<LiveRun> reply) {
              LiveRun live;
              live.progress.set_step(step_);
              reply(live);
            },
        .clock = [this] { return absl::FromUnixSeconds(clock_s_.load()); }};
  }

  void Change(const storage::Change& change) {
    ASSERT_THAT(store_.Apply(change), IsOk());
    hub_.Changed(kRun);
  }
  void Begin() { Change(storage::Start(1, 1)); }
  void AddSamples(int64_t first, int64_t count) {
    Change(storage::Report(1, 1, storage::Series(first, count)));
  }
  void EndRun(int64_t first, int64_t count) {
    ASSERT_THAT(
        store_.Apply(storage::LastReport(1, 1, storage::Series(first, count))),
        IsOk());
    hub_.Ended(kRun);
  }

  static constexpr storage::RunId kRun{1};
  const RunName name_ = {.experiment = "default", .run = kRun};
  TestStore store_;
  WatchHub hub_;
  std::unique_ptr<ReaderPool> pool_;
  std::atomic<int64_t> clock_s_ = 1000;
  std::atomic<int64_t> step_ = 0;
  WatchParts parts_;
};

TEST_F(RunWatchTest, AnEndedRunIsSentInBatchesAndThenTheRun) {
  Begin();
  EndRun(0, 100);
  parts_.max_values = 10;  // two a sample
  Client client(parts_, name_, 0);
  EXPECT_THAT(client.WaitForEnd(), IsOk());
  const std::vector<v1::WatchRunResponse> responses = client.responses();
  ASSERT_EQ(responses.size(), 21u);
  EXPECT_EQ(responses.front().state(), v1::RUN_STATE_SUCCEEDED);
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(responses[i].samples().value_size(), 10);
    EXPECT_FALSE(responses[i].has_run());
  }
  EXPECT_EQ(client.next(), 100);
  EXPECT_EQ(responses.back().run().state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(responses.back().run().name(), "experiments/default/runs/1");
}

TEST_F(RunWatchTest, ACursorBeyondTheEndGetsTheRunAlone) {
  Begin();
  EndRun(0, 3);
  Client client(parts_, name_, 7);
  EXPECT_THAT(client.WaitForEnd(), IsOk());
  EXPECT_EQ(client.next(), 7);
  EXPECT_TRUE(client.responses().back().has_run());
}

TEST_F(RunWatchTest, AnUnknownRunIsNotFound) {
  Client unknown(parts_, {.experiment = {}, .run = {2}}, 0);
  EXPECT_THAT(unknown.WaitForEnd(),
              StatusIs(StatusCode::kNotFound, "experiments/-/runs/2"));
  Client elsewhere(parts_, {.experiment = "other", .run = kRun}, 0);
  EXPECT_THAT(elsewhere.WaitForEnd(),
              StatusIs(StatusCode::kNotFound, "experiments/other/runs/1"));
}

TEST_F(RunWatchTest, AWatcherSleepsUntilTheNextChange) {
  Client client(parts_, name_, 0);
  client.WaitForResponses(1);
  EXPECT_EQ(client.responses()[0].state(), v1::RUN_STATE_QUEUED);
  Begin();
  client.WaitForResponses(2);
  EXPECT_EQ(client.responses()[1].state(), v1::RUN_STATE_STARTING);
  AddSamples(0, 2);
  client.WaitForSamples(2);
  EndRun(2, 1);
  EXPECT_THAT(client.WaitForEnd(), IsOk());
  EXPECT_EQ(client.next(), 3);
}

TEST_F(RunWatchTest, ASlowClientHoldsOneResponseAndMissesNothing) {
  Begin();
  AddSamples(0, 5);
  Client client(parts_, name_, 0, /*holds=*/true);
  client.WaitForResponses(1);
  for (int64_t i = 0; i < 200; ++i) AddSamples(5 + i * 10, 10);
  EXPECT_EQ(client.responses().size(), 1u);
  EXPECT_EQ(hub_.size(), 1);  // no note is kept for who does not wait
  EndRun(2005, 0);
  client.LetGo();
  EXPECT_THAT(client.WaitForEnd(), IsOk());
  EXPECT_EQ(client.next(), 2005);
}

TEST_F(RunWatchTest, ACancelledWatchThatWaitsEndsAtOnce) {
  Client client(parts_, name_, 0);
  client.WaitForResponses(1);
  client.Cancel();
  EXPECT_THAT(client.WaitForEnd(), StatusIs(StatusCode::kCancelled, "gone"));
}

TEST_F(RunWatchTest, ACancelledWatchThatWritesEndsAfterTheWrite) {
  Client client(parts_, name_, 0, /*holds=*/true);
  client.WaitForResponses(1);
  client.Cancel();
  client.LetGo(/*sent=*/false);
  EXPECT_THAT(client.WaitForEnd(), StatusIs(StatusCode::kCancelled, "gone"));
}

TEST_F(RunWatchTest, AHeartbeatIsSentAfterSilenceAlone) {
  Client client(parts_, name_, 0);
  client.WaitForResponses(1);
  clock_s_ += 4;
  hub_.WakeAll();
  clock_s_ += 1;
  while (client.responses().size() < 2) {
    hub_.WakeAll();  // the watch may not wait yet
    std::this_thread::yield();
  }
  const std::vector<v1::WatchRunResponse> responses = client.responses();
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(responses[1].ByteSizeLong(), 0u);
  client.Cancel();
  EXPECT_THAT(client.WaitForEnd(), StatusIs(StatusCode::kCancelled, ""));
}

TEST_F(RunWatchTest, AStoppingServerSendsClientsAway) {
  Client client(parts_, name_, 0);
  client.WaitForResponses(1);
  hub_.Close();
  EXPECT_THAT(client.WaitForEnd(),
              StatusIs(StatusCode::kUnavailable, "watch again"));
}

TEST_F(RunWatchTest, ProgressIsSentWhenItChanges) {
  Begin();
  AddSamples(0, 1);
  step_ = 17;
  Client client(parts_, name_, 0);
  client.WaitForResponses(1);
  EXPECT_EQ(client.responses()[0].progress().step(), 17);
  hub_.Changed(kRun);  // nothing new
  step_ = 18;
  hub_.Changed(kRun);
  client.WaitForResponses(2);
  EXPECT_EQ(client.responses()[1].progress().step(), 18);
  EXPECT_FALSE(client.responses()[1].has_samples());
  client.Cancel();
  client.WaitForEnd().IgnoreError();
}

// Watchers that leave and come back with their cursor while samples arrive get
// each sample once and in order; each watch ends once.
TEST_F(RunWatchTest, EachSampleComesOnceOverManyReconnects) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  static constexpr int64_t kSamples = 400;
  parts_.max_values = 8;
  Begin();
  std::thread writer([this] {
    for (int64_t i = 0; i < kSamples - 1; ++i) AddSamples(i, 1);
    EndRun(kSamples - 1, 1);
  });
  std::vector<std::thread> watchers;
  for (unsigned w = 0; w < 4; ++w) {
    watchers.emplace_back([this, random = std::mt19937(seed + w)]() mutable {
      int64_t next = 0;
      while (true) {
        Client client(parts_, name_, next);
        client.WaitForSamples(next + static_cast<int64_t>(random() % 40));
        client.Cancel();
        const absl::Status end = client.WaitForEnd();
        next = client.next();
        if (end.ok()) break;
        ASSERT_THAT(end, StatusIs(StatusCode::kCancelled, ""));
      }
      EXPECT_EQ(next, kSamples);
    });
  }
  writer.join();
  for (std::thread& watcher : watchers) watcher.join();
}

}  // namespace
}  // namespace steelyard::server
