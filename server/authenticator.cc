#include "server/authenticator.h"

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "server/log.h"

namespace steelyard::server {
namespace {

// "ipv4:127.0.0.1:4711" without the port, which changes with each connection.
std::string Address(const std::string& peer) {
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace

absl::StatusOr<Caller> Authenticator::Identify(
    const grpc::ServerContextBase& context) {
  const std::string peer = context.peer();
  absl::string_view number = peer;
  int fd = 0;
  if (!absl::ConsumePrefix(&number, "fd:") || !absl::SimpleAtoi(number, &fd)) {
    return IdentifyByToken(context);
  }
  if (const std::optional<Caller> caller = peers_.Find(fd)) return *caller;
  return absl::UnauthenticatedError(
      "peer: want a connection by the server's socket, got one of unknown "
      "origin; connect again");
}

absl::StatusOr<Caller> Authenticator::IdentifyByToken(
    const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found == metadata.end()) {
    return absl::UnauthenticatedError(absl::StrCat(
        "authorization: want \"Bearer TOKEN\", got nothing; the token is in ",
        options_.token_path, " on the server's machine"));
  }
  absl::string_view token(found->second.data(), found->second.size());
  if (!absl::StartsWithIgnoreCase(token, "bearer ")) {
    return absl::UnauthenticatedError(
        "authorization: want \"Bearer TOKEN\", got another scheme");
  }
  token = absl::StripAsciiWhitespace(token.substr(7));
  // Only a token that begins like ours is worth slowing by its prefix; all
  // others from one address share a key, so that they can't fill the table.
  const bool known = absl::StartsWith(token, options_.token.prefix);
  const std::string key = absl::StrCat(known ? options_.token.prefix : "", "@",
                                       Address(context.peer()));
  const absl::Duration wait = failed_.Wait(key, absl::Now());
  if (wait > absl::ZeroDuration()) {
    return absl::UnauthenticatedError(
        absl::StrCat("authorization: too many wrong tokens; try again in ",
                     absl::FormatDuration(absl::Ceil(wait, absl::Seconds(1)))));
  }
  if (Matches(options_.token, token)) {
    failed_.Succeeded(key);
    return options_.token_caller;
  }
  failed_.Failed(key, absl::Now());
  Log(Severity::kWarning, "wrong_token", {{"peer", context.peer()}});
  return absl::UnauthenticatedError(absl::StrCat(
      "authorization: want this server's token, got another; it is in ",
      options_.token_path, " on the server's machine"));
}

}  // namespace steelyard::server
