#include "server/engine_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/server/test_server.h"
#include "tests/status_matchers.h"
#include "tests/storage/fault_vfs.h"

namespace steelyard::server {
namespace {

using storage::RunId;

// A worker that says nothing by itself: what it got can be waited for.
class Worker {
 public:
  Worker(EngineThread& engine, const std::string& name) : engine_(engine) {
    v1::WorkerHello hello;
    hello.set_worker(name);
    hello.set_numerics_id("1-test");
    session_ = engine.Connect(
        std::move(hello),
        [state = state_](v1::SessionResponse message) {
          const MutexLock lock(state->mu);
          state->got.push_back(std::move(message));
          state->changed.NotifyAll();
        },
        [state = state_](const absl::Status&) {});
  }
  ~Worker() { engine_.Disconnect(session_); }

  v1::SessionResponse Next() {
    const MutexLock lock(state_->mu);
    while (state_->got.size() <= read_) state_->changed.Wait(state_->mu);
    return state_->got[read_++];
  }
  // Next returns an empty message when it has returned all others.
  void Close() {
    const MutexLock lock(state_->mu);
    state_->got.emplace_back();
    state_->changed.NotifyAll();
  }
  // Messages that Next has not returned.
  size_t waiting() {
    const MutexLock lock(state_->mu);
    return state_->got.size() - read_;
  }
  void Say(v1::SessionRequest message) {
    engine_.Receive(session_, std::move(message));
  }

 private:
  struct State {
    Mutex mu;
    CondVar changed;
    std::vector<v1::SessionResponse> got ABSL_GUARDED_BY(mu);
  };
  EngineThread& engine_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  size_t read_ = 0;
  SessionId session_ = 0;
};

TEST(EngineThreadTest, ASubmissionIsOnDiskWhenItIsAnswered) {
  TestServer server;
  const absl::StatusOr<RunId> run = Submit(server.engine());
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->value, 1);
  EXPECT_EQ(server.OpenReader()->GetRun(*run)->user, "ann");
}

TEST(EngineThreadTest, AWorkerTrainsARunToItsEnd) {
  TestServer server;
  Worker worker(server.engine(), "w1");
  EXPECT_TRUE(worker.Next().has_welcome());
  const RunId run = Submit(server.engine()).value();
  const v1::SessionResponse lease = worker.Next();
  ASSERT_TRUE(lease.has_train());
  EXPECT_EQ(lease.train().run_id(), run.value);
  worker.Say(ResultOf(lease.train()));
  const v1::SessionResponse ack = worker.Next();
  ASSERT_TRUE(ack.has_ack());
  EXPECT_FALSE(ack.ack().fenced());
  EXPECT_EQ(server.OpenReader()->GetRun(run)->state,
            storage::RunState::kSucceeded);
}

TEST(EngineThreadTest, WhatWasAcceptedIsAnsweredBeforeTheEnd) {
  TestServer server;
  constexpr int kRuns = 500;
  std::atomic<int> answered = 0;
  for (int i = 0; i < kRuns; ++i) {
    server.engine().SubmitRun(NewRun(), [&](const absl::StatusOr<RunId>& run) {
      if (run.ok()) ++answered;
    });
  }
  server.Stop();
  EXPECT_EQ(answered, kRuns);
  EXPECT_EQ(server.OpenReader()->LastRunId()->value, kRuns);
}

// Four callers, two workers, a watcher: what matters here is that no thread
// touches what is another's.
TEST(EngineThreadTest, ManyCallersShareOneEngine) {
  TestServer server;
  constexpr int kCallers = 4;
  constexpr int kRuns = 25;
  Worker first(server.engine(), "w1");
  Worker second(server.engine(), "w2");
  std::vector<std::jthread> threads;
  threads.reserve(kCallers);
  for (int caller = 0; caller < kCallers; ++caller) {
    threads.emplace_back([&server] {
      for (int i = 0; i < kRuns; ++i) {
        const RunId run = Submit(server.engine()).value();
        Answer<LiveRun> live;
        server.engine().GetLiveRun(run, live.reply());
        EXPECT_THAT(live.Get(), IsOk());
        Answer<EngineStatus> status;
        server.engine().GetStatus(status.reply());
        EXPECT_THAT(status.Get(), IsOk());
      }
    });
  }
  std::vector<std::jthread> trainers;
  for (Worker* worker : {&first, &second}) {
    trainers.emplace_back([worker] {
      v1::SessionResponse message = worker->Next();
      while (message.event_case() != v1::SessionResponse::EVENT_NOT_SET) {
        if (message.has_train()) worker->Say(ResultOf(message.train()));
        message = worker->Next();
      }
    });
  }
  threads.clear();
  for (EngineStatus now{.queued_runs = 1};
       now.queued_runs + now.active_runs > 0;) {
    Answer<EngineStatus> status;
    server.engine().GetStatus(status.reply());
    now = status.Get().value();
  }
  first.Close();
  second.Close();
  trainers.clear();
  EXPECT_EQ(server.OpenReader()->UnendedRuns()->size(), 0);
}

TEST(EngineThreadTest, AfterAFailedSyncNothingIsAnswered) {
  storage::RegisterFaultVfs();
  std::promise<absl::Status> fatal;
  TestServer server(storage::kFaultVfs, [&fatal](const absl::Status& status) {
    fatal.set_value(status);
  });
  auto worker = std::make_unique<Worker>(server.engine(), "w1");
  EXPECT_TRUE(worker->Next().has_welcome());
  ASSERT_THAT(Submit(server.engine()), IsOk());
  const v1::SessionResponse lease = worker->Next();
  std::atomic<int> answers = 0;
  storage::Faults().syncs_left = 0;
  worker->Say(ResultOf(lease.train()));
  server.engine().SubmitRun(NewRun(),
                            [&](const absl::StatusOr<RunId>&) { ++answers; });
  EXPECT_TRUE(absl::IsDataLoss(fatal.get_future().get()));
  server.engine().SubmitRun(NewRun(),
                            [&](const absl::StatusOr<RunId>&) { ++answers; });
  EXPECT_EQ(worker->waiting(), 0);
  worker.reset();
  server.Stop();
  storage::Faults().syncs_left = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(answers, 0);
}

// Said once, not for each change that is refused.
TEST(EngineThreadTest, AFullDiskIsLoggedOnce) {
  storage::RegisterFaultVfs();
  testing::internal::CaptureStderr();
  TestServer server(storage::kFaultVfs);
  storage::Faults().disk_full = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Submit(server.engine()),
                StatusIs(absl::StatusCode::kResourceExhausted, ""));
  }
  storage::Faults().disk_full = false;
  ASSERT_THAT(Submit(server.engine()), IsOk());
  server.Stop();
  const std::string log = testing::internal::GetCapturedStderr();
  const size_t first = log.find("error store_takes_no_change why=");
  EXPECT_NE(first, std::string::npos) << log;
  EXPECT_EQ(log.find("store_takes_no_change", first + 10), std::string::npos)
      << log;
}

// One reply holds the engine's thread, and meanwhile the others gather.
TEST(EngineThreadTest, CallsUnderWayAreBounded) {
  TestServer server;
  std::promise<void> go_on;
  server.engine().GetStatus(
      [&](const absl::StatusOr<EngineStatus>&) { go_on.get_future().wait(); });
  constexpr int kLimit = 20'000;
  std::atomic<int> answered = 0;
  std::atomic<int> refused = 0;
  for (int i = 0; i < kLimit + 10; ++i) {
    server.engine().GetStatus([&](const absl::StatusOr<EngineStatus>& answer) {
      if (answer.ok()) ++answered;
      if (absl::IsResourceExhausted(answer.status())) ++refused;
    });
  }
  EXPECT_EQ(answered, 0);
  EXPECT_GE(refused, 10);
  EXPECT_LE(refused, 11);  // the first has left, or has not
  go_on.set_value();
  server.Stop();
  EXPECT_EQ(answered + refused, kLimit + 10);
}

}  // namespace
}  // namespace steelyard::server
