#include "client/cli/progress_line.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/cli/escape.h"
#include "client/cli/number_text.h"
#include "client/cli/time_text.h"
#include "client/cli/utf8.h"

namespace steelyard::cli {
namespace {

constexpr int kLeastBar = 10;
constexpr int kLargestBar = 30;
constexpr absl::string_view kGap = "  ";

double LogStep(const RunProgress& progress) {
  if (progress.log10_step > 0) return progress.log10_step;
  return std::log10(std::max<double>(1, static_cast<double>(progress.step)));
}

std::string TakenText(const RunProgress& progress) {
  return progress.log10_step > 0 ? PowerText(progress.log10_step)
                                 : StepCountText(progress.step);
}

// 0 to 1; the greater part of what the two limits give.
double Fraction(const RunProgress& progress) {
  double fraction = 0;
  if (progress.total_steps > 0) {
    fraction = static_cast<double>(progress.step) /
               static_cast<double>(progress.total_steps);
  } else if (progress.total_log10_steps > 0) {
    // Each factor of ten takes about as long as the one before.
    fraction = LogStep(progress) / progress.total_log10_steps;
  }
  if (progress.wall_limit) {
    fraction = std::max(
        fraction, absl::FDivDuration(progress.training, *progress.wall_limit));
  }
  return std::clamp(fraction, 0., 1.);
}

std::string Bar(double fraction, int width, const Terminal& terminal) {
  const int full = static_cast<int>(std::floor(fraction * width));
  std::string bar;
  for (int i = 0; i < width; ++i) {
    absl::StrAppend(&bar, i < full ? (terminal.utf8 ? "\u2588" : "#")
                                   : (terminal.utf8 ? "\u2591" : "."));
  }
  return Coloured(terminal, Colour::kCyan, bar);
}

std::string StepsText(const RunProgress& progress) {
  if (progress.total_log10_steps > 0) {
    return absl::StrCat(TakenText(progress), "/",
                        PowerText(progress.total_log10_steps));
  }
  if (progress.total_steps == 0) {
    return absl::StrCat(CountText(progress.step), " steps");
  }
  return absl::StrCat(CountText(progress.step), "/",
                      CountText(static_cast<int64_t>(progress.total_steps)));
}

// What stands behind the bar, the most important first.
std::vector<std::string> Details(const RunProgress& progress) {
  std::vector<std::string> details;
  // Rounded down: 100% is said when it is done, not before.
  details.push_back(absl::StrCat(
      static_cast<int>(std::floor(Fraction(progress) * 100)), "%"));
  details.push_back(StepsText(progress));
  if (progress.steps_per_second > 0 && progress.total_log10_steps == 0) {
    details.push_back(
        absl::StrCat(MetricPrefixText(progress.steps_per_second), " steps/s"));
  }
  if (const std::optional<absl::Duration> left = Remaining(progress)) {
    details.push_back(absl::StrCat(DurationText(*left), " left"));
  }
  return details;
}

std::vector<std::string> MetricTexts(const RunProgress& progress) {
  std::vector<std::string> texts;
  for (const auto& [metric, value] : MetricsOfInterest(progress.metrics)) {
    texts.push_back(
        absl::StrCat(TerminalText(metric), " ", ShortNumber(value)));
  }
  return texts;
}

// How a run ended, or why it does not train yet.
std::vector<std::string> Standstill(const RunProgress& progress) {
  std::vector<std::string> parts;
  if (progress.step > 0) {
    parts.push_back(absl::StrCat(TakenText(progress), " steps in ",
                                 DurationText(progress.training)));
  }
  if (!progress.note.empty()) parts.push_back(TerminalText(progress.note));
  return parts;
}

// Parts in order, as far as they fit into `width` columns.
std::string Fitting(const std::vector<std::string>& parts, int width) {
  std::string text;
  int used = 0;
  for (const std::string& part : parts) {
    const int columns =
        DisplayWidth(part) + static_cast<int>(text.empty() ? 0 : kGap.size());
    if (used + columns > width) break;
    absl::StrAppend(&text, text.empty() ? "" : kGap, part);
    used += columns;
  }
  return text;
}

std::string PaddedTitle(const RunProgress& progress, int title_width) {
  std::string title = TerminalText(progress.title);
  const int missing = title_width - DisplayWidth(title);
  if (missing > 0) title.append(static_cast<size_t>(missing), ' ');
  return title;
}

void Append(std::vector<std::string>& parts, std::vector<std::string> more) {
  parts.insert(parts.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

std::string TrainingLine(const RunProgress& progress, const std::string& title,
                         const Terminal& terminal) {
  const int gaps = 2 * static_cast<int>(kGap.size());
  const int room = terminal.width - DisplayWidth(title) - gaps;
  std::vector<std::string> details = Details(progress);
  if (!progress.note.empty()) details.push_back(TerminalText(progress.note));
  Append(details, MetricTexts(progress));
  const std::string text = Fitting(details, room - kLeastBar);
  const int bar = std::clamp(room - DisplayWidth(text), 0, kLargestBar);
  return Shorten(
      absl::StrCat(title, kGap, Bar(Fraction(progress), bar, terminal), kGap,
                   text),
      terminal.width, Ellipsis(terminal));
}

}  // namespace

std::string StateText(v1::RunState state) {
  const std::string& name = v1::RunState_Name(state);
  return std::string(absl::StripPrefix(name, "RUN_STATE_"));
}

Colour StateColour(v1::RunState state) {
  switch (state) {
    case v1::RUN_STATE_SUCCEEDED:
      return Colour::kGreen;
    case v1::RUN_STATE_FAILED:
      return Colour::kRed;
    case v1::RUN_STATE_CANCELLED:
      return Colour::kYellow;
    case v1::RUN_STATE_RUNNING:
    case v1::RUN_STATE_STARTING:
      return Colour::kCyan;
    default:
      return Colour::kNone;
  }
}

bool HasEnded(v1::RunState state) {
  return state == v1::RUN_STATE_SUCCEEDED || state == v1::RUN_STATE_FAILED ||
         state == v1::RUN_STATE_CANCELLED;
}

std::vector<std::pair<std::string, double>> MetricsOfInterest(
    const std::map<std::string, double>& metrics) {
  const auto rank = [](const std::string& metric) {
    if (metric == "train/error") return 0;
    if (absl::EndsWith(metric, "/error")) return 1;
    if (metric == "train/loss") return 2;
    if (metric == "direction/gap") return 3;
    return 4;
  };
  std::vector<std::pair<std::string, double>> chosen;
  for (const auto& metric : metrics) {
    if (rank(metric.first) < 4) chosen.push_back(metric);
  }
  std::stable_sort(chosen.begin(), chosen.end(),
                   [&rank](const auto& left, const auto& right) {
                     return rank(left.first) < rank(right.first);
                   });
  return chosen;
}

std::optional<absl::Duration> Remaining(const RunProgress& progress) {
  std::optional<absl::Duration> left;
  if (progress.total_steps > 0 && progress.steps_per_second > 0) {
    const double steps = static_cast<double>(progress.total_steps) -
                         static_cast<double>(progress.step);
    left = absl::Seconds(std::max(0., steps) / progress.steps_per_second);
  }
  if (left && progress.wall_limit) {
    left = std::min(*left, std::max(absl::ZeroDuration(),
                                    *progress.wall_limit - progress.training));
  }
  return left;
}

std::string ProgressLine(const RunProgress& progress, int title_width,
                         const Terminal& terminal) {
  const std::string title = PaddedTitle(progress, title_width);
  if (progress.state == v1::RUN_STATE_RUNNING) {
    return TrainingLine(progress, title, terminal);
  }
  const std::string head =
      absl::StrCat(title, kGap,
                   Coloured(terminal, StateColour(progress.state),
                            StateText(progress.state)));
  std::vector<std::string> parts = {head};
  Append(parts, Standstill(progress));
  if (HasEnded(progress.state)) Append(parts, MetricTexts(progress));
  // The first two parts are shown even if they must be cut.
  const std::vector<std::string> needed(
      parts.begin(), parts.begin() + std::min<int64_t>(2, std::ssize(parts)));
  const std::string least = absl::StrJoin(needed, kGap);
  if (DisplayWidth(least) > terminal.width) {
    return Shorten(least, terminal.width, Ellipsis(terminal)) +
           (terminal.colour ? "\x1b[0m" : "");
  }
  return Fitting(parts, terminal.width);
}

std::string PlainProgressLine(const RunProgress& progress) {
  std::vector<std::string> parts = {TerminalText(progress.title),
                                    StateText(progress.state)};
  if (progress.state == v1::RUN_STATE_RUNNING) {
    Append(parts, Details(progress));
    if (!progress.note.empty()) parts.push_back(TerminalText(progress.note));
    Append(parts, MetricTexts(progress));
  } else {
    Append(parts, Standstill(progress));
    if (HasEnded(progress.state)) Append(parts, MetricTexts(progress));
  }
  return absl::StrJoin(parts, kGap);
}

}  // namespace steelyard::cli
