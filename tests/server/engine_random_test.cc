#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/engine.h"
#include "tests/server/lab.h"
#include "tests/status_matchers.h"

// Everything that can happen, in an order that a seed decides, against a model
// of what must be true whatever the order.  STEELYARD_SEED sets the seed.
namespace steelyard::server {
namespace {

using storage::RunId;
using storage::RunState;

constexpr int64_t kSamples = 12;  // of every run
constexpr int kEvents = 2'500;

// A worker that trains: it goes through the samples of its lease one by one.
struct Trainer {
  std::string name;
  SessionId session = 0;
  std::optional<v1::TrainLease> lease;
  int64_t next_ordinal = 0;
  int64_t report_number = 0;
  bool finished = false;  // it has sent the result
};

class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) {
      trainers_.push_back({.name = absl::StrCat("w", i), .lease = {}});
    }
  }

  void Happen() {
    switch (Pick(16)) {
      case 0:
        return Submit();
      case 1:
        return CancelSomething();
      case 2:
        return LoseAWorker();
      case 3:
        if (Pick(8) == 0) Restart();
        return;
      case 4:
        return lab_.Pass(absl::Seconds(Pick(3)));
      case 5:
        if (Pick(4) == 0) lab_.disk_error = absl::InternalError("disk");
        return;
      case 6:
        lab_.disk_error.reset();
        return;
      case 7:
      case 8:
      case 9:
        lab_.WriteOnce();
        return;
      default:
        return Train(trainers_[Pick(trainers_.size())]);
    }
  }

  // No more trouble: all that was accepted comes to its end.
  void ComeToRest() {
    lab_.disk_error.reset();
    for (int i = 0; i < 100'000 && !AtRest(); ++i) {
      if (i % 10 == 0) lab_.Pass(absl::Seconds(1));
      for (Trainer& trainer : trainers_) Train(trainer);
      lab_.Settle();
    }
    ASSERT_TRUE(AtRest());
  }

  void CheckNow();
  void CheckAtTheEnd();

 private:
  size_t Pick(size_t count) { return random_() % count; }
  bool AtRest() {
    const EngineStatus status = lab_.engine().GetStatus();
    return status.queued_runs + status.active_runs == 0 &&
           lab_.unwritten() == 0;
  }

  void Submit() {
    if (lab_.engine().GetStatus().queued_runs > 10) return;
    storage::AddRun run = Lab::NewRun();
    if (Pick(2) == 0) run.request_id = absl::StrCat("request ", Pick(40));
    submissions_.emplace_back(run.request_id, lab_.Submit(run));
  }
  void CancelSomething() {
    const RunId last = lab_.reader().LastRunId().value();
    if (last.value == 0 || Pick(4) != 0) return;
    const RunId run{
        static_cast<int64_t>(1 + Pick(static_cast<size_t>(last.value)))};
    cancels_.emplace_back(run, lab_.Cancel(run));
  }
  void LoseAWorker() {
    Trainer& trainer = trainers_[Pick(trainers_.size())];
    if (trainer.session == 0 || Pick(2) != 0) return;
    lab_.Disconnect(trainer.session);
    Forget(trainer);
  }
  void Restart() {
    lab_.Restart();
    for (Trainer& trainer : trainers_) Forget(trainer);
  }
  static void Forget(Trainer& trainer) {
    trainer = {.name = trainer.name, .lease = {}};
  }

  void Train(Trainer& trainer);
  void Hear(Trainer& trainer, const v1::SessionResponse& message);
  void Report(Trainer& trainer);

  Lab lab_;
  std::mt19937 random_;
  std::vector<Trainer> trainers_;
  std::vector<std::pair<std::string, Said<RunId>>> submissions_;
  std::vector<std::pair<RunId, Said<RunId>>> cancels_;
};

void Chaos::Train(Trainer& trainer) {
  if (trainer.session != 0 && lab_.EndOf(trainer.session)) Forget(trainer);
  if (trainer.session == 0) trainer.session = lab_.Connect(trainer.name);
  if (lab_.EndOf(trainer.session)) return Forget(trainer);
  while (lab_.HasMessage(trainer.session)) {
    Hear(trainer, lab_.Next(trainer.session));
  }
  if (trainer.lease && !trainer.finished) return Report(trainer);
  v1::SessionRequest idle;
  idle.mutable_heartbeat();
  lab_.Say(trainer.session, idle);
}

void Chaos::Hear(Trainer& trainer, const v1::SessionResponse& message) {
  if (message.has_train()) {
    trainer.lease = message.train();
    trainer.next_ordinal = trainer.lease->checkpoint().next_ordinal();
    trainer.report_number = 0;
    trainer.finished = false;
  }
  if (message.has_stop()) {
    if (trainer.lease && trainer.lease->run_id() == message.stop().run_id()) {
      trainer.lease.reset();
    }
    lab_.Say(trainer.session, Stopped(message.stop()));
  }
  if (message.has_ack() && trainer.finished &&
      message.ack().report_number() == trainer.report_number) {
    trainer.lease.reset();
  }
}

void Chaos::Report(Trainer& trainer) {
  Telling telling(*trainer.lease, ++trainer.report_number);
  const int64_t left = kSamples - trainer.next_ordinal;
  const auto count = static_cast<int64_t>(Pick(static_cast<size_t>(left) + 1));
  telling.Samples(trainer.next_ordinal, count);
  trainer.next_ordinal += count;
  if (trainer.next_ordinal == kSamples) {
    telling.Succeeded();
    trainer.finished = true;
  } else if (Pick(3) == 0) {
    telling.Checkpoint(10 * trainer.next_ordinal, trainer.next_ordinal);
  }
  lab_.Say(trainer.session, telling);
}

// At any moment: no run is with two workers.
void Chaos::CheckNow() {
  std::set<std::string> leased;
  for (const v1::Worker& worker : lab_.engine().ListWorkers()) {
    if (worker.lease().empty()) continue;
    ASSERT_TRUE(leased.insert(worker.lease()).second) << worker.lease();
  }
  for (const auto& [run, said] : cancels_) {
    if (!said.came() || !said.get().ok()) continue;
    ASSERT_EQ(lab_.Row(run).state, RunState::kCancelled) << run.value;
  }
}

void Chaos::CheckAtTheEnd() {
  std::map<std::string, RunId> by_request;
  for (const auto& [request, said] : submissions_) {
    if (!said.came() || !said.get().ok()) continue;
    const RunId run = *said.get();
    ASSERT_TRUE(storage::IsEnded(lab_.Row(run).state)) << run.value;
    if (request.empty()) continue;
    const auto [first, is_new] = by_request.try_emplace(request, run);
    EXPECT_EQ(first->second, run) << request;
  }
  const int64_t last = lab_.reader().LastRunId()->value;
  for (int64_t id = 1; id <= last; ++id) {
    if (!lab_.reader().GetRun(RunId{id}).ok()) continue;  // was refused
    const storage::RunRow row = lab_.Row(RunId{id});
    EXPECT_EQ(row.unequal_repeats, 0) << id;
    EXPECT_TRUE(row.result.has_value()) << id;
    if (row.state == RunState::kSucceeded) {
      EXPECT_EQ(row.sample_count, kSamples) << id;
    }
    const storage::Samples samples =
        lab_.reader().ReadSamples(RunId{id}, 0, 1'000).value();
    EXPECT_EQ(samples.size(), row.sample_count) << id;
    for (int64_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(samples.step[static_cast<size_t>(i)], i) << id;
    }
    int64_t number = 0;
    for (const storage::AttemptRow& attempt : lab_.Attempts(RunId{id})) {
      EXPECT_EQ(attempt.number.value, ++number) << id;
      EXPECT_NE(attempt.end, storage::AttemptEnd::kRunning) << id;
    }
  }
}

TEST(EngineRandomTest, WhateverHappensEveryRunEndsAndEverySampleIsThereOnce) {
  unsigned seed = std::random_device()();
  if (const char* text = std::getenv("STEELYARD_SEED")) {  // NOLINT
    ASSERT_TRUE(absl::SimpleAtoi(text, &seed));
  }
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  Chaos chaos(seed);
  for (int i = 0; i < kEvents; ++i) {
    chaos.Happen();
    chaos.CheckNow();
    if (testing::Test::HasFatalFailure()) return;
  }
  chaos.ComeToRest();
  chaos.CheckAtTheEnd();
}

}  // namespace
}  // namespace steelyard::server
