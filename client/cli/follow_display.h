#ifndef STEELYARD_CLIENT_CLI_FOLLOW_DISPLAY_H_
#define STEELYARD_CLIENT_CLI_FOLLOW_DISPLAY_H_

#include <string>
#include <vector>

#include "client/cli/progress_display.h"
#include "client/cli/run_follower.h"
#include "client/cli/session.h"

namespace steelyard::cli {

// What is printed on standard output as JSON, a line each.
enum class JsonLines {
  kNone,
  kEndedRuns,
  kSamplesAndEndedRuns,
};

// Shows runs that are followed as progress on standard error and, where it is
// wanted, their samples as JSON on standard output.
class FollowDisplay final : public FollowListener {
 public:
  // As they were when following began.
  FollowDisplay(Console& console, const std::vector<v1::Run>& runs,
                JsonLines json);

  void Finish();

  void OnSamples(size_t run, const v1::SampleBatch& samples) override;
  void OnProgress(size_t run, const v1::Progress& progress) override;
  void OnState(size_t run, v1::RunState state) override;
  void OnEnded(size_t run, const v1::Run& ended) override;
  void OnBroken(size_t run, const absl::Status& status,
                absl::Duration pause) override;
  void OnHealed(size_t run) override;
  void OnTick(absl::Time now) override;

 private:
  // Lines that are drawn anew and lines of results don't go together.
  bool Draws() const;

  Console& console_;
  ProgressDisplay display_;
  JsonLines json_;
  size_t broken_ = 0;  // streams
};

struct FollowOptions {
  int64_t from_sample = 0;  // of every run
  JsonLines json = JsonLines::kNone;
  FollowLimits limits{};
};

// Follows runs to their ends and says how it went.
//
// Returns the worst of the runs' ends, 130 after Ctrl-C, or the code of a
// fault.
ExitCode FollowRuns(Session& session, const std::vector<v1::Run>& runs,
                    const FollowOptions& options);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_FOLLOW_DISPLAY_H_
