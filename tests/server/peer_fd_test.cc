#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <future>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

// What Authenticator rests on, asked of the gRPC that is installed.
namespace steelyard::server {
namespace {

// A call that the server ends when the test says so.
class HeldCall final : public grpc::ServerGenericBidiReactor {
 public:
  HeldCall(std::promise<void>* cancelled, std::promise<void>* done)
      : cancelled_(*cancelled), done_(*done) {}
  void OnCancel() override { cancelled_.set_value(); }
  void OnDone() override {
    done_.set_value();
    delete this;  // made by HoldingService
  }

 private:
  std::promise<void>& cancelled_;
  std::promise<void>& done_;
};

class HoldingService final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    call = new HeldCall(&cancelled, &done);  // deletes itself
    peer.set_value(context->peer());
    return call;
  }

  HeldCall* call = nullptr;
  std::promise<std::string> peer;
  std::promise<void> cancelled;
  std::promise<void> done;
};

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) != -1; }

// While a call is alive its connection's descriptor is not closed, though the
// client is gone; so the number can't have passed to another peer.
TEST(PeerFdTest, AConnectionKeepsItsNumberUntilItsLastCallIsOver) {
  HoldingService service;
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()),
            0);
  const int server_end = ends[0];
  grpc::AddInsecureChannelFromFd(server.get(), server_end);
  {
    grpc::GenericStub stub(grpc::CreateInsecureChannelFromFd("held", ends[1]));
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(&context, "/any/method", &queue);
    call->StartCall(nullptr);
    EXPECT_EQ(service.peer.get_future().get(), absl::StrCat("fd:", server_end));
    context.TryCancel();
    grpc::Status status;
    call->Finish(&status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(queue.Next(&tag, &ok));
  }
  // The client and its connection are gone, and gRPC knows; the call is not.
  pollfd gone = {server_end, POLLRDHUP, 0};
  ASSERT_EQ(poll(&gone, 1, 30'000), 1);
  service.cancelled.get_future().wait();
  EXPECT_TRUE(IsOpen(server_end));
  service.call->Finish(grpc::Status::OK);
  service.done.get_future().wait();
  server->Shutdown();
}

}  // namespace
}  // namespace steelyard::server
