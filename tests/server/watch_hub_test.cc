#include "server/watch_hub.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace steelyard::server {
namespace {

using storage::RunId;
using Next = WatchHub::Next;

class CountingWatcher final : public WatchHub::Watcher {
 public:
  void OnChange() override { ++told; }
  std::atomic<int> told = 0;
};

constexpr RunId kRun{7};

TEST(WatchHubTest, AWatcherIsToldOnce) {
  WatchHub hub;
  CountingWatcher watcher;
  EXPECT_EQ(hub.WaitForChange(kRun, hub.Version(kRun), &watcher), Next::kWaits);
  hub.Changed(RunId{8});
  EXPECT_EQ(watcher.told, 0);
  hub.Changed(kRun);
  hub.Changed(kRun);
  EXPECT_EQ(watcher.told, 1);
}

// Between the reading and the wait.
TEST(WatchHubTest, AChangeThatCameBeforeTheWaitIsSeen) {
  WatchHub hub;
  CountingWatcher watcher;
  const int64_t seen = hub.Version(kRun);
  hub.Changed(kRun);
  EXPECT_EQ(hub.WaitForChange(kRun, seen, &watcher), Next::kChanged);
  EXPECT_EQ(hub.WaitForChange(kRun, hub.Version(kRun), &watcher), Next::kWaits);
  EXPECT_TRUE(hub.Stop(kRun, &watcher));
}

TEST(WatchHubTest, AStopTakesTheWatcherOut) {
  WatchHub hub;
  CountingWatcher watcher;
  hub.WaitForChange(kRun, hub.Version(kRun), &watcher);
  EXPECT_TRUE(hub.Stop(kRun, &watcher));
  hub.Changed(kRun);
  EXPECT_EQ(watcher.told, 0);
}

// A cancellation may come while the watcher reads.
TEST(WatchHubTest, AStopIsRemembered) {
  WatchHub hub;
  CountingWatcher watcher;
  EXPECT_FALSE(hub.Stop(kRun, &watcher));
  hub.Changed(kRun);
  EXPECT_EQ(hub.WaitForChange(kRun, 0, &watcher), Next::kStopped);
}

TEST(WatchHubTest, AStopAfterTheCallIsTooLate) {
  WatchHub hub;
  CountingWatcher watcher;
  hub.WaitForChange(kRun, hub.Version(kRun), &watcher);
  hub.Changed(kRun);
  EXPECT_FALSE(hub.Stop(kRun, &watcher));
}

// gRPC may be done with a stream as soon as its watcher was told.
TEST(WatchHubTest, AWatcherMayEndItselfWhenTold) {
  WatchHub hub;
  class Ending final : public WatchHub::Watcher {
   public:
    void OnChange() override { delete this; }
  };
  // It owns itself, as a reactor does.
  EXPECT_EQ(hub.WaitForChange(kRun, hub.Version(kRun), new Ending),
            Next::kWaits);
  hub.Changed(kRun);
  hub.Changed(kRun);
}

TEST(WatchHubTest, NothingIsKeptOfEndedRuns) {
  WatchHub hub;
  CountingWatcher watcher;
  for (int64_t run = 1; run <= 1'000; ++run) {
    hub.WaitForChange(RunId{run}, hub.Version(RunId{run}), &watcher);
    hub.Changed(RunId{run});
    hub.Ended(RunId{run});
  }
  EXPECT_EQ(hub.size(), 0);
  EXPECT_EQ(watcher.told, 1'000);
}

TEST(WatchHubTest, NothingIsKeptOfWatchersThatLeft) {
  WatchHub hub;
  CountingWatcher watcher;
  hub.WaitForChange(kRun, hub.Version(kRun), &watcher);
  EXPECT_EQ(hub.size(), 1);
  hub.Stop(kRun, &watcher);
  EXPECT_EQ(hub.size(), 0);
}

// Its entry is gone, and yet the watcher that was reading must look again.
TEST(WatchHubTest, TheEndOfARunIsSeenByOneWhoWasReading) {
  WatchHub hub;
  CountingWatcher watcher;
  const int64_t before = hub.Version(kRun);
  hub.Changed(kRun);
  const int64_t between = hub.Version(kRun);
  EXPECT_GT(between, before);
  hub.Ended(kRun);
  EXPECT_GT(hub.Version(kRun), between);
  EXPECT_EQ(hub.WaitForChange(kRun, between, &watcher), Next::kChanged);
}

TEST(WatchHubTest, TheEndOfARunWakesNoWatcherOfAnother) {
  WatchHub hub;
  CountingWatcher watcher;
  hub.Changed(kRun);
  hub.WaitForChange(kRun, hub.Version(kRun), &watcher);
  hub.Ended(RunId{8});
  EXPECT_EQ(watcher.told, 0);
  EXPECT_TRUE(hub.Stop(kRun, &watcher));
}

TEST(WatchHubTest, AClosedHubTellsAllAndTakesNobody) {
  WatchHub hub;
  CountingWatcher watcher;
  hub.WaitForChange(kRun, hub.Version(kRun), &watcher);
  hub.Close();
  EXPECT_EQ(watcher.told, 1);
  EXPECT_EQ(hub.WaitForChange(kRun, 0, &watcher), Next::kStopped);
}

TEST(WatchHubTest, AHeartbeatTellsAllAndChangesNothing) {
  WatchHub hub;
  CountingWatcher watcher;
  const int64_t seen = hub.Version(kRun);
  hub.WaitForChange(kRun, seen, &watcher);
  hub.WakeAll();
  EXPECT_EQ(watcher.told, 1);
  EXPECT_EQ(hub.WaitForChange(kRun, seen, &watcher), Next::kWaits);
  EXPECT_TRUE(hub.Stop(kRun, &watcher));
}

// A reader of a counter that another thread raises before it tells the hub: it
// must come to the last value, whatever the order of reading and waiting.
class CountReader final : public WatchHub::Watcher {
 public:
  CountReader(WatchHub* hub, const std::atomic<int64_t>* count, int64_t last)
      : hub_(*hub), count_(*count), last_(last) {}

  void OnChange() override { Read(); }
  void Read() {
    while (true) {
      const int64_t version = hub_.Version(kRun);
      if (count_ == last_) {
        done = true;
        return;
      }
      if (hub_.WaitForChange(kRun, version, this) != Next::kChanged) return;
    }
  }
  std::atomic<bool> done = false;

 private:
  WatchHub& hub_;
  const std::atomic<int64_t>& count_;
  const int64_t last_;
};

TEST(WatchHubTest, NobodyMissesTheLastChange) {
  constexpr int kRounds = 200;
  constexpr int64_t kChanges = 50;
  for (int round = 0; round < kRounds; ++round) {
    WatchHub hub;
    std::atomic<int64_t> count = 0;
    CountReader first(&hub, &count, kChanges);
    CountReader second(&hub, &count, kChanges);
    {
      const std::jthread writer([&] {
        while (count < kChanges) {
          ++count;
          if (count == kChanges) {
            hub.Ended(kRun);
          } else {
            hub.Changed(kRun);
          }
        }
      });
      const std::jthread other([&] {
        for (int i = 0; i < 100; ++i) hub.Ended(RunId{8});
      });
      const std::jthread reader([&] { second.Read(); });
      first.Read();
    }
    EXPECT_TRUE(first.done);
    EXPECT_TRUE(second.done);
  }
}

}  // namespace
}  // namespace steelyard::server
