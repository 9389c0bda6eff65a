#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "steelyard/v1/run_service.grpc.pb.h"
#include "tests/server/served.h"

namespace steelyard::server {
namespace {

using Stub = v1::RunService::Stub;
constexpr char kRun[] = "experiments/default/runs/1";

// One WatchRun call.
class Watch {
 public:
  Watch(Stub& stub, const std::string& run, int64_t from) {
    v1::WatchRunRequest request;
    request.set_name(run);
    request.set_from_sample(from);
    context_.set_deadline(std::chrono::system_clock::now() +
                          std::chrono::seconds(60));
    reader_ = stub.WatchRun(&context_, request);
  }

  bool Next(v1::WatchRunResponse* response) { return reader_->Read(response); }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() { return reader_->Finish(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchRunResponse>> reader_;
};

class WatchServiceTest : public ::testing::Test {
 protected:
  void Start() {
    served_.Start();
    stub_ = v1::RunService::NewStub(served_.Connect());
  }
  void Submit() {
    v1::SubmitRunRequest request;
    *request.mutable_spec() = SmallSpec();
    v1::SubmitRunResponse response;
    const grpc::Status status =
        Call(*stub_, &Stub::SubmitRun, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  Served served_;
  std::unique_ptr<Stub> stub_;
};

// A client's whole life: it leaves at random points, also when the server
// stops, and comes back with its cursor.
std::vector<double> WatchToTheEnd(Stub& stub, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> got;
  while (true) {
    Watch watch(stub, kRun, static_cast<int64_t>(got.size()));
    v1::WatchRunResponse response;
    for (auto left = random() % 20 + 1; watch.Next(&response);) {
      EXPECT_TRUE(!response.has_samples() ||
                  response.samples().first_ordinal() ==
                      static_cast<int64_t>(got.size()));
      got.insert(got.end(), response.samples().value().begin(),
                 response.samples().value().end());
      if (--left == 0) watch.Cancel();
    }
    const grpc::Status end = watch.Finish();
    if (end.ok()) {
      EXPECT_EQ(response.run().state(), v1::RUN_STATE_SUCCEEDED);
      return got;
    }
    EXPECT_TRUE(end.error_code() == grpc::StatusCode::CANCELLED ||
                end.error_code() == grpc::StatusCode::UNAVAILABLE)
        << end.error_message();
  }
}

TEST_F(WatchServiceTest, EachSampleComesOnceOverReconnectsWhileTheyArrive) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  Start();
  Submit();
  constexpr int64_t kSamples = 300;
  std::vector<std::vector<double>> got(4);
  std::vector<std::thread> watchers;
  for (unsigned i = 0; i < got.size(); ++i) {
    watchers.emplace_back([this, i, seed, &got] {
      const std::unique_ptr<Stub> stub =
          v1::RunService::NewStub(served_.Connect());
      got[i] = WatchToTheEnd(*stub, seed + i);
    });
  }
  {
    ScriptedWorker worker(&served_.engine(), "w1");
    const v1::TrainLease lease = worker.WaitForTraining();
    for (int64_t i = 0; i < kSamples - 1; ++i) {
      worker.Report(lease, SampleRange(i, 1));
    }
    worker.Finish(lease, SampleRange(kSamples - 1, 1));
  }
  for (std::thread& watcher : watchers) watcher.join();
  for (const std::vector<double>& values : got) {
    ASSERT_EQ(values.size(), static_cast<size_t>(kSamples));
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(values[i], static_cast<double>(i));
    }
  }
}

TEST_F(WatchServiceTest, AWatchOverARestartGoesOnAtItsCursor) {
  Start();
  Submit();
  {
    ScriptedWorker worker(&served_.engine(), "w1");
    worker.Report(worker.WaitForTraining(), SampleRange(0, 3));
  }
  v1::WatchRunResponse response;
  Watch watch(*stub_, kRun, 0);
  while (watch.Next(&response) && !response.has_samples()) {
  }
  EXPECT_EQ(response.samples().step_size(), 3);
  std::thread stop([this] { served_.Stop(); });
  while (watch.Next(&response)) {
  }
  EXPECT_EQ(watch.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  stop.join();

  Start();
  Watch again(*stub_, kRun, 3);
  {
    // The second attempt begins at step 0 and repeats what is stored.
    ScriptedWorker worker(&served_.engine(), "w1");
    worker.Finish(worker.WaitForTraining(), SampleRange(0, 5));
  }
  std::vector<int64_t> ordinals;
  while (again.Next(&response)) {
    for (int i = 0; i < response.samples().step_size(); ++i) {
      ordinals.push_back(response.samples().first_ordinal() + i);
    }
  }
  EXPECT_TRUE(again.Finish().ok());
  EXPECT_THAT(ordinals, ::testing::ElementsAre(3, 4));
  EXPECT_EQ(response.run().attempts_size(), 2);
}

TEST_F(WatchServiceTest, ACancelledWatchGivesItsPlaceBack) {
  served_.options().limits.set_watchers(2);
  Start();
  Submit();
  v1::WatchRunResponse response;
  Watch first(*stub_, kRun, 0);
  Watch second(*stub_, kRun, 0);
  ASSERT_TRUE(first.Next(&response));
  ASSERT_TRUE(second.Next(&response));
  Watch third(*stub_, kRun, 0);
  EXPECT_FALSE(third.Next(&response));
  const grpc::Status refused = third.Finish();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), ::testing::HasSubstr("watchers: 2"));
  first.Cancel();
  EXPECT_EQ(first.Finish().error_code(), grpc::StatusCode::CANCELLED);
  // The server hears of it a little later than this client.
  grpc::Status end;
  do {
    Watch again(*stub_, kRun, 0);
    if (again.Next(&response)) again.Cancel();
    end = again.Finish();
  } while (end.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(end.error_code(), grpc::StatusCode::CANCELLED);
  second.Cancel();
  EXPECT_EQ(second.Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(WatchServiceTest, ASilentRunSendsHeartbeats) {
  served_.options().heartbeat = absl::Milliseconds(100);
  Start();
  Submit();
  Watch watch(*stub_, kRun, 0);
  v1::WatchRunResponse response;
  ASSERT_TRUE(watch.Next(&response));
  EXPECT_EQ(response.state(), v1::RUN_STATE_QUEUED);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(watch.Next(&response));
    EXPECT_EQ(response.ByteSizeLong(), 0u) << response.DebugString();
  }
  watch.Cancel();
  EXPECT_EQ(watch.Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(WatchServiceTest, ProgressComesBetweenSamples) {
  Start();
  Submit();
  ScriptedWorker worker(&served_.engine(), "w1");
  const v1::TrainLease lease = worker.WaitForTraining();
  worker.Report(lease, SampleRange(0, 1));
  Watch watch(*stub_, kRun, 1);
  worker.Progress(lease, 4711);
  v1::WatchRunResponse response;
  while (watch.Next(&response) && response.progress().step() != 4711) {
  }
  EXPECT_EQ(response.progress().step(), 4711);
  watch.Cancel();
  EXPECT_EQ(watch.Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(WatchServiceTest, AWrongWatchIsRefused) {
  Start();
  v1::WatchRunResponse response;
  Watch wrong(*stub_, "runs/1", 0);
  EXPECT_FALSE(wrong.Next(&response));
  EXPECT_EQ(wrong.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  Watch negative(*stub_, kRun, -1);
  EXPECT_FALSE(negative.Next(&response));
  EXPECT_THAT(ViolatedFields(negative.Finish()),
              ::testing::ElementsAre("from_sample"));
  Watch missing(*stub_, kRun, 0);
  EXPECT_FALSE(missing.Next(&response));
  EXPECT_EQ(missing.Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace steelyard::server
