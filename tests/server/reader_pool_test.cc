#include "server/reader_pool.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ticker.h"
#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::server {
namespace {

using absl::StatusCode;

class ReaderPoolTest : public ::testing::Test {
 protected:
  // One thread, which waits until `go_` is set.
  std::unique_ptr<ReaderPool> StartBlocked(size_t max_waiting_calls) {
    auto pool = ReaderPool::Start({.data_dir = store_.folder().path(),
                                   .threads = 1,
                                   .max_waiting_calls = max_waiting_calls});
    EXPECT_THAT(pool, IsOk());
    std::promise<void> blocked;
    EXPECT_THAT((*pool)->Post([&](storage::Reader&) {
      blocked.set_value();
      go_.get_future().wait();
    }),
                IsOk());
    blocked.get_future().wait();
    return *std::move(pool);
  }
  ReaderPool::Work Note(std::string what) {
    return [this, what = std::move(what)](storage::Reader&) {
      absl::StrAppend(&done_, what, " ");
    };
  }

  storage::TestStore store_;
  std::promise<void> go_;
  std::string done_;  // by the pool's one thread, read when it has ended
};

TEST_F(ReaderPoolTest, TheCallBeyondTheLimitIsRefused) {
  std::unique_ptr<ReaderPool> pool = StartBlocked(2);
  EXPECT_THAT(pool->Post(Note("a")), IsOk());
  EXPECT_THAT(pool->Post(Note("b")), IsOk());
  EXPECT_THAT(pool->Post(Note("c")),
              StatusIs(StatusCode::kResourceExhausted, "2 calls wait"));
  pool->PostAdmitted(Note("d"));
  go_.set_value();
  pool.reset();
  EXPECT_EQ(done_, "d a b ");
}

// However many streams wake at once.
TEST_F(ReaderPoolTest, CallsAndStreamsTakeTurns) {
  std::unique_ptr<ReaderPool> pool = StartBlocked(10);
  for (int i = 0; i < 5; ++i) pool->PostAdmitted(Note(absl::StrCat("s", i)));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(pool->Post(Note(absl::StrCat("c", i))), IsOk());
  }
  go_.set_value();
  pool.reset();
  EXPECT_EQ(done_, "s0 c0 s1 c1 s2 s3 s4 ");
}

TEST_F(ReaderPoolTest, WhatWasAcceptedIsDoneBeforeTheEnd) {
  std::unique_ptr<ReaderPool> pool = StartBlocked(10);
  EXPECT_THAT(pool->Post([&, pool = pool.get()](storage::Reader&) {
    pool->PostAdmitted(Note("next"));
  }),
              IsOk());
  go_.set_value();
  pool.reset();
  EXPECT_EQ(done_, "next ");
}

TEST(TickerTest, ItTicksAgainAndAgain) {
  std::promise<void> third;
  int ticks = 0;
  const Ticker ticker(absl::Milliseconds(1), [&] {
    if (++ticks == 3) third.set_value();
  });
  third.get_future().wait();
}

TEST(TickerTest, ItEndsWithoutWaitingForItsPeriod) {
  const Ticker ticker(absl::Hours(24), [] { ADD_FAILURE() << "ticked"; });
}

}  // namespace
}  // namespace steelyard::server
