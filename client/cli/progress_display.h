#ifndef STEELYARD_CLIENT_CLI_PROGRESS_DISPLAY_H_
#define STEELYARD_CLIENT_CLI_PROGRESS_DISPLAY_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/progress_line.h"
#include "client/cli/terminal.h"

namespace steelyard::cli {

// Shows how runs get on.  On a terminal a line a run that is drawn anew in its
// place, ten times a second at most; else a line when a run's state changes,
// and one in ten seconds while it trains.  One thread.
class ProgressDisplay {
 public:
  ProgressDisplay(std::ostream& out, const Terminal& terminal,
                  std::vector<RunProgress> runs);

  RunProgress& run(size_t index) { return runs_[index]; }
  const RunProgress& run(size_t index) const { return runs_[index]; }
  size_t size() const { return runs_.size(); }

  // Shows what has changed, if it is time.
  void Draw(absl::Time now);

  // Puts one line of text before the runs' lines, at once.
  void Say(absl::string_view line);

  // Draws the last state of each run, which then stays.
  void Finish(absl::Time now);

 private:
  void DrawLive();
  void DrawPlain(absl::Time now, bool all);
  void Erase();

  std::ostream& out_;
  Terminal terminal_;
  std::vector<RunProgress> runs_;
  int title_width_ = 0;
  int drawn_lines_ = 0;
  absl::Time last_draw_ = absl::InfinitePast();
  struct Plain {
    v1::RunState state = v1::RUN_STATE_UNSPECIFIED;
    std::string note;
    absl::Time time = absl::InfinitePast();
  };
  std::vector<Plain> printed_;  // what each run's last plain line said
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_PROGRESS_DISPLAY_H_
