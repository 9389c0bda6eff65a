#include "server/listen_address.h"

#include <arpa/inet.h>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/names.h"

namespace steelyard::server {
namespace {

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  in6_addr v6{};
  return host.size() > 2 && host.front() == '[' && host.back() == ']' &&
         inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) ==
             1 &&
         IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text) {
  const absl::Status error = absl::InvalidArgumentError(
      absl::StrCat("listen: want unix:PATH or HOST:PORT, got ", Quoted(text)));
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (rest.empty()) return error;
    return ListenAddress{.unix_path = std::string(rest), .host_port = {}};
  }
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return error;
  uint32_t port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port > 65535) {
    return error;
  }
  const std::string host(text.substr(0, colon));
  if (!IsLoopback(host)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "listen: ", Quoted(text),
        " can be reached from other machines, which "
        "needs TLS, which is not there yet; listen on 127.0.0.1 or a socket, "
        "and reach it from elsewhere by `ssh -L`"));
  }
  return ListenAddress{
      .unix_path = {},
      .host_port =
          absl::StrCat(host == "localhost" ? "127.0.0.1" : host, ":", port)};
}

}  // namespace steelyard::server
