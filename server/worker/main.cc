#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/worker/flags.h"
#include "server/worker/lifeline.h"
#include "server/worker/memory_limit.h"
#include "server/worker/serve.h"
#include "server/worker/session.h"
#include "support/version.h"
#include "training/trainer.h"

// steelyard-worker: dials a server and trains what it leases.
namespace steelyard::worker {
namespace {

constexpr int kServerGone = 1;
constexpr int kWrongCommandLine = 2;

// How long a server that was there, or is about to be, is waited for.
constexpr absl::Duration kReconnectLimit = absl::Seconds(5);
constexpr absl::Duration kReconnectInterval = absl::Milliseconds(200);
// What a server gets to take the last messages.
constexpr absl::Duration kGrace = absl::Seconds(2);
// From SIGTERM to the end.  An inspection can't be stopped, and leaves nothing
// to save: an inspector only gets the time to say farewell.
constexpr absl::Duration kEndLimit = absl::Seconds(5);
constexpr absl::Duration kInspectorEndLimit = absl::Milliseconds(500);

std::string VersionText() {
  const BuildVersion& version = GetBuildVersion();
  return absl::StrCat("steelyard-worker ", version.version, " (commit ",
                      version.commit, ", numerics ", version.numerics_version,
                      ", ", training::NumericsId(), ")\n");
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  std::ifstream file(path);
  std::string token{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || !file.is_open()) {
    return absl::NotFoundError(
        absl::StrCat("--token-file: cannot read ", path));
  }
  absl::StripAsciiWhitespace(&token);
  if (token.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--token-file: want a token, got nothing in ", path));
  }
  return token;
}

v1::WorkerHello MakeHello(const Flags& flags) {
  constexpr size_t kMaxHostBytes = 256;
  std::array<char, kMaxHostBytes> host = {};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  v1::WorkerHello hello;
  hello.set_worker(flags.name);
  hello.set_host(host.data());
  hello.set_pid(getpid());
  hello.set_level(training::InstructionLevel());
  hello.set_numerics_id(training::NumericsId());
  hello.set_version(GetBuildVersion().version);
  hello.set_inspect_only(flags.inspect_only);
  return hello;
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "steelyard-worker: %s\n",
               std::string(status.message()).c_str());
  return kServerGone;
}

struct SessionOutcome {
  Served served;
  absl::Status session;  // as gRPC saw it
};

SessionOutcome HoldSession(const std::shared_ptr<grpc::Channel>& channel,
                           const std::string& token,
                           const v1::WorkerHello& hello,
                           const MemoryLimit& memory, Lifeline& lifeline) {
  SessionOutcome outcome;
  SessionQueue queue;
  lifeline.SetSession(&queue);
  std::thread session(
      [&] { outcome.session = RunSession(channel, token, kGrace, queue); });
  outcome.served = Serve(hello, LeaseOptions{}, memory, queue);
  session.join();
  lifeline.SetSession(nullptr);
  return outcome;
}

// A new session for each that breaks, as long as the server welcomes us.
int Work(const Flags& flags, const std::string& token,
         const MemoryLimit& memory) {
  const std::shared_ptr<grpc::Channel> channel = MakeChannel(flags.server);
  const v1::WorkerHello hello = MakeHello(flags);
  Lifeline lifeline(flags.lifeline_fd,
                    flags.inspect_only ? kInspectorEndLimit : kEndLimit);
  absl::Duration give_up = MonotonicNow() + kReconnectLimit;
  for (;;) {
    const SessionOutcome outcome =
        HoldSession(channel, token, hello, memory, lifeline);
    if (lifeline.ending()) return 0;
    if (!outcome.served.status.ok()) return Fail(outcome.served.status);
    if (outcome.session.ok()) return 0;  // the server needs us no more
    if (outcome.served.welcomed) give_up = MonotonicNow() + kReconnectLimit;
    // Any other answer would be the same again.
    if (!absl::IsUnavailable(outcome.session) || MonotonicNow() > give_up) {
      return Fail(absl::Status(
          outcome.session.code(),
          absl::StrCat(flags.server, ": ", outcome.session.ToString())));
    }
    lifeline.Wait(kReconnectInterval);
    if (lifeline.ending()) return 0;
  }
}

int Main(int argc, char** argv) {
  Lifeline::BlockSignals();
  std::signal(SIGPIPE, SIG_IGN);
  const absl::StatusOr<Flags> parsed =
      ParseFlags(std::span(argv, static_cast<size_t>(argc)).subspan(1));
  if (!parsed.ok()) {
    Fail(parsed.status());
    return kWrongCommandLine;
  }
  const Flags& flags = *parsed;
  if (flags.help || flags.version) {
    std::printf("%s", flags.help ? kUsage : VersionText().c_str());
    return 0;
  }
  const MemoryLimit memory = flags.memory_limit_bytes.has_value()
                                 ? MemoryLimit(*flags.memory_limit_bytes)
                                 : MemoryLimit();
  if (absl::Status status = memory.Enforce(); !status.ok()) {
    return Fail(status);
  }
  const absl::StatusOr<std::string> token = ReadToken(flags.token_file);
  if (!token.ok()) {
    Fail(token.status());
    return kWrongCommandLine;
  }
  return Work(flags, *token, memory);
}

}  // namespace
}  // namespace steelyard::worker

int main(int argc, char** argv) { return steelyard::worker::Main(argc, argv); }
