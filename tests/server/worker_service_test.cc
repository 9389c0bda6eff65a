#include "server/worker_service.h"

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/version.h"
#include "tests/server/test_server.h"
#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

constexpr char kToken[] = "0123456789abcdef";

class WorkerServiceTest : public testing::Test {
 protected:
  WorkerServiceTest()
      : path_(absl::StrCat(server_.folder(), "/worker.sock")),
        workers_(WorkerServer::Start(
                     {.socket_path = path_, .token = HashToken(kToken)},
                     &server_.engine())
                     .value()) {}

  TestServer server_;
  const std::string path_;
  std::unique_ptr<WorkerServer> workers_;
};

// A worker that does what its test says.
class ScriptedWorker {
 public:
  explicit ScriptedWorker(const std::string& path, const char* token = kToken)
      : stub_(v1::WorkerService::NewStub(grpc::CreateChannel(
            absl::StrCat("unix:", path), grpc::InsecureChannelCredentials()))) {
    if (token != nullptr) {
      context_.AddMetadata("authorization", absl::StrCat("Bearer ", token));
    }
    stream_ = stub_->Session(&context_);
  }
  ~ScriptedWorker() {
    if (stream_ != nullptr) context_.TryCancel();
  }

  void SayHello(const std::string& name,
                const std::string& version = GetBuildVersion().version) {
    v1::SessionRequest request;
    v1::WorkerHello& hello = *request.mutable_hello();
    hello.set_worker(name);
    hello.set_numerics_id("1-test");
    hello.set_version(version);
    Say(request);
  }
  void Say(const v1::SessionRequest& request) { stream_->Write(request); }
  v1::SessionResponse Next() {
    v1::SessionResponse response;
    stream_->Read(&response);
    return response;
  }
  void HangUp() { context_.TryCancel(); }
  // Ends the session.
  grpc::Status End() {
    stream_->WritesDone();
    return WhyEnded();
  }
  // Waits until the server ends it.
  grpc::Status WhyEnded() {
    v1::SessionResponse rest;
    while (stream_->Read(&rest)) {
    }
    grpc::Status status = stream_->Finish();
    stream_.reset();
    return status;
  }

 private:
  std::unique_ptr<v1::WorkerService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<
      grpc::ClientReaderWriter<v1::SessionRequest, v1::SessionResponse>>
      stream_;
};

TEST_F(WorkerServiceTest, AWorkerTrainsARunOverTheSocket) {
  ScriptedWorker worker(path_);
  worker.SayHello("w1");
  EXPECT_EQ(worker.Next().welcome().heartbeat_interval().seconds(), 5);
  const storage::RunId run = Submit(server_.engine()).value();
  const v1::SessionResponse lease = worker.Next();
  ASSERT_TRUE(lease.has_train()) << lease.DebugString();
  worker.Say(ResultOf(lease.train()));
  const v1::SessionResponse ack = worker.Next();
  ASSERT_TRUE(ack.has_ack()) << ack.DebugString();
  EXPECT_FALSE(ack.ack().fenced());
  EXPECT_EQ(server_.OpenReader()->GetRun(run)->state,
            storage::RunState::kSucceeded);
  EXPECT_TRUE(worker.End().ok());
}

TEST_F(WorkerServiceTest, TheSocketIsItsOwnersAlone) {
  struct stat info = {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
}

TEST_F(WorkerServiceTest, WithoutTheTokenNobodyComesIn) {
  for (const char* token : {static_cast<const char*>(nullptr), "wrong", ""}) {
    ScriptedWorker worker(path_, token);
    EXPECT_EQ(worker.WhyEnded().error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
  }
}

TEST_F(WorkerServiceTest, AWorkerOfAnotherVersionIsRefused) {
  ScriptedWorker worker(path_);
  worker.SayHello("w1", "0.0.0");
  const grpc::Status status = worker.WhyEnded();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_NE(status.error_message().find("0.0.0"), std::string::npos);
}

TEST_F(WorkerServiceTest, TheFirstMessageIsAHelloWithAName) {
  ScriptedWorker silent(path_);
  v1::SessionRequest heartbeat;
  heartbeat.mutable_heartbeat();
  silent.Say(heartbeat);
  EXPECT_EQ(silent.WhyEnded().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ScriptedWorker unnamed(path_);
  unnamed.SayHello("Not A Label");
  EXPECT_EQ(unnamed.WhyEnded().error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WorkerServiceTest, ANameIsTakenOnce) {
  ScriptedWorker first(path_);
  first.SayHello("w1");
  EXPECT_TRUE(first.Next().has_welcome());
  ScriptedWorker second(path_);
  second.SayHello("w1");
  EXPECT_EQ(second.WhyEnded().error_code(), grpc::StatusCode::ALREADY_EXISTS);
}

TEST_F(WorkerServiceTest, ARunGoesBackToTheQueueWhenItsWorkerHangsUp) {
  auto first = std::make_unique<ScriptedWorker>(path_);
  first->SayHello("w1");
  first->Next();
  const storage::RunId run = Submit(server_.engine()).value();
  ASSERT_TRUE(first->Next().has_train());
  first->HangUp();
  ScriptedWorker second(path_);
  second.SayHello("w2");
  EXPECT_TRUE(second.Next().has_welcome());
  const v1::SessionResponse lease = second.Next();
  EXPECT_EQ(lease.train().run_id(), run.value);
  EXPECT_EQ(lease.train().attempt(), 2);
}

TEST_F(WorkerServiceTest, AShutdownEndsSessionsAndTheSocket) {
  ScriptedWorker worker(path_);
  worker.SayHello("w1");
  EXPECT_TRUE(worker.Next().has_welcome());
  workers_->Shutdown();
  EXPECT_FALSE(worker.WhyEnded().ok());
  struct stat info = {};
  EXPECT_NE(stat(path_.c_str(), &info), 0);
}

}  // namespace
}  // namespace steelyard::server
