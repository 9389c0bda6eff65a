#include "server/send_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

using Step = SendQueue::Step;

v1::SessionResponse Ack(int64_t number) {
  v1::SessionResponse message;
  message.mutable_ack()->set_report_number(number);
  return message;
}

TEST(SendQueueTest, OneWriteAtATimeInOrder) {
  SendQueue queue;
  EXPECT_EQ(queue.Add(Ack(1)), Step::kWrite);
  EXPECT_EQ(queue.Add(Ack(2)), Step::kNothing);
  EXPECT_EQ(queue.message()->ack().report_number(), 1);
  EXPECT_EQ(queue.OnWritten(), Step::kWrite);
  EXPECT_EQ(queue.message()->ack().report_number(), 2);
  EXPECT_EQ(queue.OnWritten(), Step::kNothing);
  EXPECT_EQ(queue.Add(Ack(3)), Step::kWrite);
}

TEST(SendQueueTest, AFinishWaitsForTheWriteAndDropsTheRest) {
  SendQueue queue;
  queue.Add(Ack(1));
  queue.Add(Ack(2));
  EXPECT_EQ(queue.Finish(absl::AbortedError("first")), Step::kNothing);
  EXPECT_EQ(queue.Finish(absl::AbortedError("second")), Step::kNothing);
  EXPECT_EQ(queue.OnWritten(), Step::kFinish);
  EXPECT_THAT(queue.status(), StatusIs(absl::StatusCode::kAborted, "first"));
}

TEST(SendQueueTest, NothingFollowsAFinish) {
  SendQueue queue;
  EXPECT_EQ(queue.Finish(absl::OkStatus()), Step::kFinish);
  EXPECT_EQ(queue.Finish(absl::OkStatus()), Step::kNothing);
  EXPECT_EQ(queue.Add(Ack(1)), Step::kNothing);
  EXPECT_EQ(queue.OnWritten(), Step::kNothing);
}

TEST(SendQueueTest, TooManyMessagesEndTheStream) {
  SendQueue queue;
  queue.Add(Ack(0));
  for (size_t i = 0; i < SendQueue::kMessagesLimit; ++i) queue.Add(Ack(1));
  EXPECT_THAT(queue.status(), IsOk());
  queue.Add(Ack(2));
  EXPECT_THAT(queue.status(),
              StatusIs(absl::StatusCode::kResourceExhausted, "at most 1024"));
  EXPECT_EQ(queue.OnWritten(), Step::kFinish);
}

// Whoever is told to write, writes on another thread: never two at once.
TEST(SendQueueTest, OnlyOnePartyHasTheStream) {
  SendQueue queue;
  std::atomic<int> writers = 0;
  std::atomic<int> finishes = 0;
  int64_t written = 0;  // no atomic: it belongs to the writer
  const auto take = [&](Step step) {
    while (step == Step::kWrite) {
      EXPECT_EQ(++writers, 1);
      ++written;
      --writers;
      step = queue.OnWritten();
    }
    if (step == Step::kFinish) ++finishes;
  };
  {
    std::vector<std::jthread> threads;
    threads.reserve(3);
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 300; ++k) take(queue.Add(Ack(k)));
      });
    }
  }
  EXPECT_EQ(written, 900);
  take(queue.Finish(absl::OkStatus()));
  EXPECT_EQ(finishes, 1);
}

}  // namespace
}  // namespace steelyard::server
