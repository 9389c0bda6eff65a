#include "server/bad_request.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "server/listen_address.h"
#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

using absl::StatusCode;

google::rpc::BadRequest Details(const absl::Status& status) {
  const google::rpc::Status rpc = ToRpcStatus(status);
  google::rpc::BadRequest faults;
  if (rpc.details_size() == 1) {
    EXPECT_TRUE(rpc.details(0).UnpackTo(&faults));
  }
  return faults;
}

TEST(BadRequestTest, EveryFaultIsAViolation) {
  const absl::Status status =
      BadRequestError({{"spec.loss", "want one"}, {"request_id", "too long"}});
  EXPECT_THAT(status, StatusIs(StatusCode::kInvalidArgument,
                               "spec.loss: want one; request_id: too long"));
  const google::rpc::BadRequest faults = Details(status);
  ASSERT_EQ(faults.field_violations_size(), 2);
  EXPECT_EQ(faults.field_violations(0).field(), "spec.loss");
  EXPECT_EQ(faults.field_violations(1).description(), "too long");
}

TEST(BadRequestTest, ASingleErrorNamesTheFieldItBeginsWith) {
  const google::rpc::BadRequest faults = Details(
      absl::InvalidArgumentError("filter:8: want a value, got \"a: b\""));
  ASSERT_EQ(faults.field_violations_size(), 1);
  EXPECT_EQ(faults.field_violations(0).field(), "filter");
  EXPECT_EQ(faults.field_violations(0).description(),
            "8: want a value, got \"a: b\"");
}

TEST(BadRequestTest, ADescriptionDoesNotRepeatItsField) {
  const google::rpc::BadRequest faults = Details(
      absl::InvalidArgumentError("name: want experiments/E/runs/R, got \"\""));
  ASSERT_EQ(faults.field_violations_size(), 1);
  EXPECT_EQ(faults.field_violations(0).field(), "name");
  EXPECT_EQ(faults.field_violations(0).description(),
            "want experiments/E/runs/R, got \"\"");
}

TEST(BadRequestTest, OtherErrorsHaveNoViolations) {
  EXPECT_EQ(ToRpcStatus(absl::NotFoundError("run: none")).details_size(), 0);
  const absl::Status missing =
      WithFaults(absl::NotFoundError("x"), {{"spec.data.csv.dataset", "none"}});
  EXPECT_EQ(Details(missing).field_violations_size(), 1);
  EXPECT_EQ(ToRpcStatus(missing).code(), 5);
}

// gRPC's clients refuse more than 8 KiB of metadata, in which the details are
// in base64 and the message once more, at worst three bytes for one.
TEST(BadRequestTest, AnErrorFitsIntoAClientsMetadata) {
  std::vector<FieldFault> faults;
  faults.reserve(10'000);
  for (int i = 0; i < 10'000; ++i) {
    faults.push_back({absl::StrCat("spec.data.inline.labels[", i, "]"),
                      std::string(i % 2 == 0 ? 10 : 2000, '\xC3')});
  }
  for (FieldFault& fault : faults) {
    for (size_t i = 1; i < fault.description.size(); i += 2) {
      fault.description[i] = '\xA9';
    }
  }
  const absl::Status status = BadRequestError(faults);
  const google::rpc::Status rpc = ToRpcStatus(status);
  EXPECT_LT(rpc.ByteSizeLong() * 4 / 3 + rpc.message().size() * 3 / 2, 7500u);
  const google::rpc::BadRequest details = Details(status);
  const auto& last =
      details.field_violations(details.field_violations_size() - 1);
  EXPECT_EQ(
      last.description(),
      absl::StrCat("and ", 10'001 - details.field_violations_size(), " more"));
}

TEST(ListenAddressTest, SocketsAndLoopbackAreTaken) {
  EXPECT_EQ(ParseListenAddress("unix:/run/a.sock")->unix_path, "/run/a.sock");
  EXPECT_EQ(ParseListenAddress("127.0.0.1:0")->host_port, "127.0.0.1:0");
  EXPECT_EQ(ParseListenAddress("localhost:80")->host_port, "127.0.0.1:80");
  EXPECT_EQ(ParseListenAddress("[::1]:0")->host_port, "[::1]:0");
}

TEST(ListenAddressTest, WhatOtherMachinesReachIsRefused) {
  for (const char* address :
       {"0.0.0.0:80", "[::]:80", "192.168.0.1:80", "example.org:80",
        "127.0.0.1.example.org:80", "[::ffff:127.0.0.1]:80"}) {
    EXPECT_THAT(ParseListenAddress(address),
                StatusIs(StatusCode::kFailedPrecondition, "TLS"))
        << address;
  }
}

TEST(ListenAddressTest, AnotherFormIsRefused) {
  for (const char* address : {"", "unix:", "127.0.0.1", ":80",
                              "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x"}) {
    EXPECT_THAT(ParseListenAddress(address),
                StatusIs(StatusCode::kInvalidArgument, "HOST:PORT"))
        << address;
  }
}

}  // namespace
}  // namespace steelyard::server
