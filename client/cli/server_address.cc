#include "client/cli/server_address.h"

#include <sys/un.h>

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/escape.h"
#include "client/cli/file_text.h"
#include "support/status_macros.h"

namespace steelyard::cli {
namespace {

constexpr size_t kLongestSocketPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr int64_t kLargestTokenFile = 4096;

bool IsThisMachine(absl::string_view host) {
  return host == "localhost" || host == "[::1]" ||
         absl::StartsWith(host, "127.");
}

absl::StatusOr<ServerAddress> UnixAddress(absl::string_view text,
                                          absl::string_view path) {
  if (path.empty()) {
    return absl::InvalidArgumentError("server: want unix:PATH, got unix:");
  }
  if (path.size() > kLongestSocketPath) {
    return absl::InvalidArgumentError(absl::StrCat(
        "server: want a socket path of at most ", kLongestSocketPath,
        " bytes, got ", path.size(), ": ", TerminalText(path)));
  }
  return ServerAddress{.text = std::string(text), .target = std::string(text)};
}

absl::StatusOr<ServerAddress> TcpAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(text.substr(colon + 1), &port) || port == 0 ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "server: want unix:PATH or HOST:PORT, got ", TerminalText(text)));
  }
  if (!IsThisMachine(text.substr(0, colon))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "server: want an address of this machine, since the connection is not "
        "encrypted, got ",
        TerminalText(text),
        "; from afar forward the server's socket: ssh -L "
        "/tmp/steelyard.sock:DATA_DIR/steelyard.sock HOST"));
  }
  return ServerAddress{.text = std::string(text),
                       .target = absl::StrCat("dns:///", text),
                       .tcp = true};
}

absl::StatusOr<ServerAddress> ParseAddress(absl::string_view text) {
  absl::string_view path = text;
  if (absl::ConsumePrefix(&path, "unix:")) return UnixAddress(text, path);
  return TcpAddress(text);
}

// `named_by` is the option or variable that names the file.
absl::StatusOr<std::string> ReadToken(absl::string_view named_by,
                                      const std::string& path) {
  const absl::StatusOr<std::string> text =
      ReadFileText(path, kLargestTokenFile);
  if (!text.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(named_by, ": ", text.status().message()));
  }
  const absl::string_view token = absl::StripAsciiWhitespace(*text);
  for (const char c : token) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError(
          absl::StrCat(named_by, ": ", TerminalText(path),
                       ": want one token, got other characters"));
    }
  }
  if (token.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        named_by, ": ", TerminalText(path), ": want a token, got nothing"));
  }
  return std::string(token);
}

}  // namespace

absl::StatusOr<std::string> DataDir(const GetEnv& env) {
  const std::optional<std::string> data_home = env("XDG_DATA_HOME");
  // The XDG specification: a relative path is to be ignored.
  if (data_home && absl::StartsWith(*data_home, "/")) {
    return absl::StrCat(*data_home, "/steelyard");
  }
  if (const std::optional<std::string> home = env("HOME")) {
    return absl::StrCat(*home, "/.local/share/steelyard");
  }
  return absl::FailedPreconditionError(
      "server: want --server ADDR, STEELYARD_SERVER, or HOME for the default "
      "socket, got none of them");
}

absl::StatusOr<ServerAddress> ResolveServer(absl::string_view flag,
                                            const GetEnv& env) {
  std::string text(flag);
  std::string source = "--server";
  if (text.empty()) {
    if (const std::optional<std::string> named = env("STEELYARD_SERVER")) {
      text = *named;
      source = "STEELYARD_SERVER";
    } else {
      STEELYARD_ASSIGN_OR_RETURN(const std::string data_dir, DataDir(env));
      text = absl::StrCat("unix:", data_dir, "/steelyard.sock");
      source = "default socket";
    }
  }
  STEELYARD_ASSIGN_OR_RETURN(ServerAddress address, ParseAddress(text));
  address.source = std::move(source);
  return address;
}

absl::StatusOr<std::optional<std::string>> ResolveToken(
    absl::string_view flag, const ServerAddress& address, const GetEnv& env) {
  if (!flag.empty()) return ReadToken("--token-file", std::string(flag));
  if (!address.tcp) return std::nullopt;
  if (const std::optional<std::string> path = env("STEELYARD_TOKEN_FILE")) {
    return ReadToken("STEELYARD_TOKEN_FILE", *path);
  }
  const absl::StatusOr<std::string> data_dir = DataDir(env);
  if (!data_dir.ok()) return std::nullopt;
  absl::StatusOr<std::string> token =
      ReadToken("", absl::StrCat(*data_dir, "/admin.token"));
  if (!token.ok()) return std::nullopt;
  return *std::move(token);
}

}  // namespace steelyard::cli
