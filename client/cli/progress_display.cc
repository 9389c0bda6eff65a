#include "client/cli/progress_display.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/escape.h"
#include "client/cli/utf8.h"

namespace steelyard::cli {
namespace {

constexpr absl::Duration kLiveInterval = absl::Milliseconds(100);
constexpr absl::Duration kPlainInterval = absl::Seconds(10);
constexpr int kLongestTitle = 40;

}  // namespace

ProgressDisplay::ProgressDisplay(std::ostream& out, const Terminal& terminal,
                                 std::vector<RunProgress> runs)
    : out_(out),
      terminal_(terminal),
      runs_(std::move(runs)),
      printed_(runs_.size()) {
  for (const RunProgress& run : runs_) {
    title_width_ =
        std::max(title_width_, DisplayWidth(TerminalText(run.title)));
  }
  title_width_ = std::min(title_width_, kLongestTitle);
}

void ProgressDisplay::Draw(absl::Time now) {
  if (!terminal_.is_terminal) return DrawPlain(now, false);
  if (now - last_draw_ < kLiveInterval) return;
  last_draw_ = now;
  DrawLive();
}

void ProgressDisplay::Say(absl::string_view line) {
  if (terminal_.is_terminal) Erase();
  out_ << line << '\n';
  if (terminal_.is_terminal) DrawLive();
  out_.flush();
}

void ProgressDisplay::Finish(absl::Time now) {
  if (terminal_.is_terminal) {
    // All of them: what scrolls away can be scrolled back to.
    Erase();
    for (const RunProgress& run : runs_) {
      out_ << ProgressLine(run, title_width_, terminal_) << '\n';
    }
    drawn_lines_ = 0;
  } else {
    DrawPlain(now, true);
  }
  out_.flush();
}

void ProgressDisplay::Erase() {
  if (drawn_lines_ > 0) out_ << "\x1b[" << drawn_lines_ << "A\r\x1b[J";
  drawn_lines_ = 0;
}

void ProgressDisplay::DrawLive() {
  // More lines than the terminal has can't be drawn anew: those that train
  // come first.
  const auto room = static_cast<size_t>(std::max(2, terminal_.height - 1));
  std::vector<const RunProgress*> shown;
  for (const RunProgress& run : runs_) shown.push_back(&run);
  if (shown.size() > room) {
    std::stable_partition(shown.begin(), shown.end(),
                          [](const RunProgress* run) {
                            return run->state == v1::RUN_STATE_RUNNING ||
                                   run->state == v1::RUN_STATE_STARTING;
                          });
    shown.resize(room - 1);
  }
  if (drawn_lines_ > 0) out_ << "\x1b[" << drawn_lines_ << "A\r";
  for (const RunProgress* run : shown) {
    out_ << ProgressLine(*run, title_width_, terminal_) << "\x1b[K\n";
  }
  drawn_lines_ = static_cast<int>(shown.size());
  if (const size_t more = runs_.size() - shown.size(); more > 0) {
    out_ << "and " << more << " more\x1b[K\n";
    ++drawn_lines_;
  }
  out_.flush();
}

void ProgressDisplay::DrawPlain(absl::Time now, bool all) {
  for (size_t i = 0; i < runs_.size(); ++i) {
    const RunProgress& run = runs_[i];
    Plain& printed = printed_[i];
    const bool changed = run.state != printed.state || run.note != printed.note;
    const bool due = run.state == v1::RUN_STATE_RUNNING &&
                     (all || now - printed.time >= kPlainInterval);
    if (run.state == v1::RUN_STATE_UNSPECIFIED || (!changed && !due)) continue;
    printed = {run.state, run.note, now};
    out_ << PlainProgressLine(run) << '\n';
  }
  out_.flush();
}

}  // namespace steelyard::cli
