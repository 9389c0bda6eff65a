#include "server/worker/train_lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/server/worker/leases.h"
#include "tests/server/worker/scripted_server.h"
#include "training/trainer.h"

namespace steelyard::worker {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kTick = absl::Milliseconds(1);

// Every look at the clock is a tick: a slice lasts one tick, as it should, and
// so stays at one step.
LeaseOptions TickingOptions() {
  LeaseOptions options;
  options.slice = kTick;
  options.report_interval = 20 * kTick;
  options.checkpoint_interval = 50 * kTick;
  options.now = TickingClock(kTick);
  return options;
}

// Works on a lease with a server that acknowledges all; its reports.
std::vector<v1::RunReport> Train(const v1::TrainLease& lease,
                                 const LeaseOptions& options = {}) {
  SessionQueue queue;
  ScriptedServer server(queue);
  EXPECT_EQ(RunTrainLease(lease, options, MemoryLimit(), queue),
            LeaseEnd::kFinished);
  return ReportsOf(server.End());
}

v1::RunResult ResultOf(const std::vector<v1::RunReport>& reports) {
  EXPECT_FALSE(reports.empty());
  for (size_t i = 0; i + 1 < reports.size(); ++i) {
    EXPECT_FALSE(reports[i].has_result()) << i;
  }
  EXPECT_TRUE(reports.back().has_result());
  return reports.back().result();
}

TEST(TrainLeaseTest, ReportsEverySampleOnceAndInOrder) {
  const std::vector<v1::RunReport> reports = Train(D8Lease(100'000));
  int64_t next = 0;
  for (const v1::RunReport& report : reports) {
    if (!report.has_samples()) continue;
    EXPECT_EQ(report.samples().first_ordinal(), next);
    next += report.samples().step_size();
  }
  const std::map<int64_t, Sample> samples = SamplesOf(reports);
  EXPECT_EQ(std::ssize(samples), next);
  EXPECT_EQ(samples.begin()->second.step, 0);
  EXPECT_EQ(samples.rbegin()->second.step, 100'000);
  EXPECT_TRUE(samples.rbegin()->second.values.contains("direction/gap"));
}

TEST(TrainLeaseTest, EndsWithTheResultInTheReportOfTheLastSamples) {
  const std::vector<v1::RunReport> reports = Train(D8Lease(1000));
  const v1::RunResult result = ResultOf(reports);
  EXPECT_EQ(result.ended_by(), v1::ENDED_BY_STEPS);
  EXPECT_EQ(result.steps(), 1000);
  EXPECT_EQ(result.failure_reason(), v1::FAILURE_REASON_UNSPECIFIED);
  const auto& steps = reports.back().samples().step();
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(*steps.rbegin(), 1000);
}

TEST(TrainLeaseTest, NumbersReportsAndNamesAbsentMetricsInTheFirst) {
  v1::TrainLease lease = D8Lease(2000);
  // Two rows of the same place in both classes: not separable.
  v1::InlineData& table =
      *lease.mutable_spec()->mutable_data()->mutable_inline_();
  table.add_features()->mutable_values()->Add(2);
  table.mutable_features(8)->add_values(1);
  table.add_labels(-1);
  const std::vector<v1::RunReport> reports = Train(lease, TickingOptions());
  ASSERT_GT(reports.size(), 2);
  for (size_t i = 0; i < reports.size(); ++i) {
    EXPECT_EQ(reports[i].report_number(), static_cast<int64_t>(i) + 1);
    EXPECT_EQ(reports[i].attempt(), 1);
    EXPECT_EQ(reports[i].absent_metrics_size() > 0, i == 0);
  }
  const auto& absent = reports.front().absent_metrics();
  EXPECT_TRUE(std::any_of(absent.begin(), absent.end(), [](const auto& metric) {
    return metric.metric() == "margin/ratio" &&
           metric.reason().find("separable") != std::string::npos;
  }));
}

TEST(TrainLeaseTest, ACheckpointComesAfterItsIntervalWithAllSamplesBeforeIt) {
  const std::vector<v1::RunReport> reports =
      Train(D8Lease(2000), TickingOptions());
  int64_t samples = 0;
  double last_s = 0;
  int checkpoints = 0;
  for (const v1::RunReport& report : reports) {
    samples += report.samples().step_size();
    if (!report.has_checkpoint()) continue;
    ++checkpoints;
    const v1::Checkpoint& checkpoint = report.checkpoint();
    EXPECT_EQ(checkpoint.next_ordinal(), samples);
    EXPECT_EQ(checkpoint.numerics_id(), training::NumericsId());
    EXPECT_NEAR(checkpoint.training_s() - last_s, 0.05, 0.0015);
    last_s = checkpoint.training_s();
  }
  EXPECT_GE(checkpoints, 35);
}

// From every checkpoint of a run.
TEST(TrainLeaseTest, GoesOnFromACheckpointWithTheSameBits) {
  LeaseOptions options = TickingOptions();
  options.checkpoint_interval = 37 * kTick;
  v1::TrainLease lease = D8Lease(2000);
  const std::vector<v1::RunReport> reports = Train(lease, options);
  const std::map<int64_t, Sample> undisturbed = SamplesOf(reports);
  int resumed = 0;
  for (const v1::RunReport& report : reports) {
    if (!report.has_checkpoint()) continue;
    ++resumed;
    *lease.mutable_checkpoint() = report.checkpoint();
    std::map<int64_t, Sample> rest = undisturbed;
    rest.erase(rest.begin(), rest.find(report.checkpoint().next_ordinal()));
    EXPECT_EQ(SamplesOf(Train(lease)), rest);
  }
  EXPECT_GE(resumed, 50);
}

// Whenever it begins and however it goes, in a run and in its rest.
TEST(TrainLeaseTest, TheClockChangesNoBit) {
  v1::TrainLease lease = D8Lease(2000);
  const std::map<int64_t, Sample> undisturbed = SamplesOf(Train(lease));
  for (const absl::Duration tick :
       {absl::ZeroDuration(), absl::Nanoseconds(1), kTick, absl::Hours(30)}) {
    for (const absl::Duration begin :
         {absl::ZeroDuration(), absl::Hours(1'000'000)}) {
      LeaseOptions options = TickingOptions();
      options.now = [begin, clock = TickingClock(tick)] {
        return begin + clock();
      };
      lease.clear_checkpoint();
      const std::vector<v1::RunReport> reports = Train(lease, options);
      EXPECT_EQ(SamplesOf(reports), undisturbed) << tick;
      for (const v1::RunReport& report : reports) {
        if (!report.has_checkpoint()) continue;
        *lease.mutable_checkpoint() = report.checkpoint();
        break;
      }
      if (!lease.has_checkpoint()) continue;
      std::map<int64_t, Sample> rest = undisturbed;
      rest.erase(rest.begin(), rest.find(lease.checkpoint().next_ordinal()));
      EXPECT_EQ(SamplesOf(Train(lease, options)), rest) << tick;
    }
  }
}

TEST(TrainLeaseTest, AStopForADrainIsAnsweredWithACheckpointAndThenStopped) {
  const v1::TrainLease lease = D8Lease(uint64_t{1} << 60);
  SessionQueue queue;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (message.has_report() && message.report().report_number() == 2) {
      queue.Deliver(Stop(lease, /*checkpoint=*/true));
    }
  });
  EXPECT_EQ(RunTrainLease(lease, {}, MemoryLimit(), queue), LeaseEnd::kStopped);
  const std::vector<v1::SessionRequest>& sent = server.End();
  ASSERT_GE(sent.size(), 2);
  EXPECT_TRUE(sent.back().has_stopped());
  EXPECT_EQ(sent.back().stopped().run_id(), lease.run_id());
  const std::vector<v1::RunReport> reports = ReportsOf(sent);
  EXPECT_TRUE(reports.back().has_checkpoint());
  EXPECT_EQ(reports.back().checkpoint().next_ordinal(),
            std::ssize(SamplesOf(reports)));
}

TEST(TrainLeaseTest, AStopForACancellationAsksForNoCheckpoint) {
  const v1::TrainLease lease = D8Lease(uint64_t{1} << 60);
  SessionQueue queue;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (message.has_report()) queue.Deliver(Stop(lease, /*checkpoint=*/false));
  });
  EXPECT_EQ(RunTrainLease(lease, {}, MemoryLimit(), queue), LeaseEnd::kStopped);
  const std::vector<v1::SessionRequest>& sent = server.End();
  EXPECT_TRUE(sent.back().has_stopped());
  for (const v1::RunReport& report : ReportsOf(sent)) {
    EXPECT_FALSE(report.has_checkpoint());
  }
}

TEST(TrainLeaseTest, StopsAreOfOneAttempt) {
  const v1::TrainLease lease = D8Lease(10'000);
  SessionQueue queue;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (!message.has_report()) return;
    v1::TrainLease other = lease;
    other.set_attempt(lease.attempt() + 1);
    queue.Deliver(Stop(other, /*checkpoint=*/false));
    queue.Deliver(Ack(message.report()));
  });
  EXPECT_EQ(RunTrainLease(lease, {}, MemoryLimit(), queue),
            LeaseEnd::kFinished);
}

TEST(TrainLeaseTest, AFencedAttemptEndsAndSaysSo) {
  const v1::TrainLease lease = D8Lease(uint64_t{1} << 60);
  SessionQueue queue;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (message.has_report()) {
      queue.Deliver(Ack(message.report(), /*fenced=*/true));
    }
  });
  EXPECT_EQ(RunTrainLease(lease, {}, MemoryLimit(), queue), LeaseEnd::kFenced);
  EXPECT_TRUE(server.End().back().has_stopped());
}

TEST(TrainLeaseTest, AStopThatCrossesTheResultEndsTheLeaseToo) {
  const v1::TrainLease lease = D8Lease(10);
  SessionQueue queue;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (message.has_report() && message.report().has_result()) {
      queue.Deliver(Stop(lease, /*checkpoint=*/true));
    }
  });
  EXPECT_EQ(RunTrainLease(lease, {}, MemoryLimit(), queue), LeaseEnd::kStopped);
  const std::vector<v1::SessionRequest>& sent = server.End();
  EXPECT_TRUE(sent.back().has_stopped());
  EXPECT_TRUE(ReportsOf(sent).back().has_result());
}

TEST(TrainLeaseTest, WallTimeCountsOverAttemptsAndEndsWithOneMoreEvaluation) {
  v1::TrainLease lease = D8Lease(uint64_t{1} << 60);
  const v1::RunReport with_checkpoint = [&] {
    v1::TrainLease first = lease;
    first.mutable_spec()->mutable_stop()->mutable_wall_time()->set_seconds(1);
    for (const v1::RunReport& report : Train(first, TickingOptions())) {
      if (report.has_checkpoint()) return report;
    }
    return v1::RunReport();
  }();
  *lease.mutable_checkpoint() = with_checkpoint.checkpoint();
  lease.mutable_checkpoint()->set_training_s(9.9);
  lease.mutable_spec()->mutable_stop()->mutable_wall_time()->set_seconds(10);

  const std::vector<v1::RunReport> reports = Train(lease, TickingOptions());
  const v1::RunResult result = ResultOf(reports);
  EXPECT_EQ(result.ended_by(), v1::ENDED_BY_WALL_TIME);
  EXPECT_EQ(result.training_time().seconds(), 10);
  EXPECT_LE(result.training_time().nanos(), 3'000'000);
  EXPECT_GT(result.steps(), lease.checkpoint().step());
  EXPECT_EQ(SamplesOf(reports).rbegin()->second.step, result.steps());
}

// It trains no further than the buffer allows, however long it takes: here
// until the heartbeats have gone on for a while.
TEST(TrainLeaseTest, WaitsWhenTooManyReportsAreNotAcknowledged) {
  LeaseOptions options = TickingOptions();
  options.report_interval = kTick;
  options.unacknowledged_reports = 3;
  SessionQueue queue;
  queue.SetHeartbeatIntervals(absl::Seconds(5), absl::Milliseconds(1));
  std::vector<v1::RunReport> waiting;
  size_t most = 0;
  int heartbeats = 0;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (message.has_report()) waiting.push_back(message.report());
    most = std::max(most, waiting.size());
    if (message.has_heartbeat()) ++heartbeats;
    const bool ended = message.has_report() && message.report().has_result();
    if (heartbeats < 10 && !ended) return;
    for (const v1::RunReport& report : waiting) queue.Deliver(Ack(report));
    waiting.clear();
    heartbeats = 0;
  });
  EXPECT_EQ(RunTrainLease(D8Lease(10'000), options, MemoryLimit(), queue),
            LeaseEnd::kFinished);
  EXPECT_EQ(SamplesOf(ReportsOf(server.End())).rbegin()->second.step, 10'000);
  // The report of the result does not wait for room.
  EXPECT_GE(most, 3);
  EXPECT_LE(most, 4);
}

TEST(TrainLeaseTest, AnEndedSessionEndsTheLease) {
  SessionQueue queue;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (message.has_report()) queue.Close();
  });
  EXPECT_EQ(RunTrainLease(D8Lease(uint64_t{1} << 60), {}, MemoryLimit(), queue),
            LeaseEnd::kClosed);
}

TEST(TrainLeaseTest, AWorkerThatIsAskedToEndLeavesACheckpoint) {
  SessionQueue queue;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (message.has_report()) queue.RequestEnd();
  });
  EXPECT_EQ(RunTrainLease(D8Lease(uint64_t{1} << 60), {}, MemoryLimit(), queue),
            LeaseEnd::kEnding);
  EXPECT_TRUE(ReportsOf(server.End()).back().has_checkpoint());
}

TEST(TrainLeaseTest, ALossThatIsNoLongerFiniteFailsTheRunWithStepAndQuantity) {
  v1::TrainLease lease = D8Lease(1000);
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(1e9);
  spec.mutable_regularizer()->mutable_l2()->set_strength(1e9);
  const std::vector<v1::RunReport> reports = Train(lease);
  const v1::RunResult result = ResultOf(reports);
  EXPECT_EQ(result.ended_by(), v1::ENDED_BY_FAILURE);
  EXPECT_EQ(result.failure_reason(), v1::FAILURE_REASON_DIVERGED);
  EXPECT_THAT(result.message(), HasSubstr("step "));
  EXPECT_THAT(result.message(), HasSubstr("parameters/"));
  for (const auto& [ordinal, sample] : SamplesOf(reports)) {
    EXPECT_TRUE(std::isfinite(
        std::bit_cast<double>(sample.values.at("train/log_loss"))));
  }
}

TEST(TrainLeaseTest, ASpecThatIsNotKnownHereFailsTheRun) {
  v1::TrainLease lease = D8Lease(10);
  lease.mutable_spec()->clear_loss();
  const v1::RunResult result = ResultOf(Train(lease));
  EXPECT_EQ(result.ended_by(), v1::ENDED_BY_FAILURE);
  EXPECT_EQ(result.failure_reason(), v1::FAILURE_REASON_INVALID_SPEC);
  EXPECT_THAT(result.message(), HasSubstr("loss: want one of exponential"));
}

TEST(TrainLeaseTest, AStopIsAnsweredAlsoWhenThereIsNoTrainer) {
  v1::TrainLease lease = D8Lease(10);
  lease.mutable_spec()->clear_loss();
  SessionQueue queue;
  queue.Deliver(Stop(lease, /*checkpoint=*/true));
  ScriptedServer server(queue, [](const v1::SessionRequest&) {});
  EXPECT_EQ(RunTrainLease(lease, {}, MemoryLimit(), queue), LeaseEnd::kStopped);
}

// Weights estimated by KLIEP from 800 rows, which takes some 10^9 operations.
v1::TrainLease EstimationLease() {
  v1::TrainLease lease = D8Lease(10);
  v1::RunSpec& spec = *lease.mutable_spec();
  v1::Data data;
  for (const int64_t label : {1, -1}) {
    v1::GaussianClass& added = *data.mutable_gaussians()->add_classes();
    added.set_label(label);
    added.set_rows(400);
    added.add_mean(static_cast<double>(label));
    added.add_mean(0);
    added.set_standard_deviation(1);
  }
  *spec.mutable_data() = data;
  *spec.mutable_target()->mutable_data() = data;
  v1::KliepRatio& kliep =
      *spec.mutable_weighting()->mutable_density_ratio()->mutable_kliep();
  kliep.set_centres(100);
  kliep.set_parts(5);
  return lease;
}

TEST(TrainLeaseTest, AStopEndsAnEstimationOfWeights) {
  const v1::TrainLease lease = EstimationLease();
  for (const bool checkpoint : {false, true}) {
    SessionQueue queue;
    queue.Deliver(Stop(lease, checkpoint));
    ScriptedServer server(queue, [](const v1::SessionRequest&) {});
    EXPECT_EQ(RunTrainLease(lease, {}, MemoryLimit(), queue),
              LeaseEnd::kStopped);
    // A trainer would have sent a checkpoint.
    const std::vector<v1::SessionRequest>& sent = server.End();
    EXPECT_TRUE(sent.back().has_stopped());
    EXPECT_EQ(ReportsOf(sent).size(), 0U);
  }
}

TEST(TrainLeaseTest, AnEstimationEndsWithTheWorkerAndTheSession) {
  const v1::TrainLease lease = EstimationLease();
  for (const bool close : {false, true}) {
    SessionQueue queue;
    close ? queue.Close() : queue.RequestEnd();
    ScriptedServer server(queue, [](const v1::SessionRequest&) {});
    EXPECT_EQ(RunTrainLease(lease, {}, MemoryLimit(), queue),
              close ? LeaseEnd::kClosed : LeaseEnd::kEnding);
    EXPECT_EQ(ReportsOf(server.End()).size(), 0U);
  }
}

TEST(TrainLeaseTest, RefusesACheckpointOfAnotherNumericsIdAndADamagedOne) {
  v1::TrainLease lease = D8Lease(2000);
  for (const v1::RunReport& report : Train(lease, TickingOptions())) {
    if (report.has_checkpoint())
      *lease.mutable_checkpoint() = report.checkpoint();
  }
  ASSERT_TRUE(lease.has_checkpoint());

  v1::TrainLease other = lease;
  other.mutable_checkpoint()->set_numerics_id("1-x86-64-v9-steelyard");
  v1::RunResult result = ResultOf(Train(other));
  EXPECT_EQ(result.failure_reason(), v1::FAILURE_REASON_INTERNAL);
  EXPECT_THAT(result.message(), HasSubstr("1-x86-64-v9-steelyard"));

  v1::TrainLease damaged = lease;
  damaged.mutable_checkpoint()->mutable_state()->at(20) ^= 1;
  result = ResultOf(Train(damaged));
  EXPECT_EQ(result.failure_reason(), v1::FAILURE_REASON_INTERNAL);
}

TEST(TrainLeaseTest, ARunWhoseDataExceedTheMemoryFailsWithBothNumbers) {
  v1::TrainLease lease = D8Lease(10);
  v1::Data& data = *lease.mutable_spec()->mutable_data();
  data.mutable_csv()->set_dataset("sha256/a");
  v1::DatasetFile& file = *lease.add_files();
  file.set_dataset("sha256/a");
  file.set_form(v1::DATASET_FORM_CSV);
  file.mutable_summary()->add_shape(1'000'000);
  file.mutable_summary()->add_shape(2);
  file.mutable_summary()->add_columns()->set_name("x");
  file.mutable_summary()->add_columns()->set_name("y");

  SessionQueue queue;
  ScriptedServer server(queue);
  EXPECT_EQ(RunTrainLease(lease, {}, MemoryLimit(1'000'000), queue),
            LeaseEnd::kFinished);
  const v1::RunResult result = ResultOf(ReportsOf(server.End()));
  EXPECT_EQ(result.failure_reason(), v1::FAILURE_REASON_MEMORY_LIMIT);
  EXPECT_THAT(result.message(), HasSubstr("at most 1000000 bytes"));
  EXPECT_THAT(result.message(), HasSubstr("take 16000000 bytes"));
}

// A state that no message holds is left out, and the run goes on.
TEST(TrainLeaseTest, AStateThatIsTooLargeIsNotSent) {
  LeaseOptions options = TickingOptions();
  options.checkpoint_bytes = 10;
  const std::vector<v1::RunReport> reports = Train(D8Lease(2000), options);
  EXPECT_EQ(ResultOf(reports).ended_by(), v1::ENDED_BY_STEPS);
  for (const v1::RunReport& report : reports) {
    EXPECT_FALSE(report.has_checkpoint());
  }
}

}  // namespace
}  // namespace steelyard::worker
