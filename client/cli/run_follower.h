#ifndef STEELYARD_CLIENT_CLI_RUN_FOLLOWER_H_
#define STEELYARD_CLIENT_CLI_RUN_FOLLOWER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cli/connection.h"
#include "client/cli/interrupt.h"
#include "client/cli/watch_call.h"

namespace steelyard::cli {

// What to follow, and how far it was followed.
struct FollowedRun {
  std::string name;                // experiments/E/runs/R
  int64_t next_sample = 0;         // the first one that was not seen yet
  std::optional<v1::Run> ended{};  // the run, once it has ended
};

// Is told what happens to the runs that are followed, on the thread that
// follows them.
class FollowListener {
 public:
  virtual ~FollowListener() = default;
  // Samples that were not seen before, in order, each once.
  virtual void OnSamples(size_t run, const v1::SampleBatch& samples) = 0;
  virtual void OnProgress(size_t run, const v1::Progress& progress) = 0;
  virtual void OnState(size_t run, v1::RunState state) = 0;
  virtual void OnEnded(size_t run, const v1::Run& ended) = 0;
  // The stream broke and is taken up again after `pause`.
  virtual void OnBroken(size_t run, const absl::Status& status,
                        absl::Duration pause) = 0;
  // The stream is there again after a break.
  virtual void OnHealed(size_t run) = 0;
  // Often: at least ten times a second.
  virtual void OnTick(absl::Time now) = 0;
};

struct FollowLimits {
  absl::Duration first_backoff = absl::Milliseconds(200);
  absl::Duration largest_backoff = absl::Seconds(5);
  // A run whose stream was broken for so long is given up.
  absl::Duration give_up = absl::Minutes(5);
  // The server sends a heartbeat every 10 s: silence means a break.
  absl::Duration silence = absl::Seconds(30);
};

// Follows runs until all have ended, over breaks of the connection: each sample
// is seen once, whatever happens between.
class RunFollower {
 public:
  RunFollower(Connection& connection, std::vector<FollowedRun> runs,
              const FollowLimits& limits);
  ~RunFollower();
  RunFollower(const RunFollower&) = delete;
  RunFollower& operator=(const RunFollower&) = delete;

  // Returns when all runs have ended, or at the first Ctrl-C (OK too: look at
  // `interrupt`).
  //
  // Errors: Unavailable when a stream stays broken too long; what the server
  // says of a run (NotFound); DataLoss when a sample is missing.
  absl::Status Follow(FollowListener& listener, const Interrupt& interrupt);

  const std::vector<FollowedRun>& runs() const { return runs_; }

 private:
  struct Stream {
    std::unique_ptr<WatchCall> call;  // null while broken, and at the end
    absl::Time last_message;
    absl::Time broken_since = absl::InfiniteFuture();  // future: it is not
    absl::Time restart = absl::InfiniteFuture();
    absl::Duration backoff;
    bool silent = false;  // we cancelled it ourselves
  };

  void Start(size_t run, absl::Time now);
  absl::Status OnEvent(const WatchEvent& event, FollowListener& listener);
  absl::Status OnMessage(size_t run, FollowListener& listener);
  absl::Status OnEnd(size_t run, const grpc::Status& status,
                     FollowListener& listener);
  void OnTime(absl::Time now);
  bool AllEnded() const;

  Connection& connection_;
  std::vector<FollowedRun> runs_;
  FollowLimits limits_;
  WatchEvents events_;
  std::vector<Stream> streams_;  // one a run
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_RUN_FOLLOWER_H_
