#include "server/worker/flags.h"

#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"

namespace steelyard::worker {

const char kUsage[] =
    R"(Trains what a Steelyard server leases; steelyardd starts it:
  steelyard-worker --server unix:/run/steelyard/worker.sock \
    --token-file /run/steelyard/worker.token --name w1

  --server ADDRESS        where the server is
  --token-file FILE       a file that holds the workers' token
  --name NAME             of this worker: 1-63 of [a-z0-9-_.], unique there
  --inspect-only          look into uploaded files, and train nothing
  --lifeline-fd N         end when the other end of this pipe closes
  --memory-limit-bytes N  what a run may use beyond the idle program
  --version, --help
)";

namespace {

// Each takes a flag's value, or refuses it.
absl::Status SetText(absl::string_view value, std::string& text) {
  if (value.empty()) return absl::InvalidArgumentError("want a value");
  text = std::string(value);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ParseNumber(absl::string_view value, int64_t least,
                                    int64_t most) {
  int64_t number = 0;
  if (absl::SimpleAtoi(value, &number) && number >= least && number <= most) {
    return number;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "want a whole number, ", least, " to ", most, ", got ", value));
}

absl::Status SetValue(absl::string_view flag, absl::string_view value,
                      Flags& flags) {
  if (flag == "--server") return SetText(value, flags.server);
  if (flag == "--token-file") return SetText(value, flags.token_file);
  if (flag == "--name") return SetText(value, flags.name);
  if (flag == "--lifeline-fd") {
    STEELYARD_ASSIGN_OR_RETURN(
        const int64_t fd,
        ParseNumber(value, 0, std::numeric_limits<int>::max()));
    flags.lifeline_fd = static_cast<int>(fd);
    return absl::OkStatus();
  }
  if (flag == "--memory-limit-bytes") {
    // What RLIMIT_AS can hold beside the program.
    constexpr int64_t kMost = int64_t{1} << 60;
    STEELYARD_ASSIGN_OR_RETURN(flags.memory_limit_bytes,
                               ParseNumber(value, 1, kMost));
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("no such flag; see --help");
}

// Flags without a value; null when it is none.
bool* FindSwitch(absl::string_view flag, Flags& flags) {
  if (flag == "--inspect-only") return &flags.inspect_only;
  if (flag == "--help") return &flags.help;
  if (flag == "--version") return &flags.version;
  return nullptr;
}

absl::Status CheckRequired(const Flags& flags) {
  for (const auto& [flag, value] :
       {std::pair("--server", &flags.server),
        std::pair("--token-file", &flags.token_file),
        std::pair("--name", &flags.name)}) {
    if (value->empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, ": want a value, got nothing; see --help"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Flags> ParseFlags(std::span<const char* const> words) {
  Flags flags;
  for (size_t i = 0; i < words.size(); ++i) {
    const absl::string_view word = words[i];
    if (bool* on = FindSwitch(word, flags)) {
      *on = true;
      continue;
    }
    const size_t equals = word.find('=');
    const absl::string_view flag = word.substr(0, equals);
    absl::string_view value;
    if (equals != absl::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    }
    if (absl::Status bad = SetValue(flag, value, flags); !bad.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, ": ", bad.message()));
    }
  }
  if (flags.help || flags.version) return flags;
  STEELYARD_RETURN_IF_ERROR(CheckRequired(flags));
  return flags;
}

}  // namespace steelyard::worker
