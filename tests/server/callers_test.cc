#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/security/credentials.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "grpcpp/generic/generic_stub.h"
#include "steelyard/v1/admin_service.grpc.pb.h"
#include "steelyard/v1/experiment_service.grpc.pb.h"
#include "tests/server/served.h"

namespace steelyard::server {
namespace {

using ::testing::HasSubstr;
using Stub = v1::AdminService::Stub;

// The empty message; a ByteBuffer without a slice is none.
grpc::ByteBuffer EmptyMessage() {
  const grpc::Slice nothing("");
  return grpc::ByteBuffer(&nothing, 1);
}

class CallersTest : public ::testing::Test {
 protected:
  void StartWithTcp() {
    token_ = MakeToken().value();
    served_.options().addresses = {absl::StrCat("unix:", served_.socket_path()),
                                   "127.0.0.1:0"};
    served_.options().token = HashToken(token_);
    served_.options().token_path = "/data/admin.token";
    served_.options().token_caller = {.user = "ada", .role = v1::ROLE_ADMIN};
    served_.Start();
    tcp_ = grpc::CreateChannel(served_.tcp_address(),
                               grpc::InsecureChannelCredentials());
  }

  // GetServerInfo with this authorization; none when it is empty.
  grpc::Status Ask(const std::shared_ptr<grpc::Channel>& channel,
                   const std::string& authorization, v1::ServerInfo* info) {
    const std::unique_ptr<Stub> stub = v1::AdminService::NewStub(channel);
    grpc::ClientContext context;
    if (!authorization.empty()) {
      context.AddMetadata("authorization", authorization);
    }
    v1::GetServerInfoResponse response;
    grpc::Status status = stub->GetServerInfo(&context, {}, &response);
    *info = response.server_info();
    return status;
  }

  Served served_;
  std::string token_;
  std::shared_ptr<grpc::Channel> tcp_;
};

TEST_F(CallersTest, TheServersOwnAccountIsAdminOnTheSocket) {
  served_.Start();
  v1::ServerInfo info;
  ASSERT_TRUE(Ask(served_.Connect(), "", &info).ok());
  EXPECT_EQ(info.user(), UserName(geteuid()));
  EXPECT_EQ(info.role(), v1::ROLE_ADMIN);
  EXPECT_EQ(info.limits().SerializeAsString(),
            DefaultLimits().SerializeAsString());
  EXPECT_NE(info.version(), "");
}

// A connection by a thread of that account: the kernel notes who connects, and
// the call below sets the uid of its thread alone.
int ConnectAs(uid_t uid, const std::string& path) {
  int fd = -1;
  std::thread([&] {
    if (syscall(SYS_setresuid, -1, uid, -1) != 0) return;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    EXPECT_EQ(
        connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }).join();
  return fd;
}

TEST_F(CallersTest, AnotherAccountIsASubmitterOnTheSocket) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another account";
  constexpr uid_t kNobody = 65534;
  served_.Start();
  ASSERT_EQ(chmod(served_.folder().c_str(), 0755), 0);
  ASSERT_EQ(chmod(served_.socket_path().c_str(), 0666), 0);
  const int fd = ConnectAs(kNobody, served_.socket_path());
  ASSERT_GE(fd, 0);
  v1::ServerInfo info;
  const grpc::Status status =
      Ask(grpc::CreateInsecureChannelFromFd("steelyard", fd), "", &info);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(info.user(), UserName(kNobody));
  EXPECT_EQ(info.role(), v1::ROLE_SUBMITTER);
}

TEST_F(CallersTest, TheSocketIsForItsOwnerAlone) {
  served_.Start();
  struct stat info {};
  ASSERT_EQ(stat(served_.socket_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(CallersTest, TcpWantsTheToken) {
  StartWithTcp();
  v1::ServerInfo info;
  const grpc::Status none = Ask(tcp_, "", &info);
  EXPECT_EQ(none.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(none.error_message(), HasSubstr("/data/admin.token"));
  for (const std::string& wrong :
       {"Bearer " + std::string(64, '0'), std::string("Bearer "),
        "Basic " + token_, token_, "Bearer " + token_ + "0"}) {
    EXPECT_EQ(Ask(tcp_, wrong, &info).error_code(),
              grpc::StatusCode::UNAUTHENTICATED)
        << wrong;
  }
  ASSERT_TRUE(Ask(tcp_, "Bearer " + token_, &info).ok());
  EXPECT_EQ(info.user(), "ada");
  EXPECT_EQ(info.role(), v1::ROLE_ADMIN);
}

TEST_F(CallersTest, WhoGuessesIsSlowedAndLocksOutNobody) {
  StartWithTcp();
  v1::ServerInfo info;
  for (int i = 0; i < FailedAttempts::kFree; ++i) {
    EXPECT_THAT(Ask(tcp_, "Bearer x", &info).error_message(),
                HasSubstr("got another"));
  }
  EXPECT_THAT(Ask(tcp_, "Bearer x", &info).error_message(),
              HasSubstr("too many wrong tokens; try again in 1s"));
  EXPECT_TRUE(Ask(tcp_, "Bearer " + token_, &info).ok());
}

// Every method of ours, by name: a new one that asks nobody would be found.
TEST_F(CallersTest, NoMethodAnswersAStranger) {
  StartWithTcp();
  int methods = 0;
  for (const char* name :
       {"RunService", "ExperimentService", "DatasetService", "AdminService"}) {
    const google::protobuf::ServiceDescriptor* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
            absl::StrCat("steelyard.v1.", name));
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i, ++methods) {
      grpc::GenericStub stub(tcp_);
      grpc::ClientContext context;
      grpc::CompletionQueue queue;
      const auto call =
          stub.PrepareUnaryCall(&context,
                                absl::StrCat("/", service->full_name(), "/",
                                             service->method(i)->name()),
                                EmptyMessage(), &queue);
      call->StartCall();
      grpc::ByteBuffer answer;
      grpc::Status status;
      call->Finish(&answer, &status, nullptr);
      void* tag = nullptr;
      bool ok = false;
      ASSERT_TRUE(queue.Next(&tag, &ok));
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED)
          << service->method(i)->full_name();
    }
  }
  EXPECT_GE(methods, 14);
}

TEST_F(CallersTest, HealthIsOpen) {
  StartWithTcp();
  grpc::GenericStub stub(tcp_);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(
      &context, "/grpc.health.v1.Health/Check", EmptyMessage(), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_TRUE(status.ok()) << status.error_message();
}

}  // namespace
}  // namespace steelyard::server
