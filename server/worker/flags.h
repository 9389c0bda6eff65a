#ifndef STEELYARD_SERVER_WORKER_FLAGS_H_
#define STEELYARD_SERVER_WORKER_FLAGS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace steelyard::worker {

// The command line of steelyard-worker.
struct Flags {
  std::string server;      // for gRPC, e.g. unix:/run/steelyard/worker.sock
  std::string token_file;  // its content is the workers' token
  std::string name;        // 1-63 of [a-z0-9-_.]
  bool inspect_only = false;
  int lifeline_fd = -1;                       // < 0: none
  std::optional<int64_t> memory_limit_bytes;  // > 0
  bool help = false;  // or version: then nothing else needs to be there
  bool version = false;
};

// The text of --help.
extern const char kUsage[];

// Reads the words after the program's name: --flag VALUE or --flag=VALUE.
// Errors: InvalidArgument, naming the flag.
absl::StatusOr<Flags> ParseFlags(std::span<const char* const> words);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_FLAGS_H_
