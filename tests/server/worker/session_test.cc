#include "server/worker/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "server/worker/serve.h"
#include "server/worker/train_lease.h"
#include "tests/server/worker/leases.h"
#include "tests/server/worker/scripted_server.h"
#include "tests/server/worker/scripted_service.h"
#include "tests/status_matchers.h"

// The worker against a real server over a real socket, in one process.
namespace steelyard::worker {
namespace {

using Write = ScriptedService::Write;

v1::WorkerHello Hello() {
  v1::WorkerHello hello;
  hello.set_worker("w1");
  return hello;
}

struct Outcome {
  Served served;
  absl::Status session;
};

// One session, until it ends.
Outcome HoldSession(const std::string& address,
                    const std::string& token = kToken) {
  Outcome outcome;
  SessionQueue queue;
  std::thread session([&] {
    outcome.session =
        RunSession(MakeChannel(address), token, absl::Seconds(10), queue);
  });
  outcome.served = Serve(Hello(), LeaseOptions{}, MemoryLimit(), queue);
  session.join();
  return outcome;
}

// What an undisturbed run of the lease gives, without gRPC.
std::map<int64_t, Sample> Undisturbed(const v1::TrainLease& lease) {
  SessionQueue queue;
  ScriptedServer server(queue);
  RunTrainLease(lease, {}, MemoryLimit(), queue);
  return SamplesOf(ReportsOf(server.End()));
}

const grpc::Status kGone(grpc::StatusCode::UNAVAILABLE, "gone");

constexpr uint64_t kSteps = 2'000'000;

TEST(SessionTest, ARunStoppedForADrainGoesOnWithTheSameBits) {
  v1::TrainLease lease = D8Lease(kSteps);
  v1::Checkpoint checkpoint;
  const auto script = [&](int, const v1::SessionRequest& message,
                          const Write& write) {
    if (message.has_hello()) write(LeaseMessage(lease));
    if (message.has_stopped()) {
      lease.set_attempt(2);
      *lease.mutable_checkpoint() = checkpoint;
      write(LeaseMessage(lease));
    }
    if (!message.has_report()) return grpc::Status::OK;
    const v1::RunReport& report = message.report();
    write(Ack(report));
    if (report.has_checkpoint()) checkpoint = report.checkpoint();
    if (report.attempt() == 1 && report.report_number() == 2) {
      write(Stop(lease, /*checkpoint=*/true));
    }
    return report.has_result() ? kGone : grpc::Status::OK;
  };
  ScriptedService service(SocketAddress("drain"), script);
  const Outcome outcome = HoldSession(service.address());
  EXPECT_TRUE(outcome.served.welcomed);
  EXPECT_THAT(outcome.served.status, IsOk());
  EXPECT_THAT(outcome.session,
              StatusIs(absl::StatusCode::kUnavailable, "gone"));

  const std::vector<v1::RunReport> reports = service.reports();
  EXPECT_EQ(reports.back().attempt(), 2);
  EXPECT_EQ(reports.back().result().ended_by(), v1::ENDED_BY_STEPS);
  EXPECT_EQ(SamplesOf(reports), Undisturbed(D8Lease(kSteps)));
}

// The second attempt begins at the start: nothing was kept of the first but
// its samples, which it repeats.
TEST(SessionTest, ARunWhoseConnectionIsKilledRepeatsTheSameBits) {
  v1::TrainLease lease = D8Lease(kSteps);
  const auto script = [&](int session, const v1::SessionRequest& message,
                          const Write& write) {
    lease.set_attempt(session + 1);
    if (message.has_hello()) write(LeaseMessage(lease));
    if (!message.has_report()) return grpc::Status::OK;
    write(Ack(message.report()));
    const bool kill = session == 0 && message.report().report_number() == 3;
    return kill || message.report().has_result() ? kGone : grpc::Status::OK;
  };
  ScriptedService service(SocketAddress("kill"), script);
  EXPECT_THAT(HoldSession(service.address()).session,
              StatusIs(absl::StatusCode::kUnavailable, "gone"));
  EXPECT_THAT(HoldSession(service.address()).session,
              StatusIs(absl::StatusCode::kUnavailable, "gone"));

  std::vector<v1::RunReport> first;
  std::vector<v1::RunReport> second;
  for (const v1::RunReport& report : service.reports()) {
    (report.attempt() == 1 ? first : second).push_back(report);
  }
  const std::map<int64_t, Sample> undisturbed = Undisturbed(D8Lease(kSteps));
  EXPECT_EQ(SamplesOf(second), undisturbed);
  const std::map<int64_t, Sample> begun = SamplesOf(first);
  EXPECT_FALSE(begun.empty());
  for (const auto& [ordinal, sample] : begun) {
    EXPECT_EQ(sample, undisturbed.at(ordinal));
  }
}

TEST(SessionTest, AWrongTokenEndsTheSessionUnwelcomed) {
  ScriptedService service(SocketAddress("token"),
                          [](int, const v1::SessionRequest&, const Write&) {
                            return grpc::Status::OK;
                          });
  const Outcome outcome = HoldSession(service.address(), "guess");
  EXPECT_FALSE(outcome.served.welcomed);
  EXPECT_THAT(outcome.session,
              StatusIs(absl::StatusCode::kUnauthenticated, "token"));
}

TEST(SessionTest, NoServerIsUnavailable) {
  EXPECT_THAT(HoldSession(SocketAddress("nobody")).session,
              StatusIs(absl::StatusCode::kUnavailable, ""));
}

TEST(SessionTest, AnInspectionIsAnswered) {
  v1::SessionResponse inspect;
  inspect.mutable_inspect()->set_inflated_bytes_limit(1 << 20);
  v1::DatasetFile& file = *inspect.mutable_inspect()->mutable_file();
  file.set_dataset("sha256/abc");
  file.set_form(v1::DATASET_FORM_IDX);
  file.set_path("/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz");
  v1::InspectionReport report;
  ScriptedService service(
      SocketAddress("inspect"),
      [&](int, const v1::SessionRequest& message, const Write& write) {
        if (message.has_hello()) write(inspect);
        if (!message.has_inspected()) return grpc::Status::OK;
        report = message.inspected();
        return kGone;
      });
  HoldSession(service.address());
  EXPECT_EQ(report.dataset(), "datasets/abc");
  EXPECT_EQ(report.summary().shape(0), 10000);
}

}  // namespace
}  // namespace steelyard::worker
