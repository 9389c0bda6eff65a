#include "server/worker/session_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "absl/time/time.h"
#include "steelyard/v1/worker_service.pb.h"

namespace steelyard::worker {
namespace {

v1::SessionRequest Report(int64_t number) {
  v1::SessionRequest message;
  message.mutable_report()->set_report_number(number);
  return message;
}

v1::SessionResponse Welcome() {
  v1::SessionResponse message;
  message.mutable_welcome();
  return message;
}

TEST(SessionQueueTest, SendsInOrderAndEndsAfterTheLastOnceFinished) {
  SessionQueue queue;
  queue.Send(Report(1));
  queue.Send(Report(2));
  queue.Finish();
  EXPECT_EQ(queue.Next()->report().report_number(), 1);
  EXPECT_EQ(queue.Next()->report().report_number(), 2);
  EXPECT_EQ(queue.Next(), std::nullopt);
}

TEST(SessionQueueTest, NextWaitsForTheWorker) {
  SessionQueue queue;
  std::thread worker([&queue] {
    queue.Send(Report(1));
    queue.Finish();
  });
  EXPECT_TRUE(queue.Next()->has_report());
  EXPECT_EQ(queue.Next(), std::nullopt);
  worker.join();
}

TEST(SessionQueueTest, ACloseWakesBothSides) {
  SessionQueue queue;
  std::thread session([&queue] { EXPECT_EQ(queue.Next(), std::nullopt); });
  std::thread closer([&queue] { queue.Close(); });
  EXPECT_EQ(queue.Receive(), std::nullopt);
  EXPECT_EQ(queue.state(), SessionQueue::State::kClosed);
  session.join();
  closer.join();
}

TEST(SessionQueueTest, ARequestToEndWakesTheWorkerAndLetsItSpeak) {
  SessionQueue queue;
  queue.Deliver(Welcome());
  std::thread someone([&queue] { queue.RequestEnd(); });
  while (queue.Receive().has_value()) {
  }
  EXPECT_EQ(queue.state(), SessionQueue::State::kEnding);
  queue.Send(Report(1));
  queue.Finish();
  EXPECT_TRUE(queue.Next()->has_report());
  EXPECT_EQ(queue.Next(), std::nullopt);
  someone.join();
}

TEST(SessionQueueTest, AnIdleWorkersHeartbeatNamesNoRun) {
  SessionQueue queue;
  queue.SetHeartbeatIntervals(absl::Milliseconds(1), absl::Hours(1));
  const std::optional<v1::SessionRequest> message = queue.Next();
  ASSERT_TRUE(message->has_heartbeat());
  EXPECT_EQ(message->heartbeat().run_id(), 0);
  EXPECT_FALSE(message->heartbeat().has_progress());
}

// The worker itself does nothing here: its thread may be in a long step.
TEST(SessionQueueTest, HeartbeatsGoOnWithoutTheWorkerAndTellTheRate) {
  SessionQueue queue;
  queue.SetHeartbeatIntervals(absl::Hours(1), absl::Milliseconds(1));
  queue.SetProgress(12, 3, 1000);
  EXPECT_EQ(queue.Next()->heartbeat().progress().steps_per_second(), 0);
  const absl::Duration begin = MonotonicNow();
  queue.SetProgress(12, 3, 2000);
  const std::optional<v1::SessionRequest> message = queue.Next();
  const double longest_s = absl::ToDoubleSeconds(MonotonicNow() - begin);
  EXPECT_EQ(message->heartbeat().run_id(), 12);
  EXPECT_EQ(message->heartbeat().attempt(), 3);
  EXPECT_EQ(message->heartbeat().progress().step(), 2000);
  EXPECT_GE(message->heartbeat().progress().steps_per_second(),
            1000 / (longest_s + 1));
  // Another run's steps have nothing to do with these.
  queue.SetProgress(13, 1, 5);
  EXPECT_EQ(queue.Next()->heartbeat().progress().steps_per_second(), 0);
}

TEST(SessionQueueTest, AHeartbeatDoesNotWaitBehindReports) {
  SessionQueue queue;
  queue.SetProgress(12, 3, 1000);
  queue.SetHeartbeatIntervals(absl::Hours(1), absl::ZeroDuration());
  for (int number = 1; number <= 100; ++number) queue.Send(Report(number));
  EXPECT_TRUE(queue.Next()->has_heartbeat());
}

TEST(SessionQueueTest, RefusesMoreMessagesThanAnySaneServerSends) {
  SessionQueue queue;
  int accepted = 0;
  while (accepted < 100'000 && queue.Deliver(Welcome())) ++accepted;
  EXPECT_EQ(accepted, 10'000);
}

}  // namespace
}  // namespace steelyard::worker
