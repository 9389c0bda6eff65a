#include "client/cli/follow_display.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/json.h"
#include "client/cli/run_name.h"
#include "client/cli/run_text.h"
#include "client/cli/samples.h"
#include "client/cli/time_text.h"

namespace steelyard::cli {
namespace {

void TakeRun(RunProgress& progress, const v1::Run& run) {
  progress.title = RunTitle(run);
  progress.state = run.state();
  const bool far = IsFar(run.spec().stop());
  progress.total_steps = TotalSteps(run.spec().stop());
  progress.total_log10_steps = far ? run.spec().stop().log10_steps() : 0;
  if (run.spec().stop().has_wall_time()) {
    progress.wall_limit = FromProto(run.spec().stop().wall_time());
  }
  if (run.has_progress()) {
    progress.step = run.progress().step();
    progress.steps_per_second = run.progress().steps_per_second();
  }
  if (run.has_result()) {
    progress.step = run.result().steps();
    const bool whole = run.result().ended_by() == v1::ENDED_BY_STEPS;
    if (far && whole) progress.log10_step = progress.total_log10_steps;
    progress.training = FromProto(run.result().training_time());
  }
  for (const v1::MetricValue& metric : run.final_metrics()) {
    progress.metrics[metric.metric()] = metric.value();
  }
  progress.note = RunNote(run);
}

void TakeSample(RunProgress& progress, const SampleHead& head,
                absl::Span<const SampleValue> values) {
  if (head.step) progress.step = *head.step;
  progress.log10_step = head.step ? 0 : head.log10_step.value_or(0);
  progress.training = absl::Seconds(head.wall_s);
  for (const SampleValue& value : values) {
    progress.metrics[std::string(value.metric)] = value.value;
  }
}

std::vector<RunProgress> ProgressOf(const std::vector<v1::Run>& runs) {
  std::vector<RunProgress> progress(runs.size());
  for (size_t i = 0; i < runs.size(); ++i) TakeRun(progress[i], runs[i]);
  return progress;
}

// The commands that take up what was followed.
void SayHowToGoOn(Session& session, const std::vector<FollowedRun>& runs) {
  Hint(session.console,
       "interrupted; what was submitted goes on. Take it up again:");
  for (const FollowedRun& run : runs) {
    if (run.ended) continue;
    Hint(session.console,
         absl::StrCat(
             "  ",
             NextCommand(session,
                         absl::StrCat("watch ", ShortRunName(run.name),
                                      " --from-sample ", run.next_sample))));
  }
}

ExitCode WorstEnd(const std::vector<FollowedRun>& runs) {
  ExitCode worst = ExitCode::kDone;
  for (const FollowedRun& run : runs) {
    if (run.ended) worst = std::max(worst, ExitCodeOf(run.ended->state()));
  }
  return worst;
}

}  // namespace

FollowDisplay::FollowDisplay(Console& console, const std::vector<v1::Run>& runs,
                             JsonLines json)
    : console_(console),
      display_(console.err, console.err_terminal, ProgressOf(runs)),
      json_(json) {}

bool FollowDisplay::Draws() const {
  return json_ == JsonLines::kNone || !console_.err_terminal.is_terminal ||
         !console_.out_terminal.is_terminal;
}

void FollowDisplay::Finish() {
  if (Draws()) display_.Finish(absl::Now());
}

void FollowDisplay::OnSamples(size_t run, const v1::SampleBatch& samples) {
  RunProgress& progress = display_.run(run);
  const bool prints = json_ == JsonLines::kSamplesAndEndedRuns;
  // Of a run that had ended before, the last values are known already.
  const bool is_news = !HasEnded(progress.state);
  // The follower has looked at the shape already.
  VisitSamples(samples, [&](const SampleHead& head,
                            absl::Span<const SampleValue> values) {
    if (is_news) TakeSample(progress, head, values);
    if (prints) console_.out << SampleJson("", head, values) << '\n';
  }).IgnoreError();
  if (prints) console_.out.flush();
}

void FollowDisplay::OnProgress(size_t run, const v1::Progress& progress) {
  RunProgress& shown = display_.run(run);
  shown.steps_per_second = progress.steps_per_second();
  // The last step has a sample, which is on its way: until then the metrics
  // that would stand beside it are older ones.
  const auto step = static_cast<uint64_t>(progress.step());
  if (shown.total_steps > 0 && step >= shown.total_steps) return;
  // Where steps are not counted samples alone say how far it has come.
  if (progress.step() == std::numeric_limits<int64_t>::max()) return;
  shown.step = progress.step();
}

void FollowDisplay::OnState(size_t run, v1::RunState state) {
  RunProgress& progress = display_.run(run);
  // OnEnded comes with how it ended; a line without that would be one too many.
  if (HasEnded(state) || HasEnded(progress.state)) return;
  // The reasons that were given belong to the wait that is over.
  if (state != progress.state) progress.note.clear();
  progress.state = state;
  if (state != v1::RUN_STATE_RUNNING) progress.steps_per_second = 0;
}

void FollowDisplay::OnEnded(size_t run, const v1::Run& ended) {
  TakeRun(display_.run(run), ended);
  if (json_ != JsonLines::kNone) {
    console_.out << MessageJson(ended) << std::endl;
  }
}

void FollowDisplay::OnBroken(size_t /*run*/, const absl::Status& status,
                             absl::Duration /*pause*/) {
  // One server, one break: said once, however many streams it cut.
  if (broken_++ > 0) return;
  const absl::string_view message = status.message();
  display_.Say(absl::StrCat("connection lost (",
                            message.substr(0, message.find('\n')),
                            "); trying again, the runs go on meanwhile"));
}

void FollowDisplay::OnHealed(size_t /*run*/) {
  if (broken_ == 0) return;
  broken_ = 0;
  display_.Say("connected again");
}

void FollowDisplay::OnTick(absl::Time now) {
  if (Draws()) display_.Draw(now);
}

ExitCode FollowRuns(Session& session, const std::vector<v1::Run>& runs,
                    const FollowOptions& options) {
  Console& console = session.console;
  std::vector<FollowedRun> followed;
  followed.reserve(runs.size());
  for (const v1::Run& run : runs) {
    followed.push_back(
        {.name = run.name(), .next_sample = options.from_sample});
  }
  FollowDisplay display(console, runs, options.json);
  RunFollower follower(*session.connection, std::move(followed),
                       options.limits);
  const Interrupt::Watch watch(console.interrupt);
  const absl::Status status = follower.Follow(display, console.interrupt);
  display.Finish();
  if (console.interrupt.raised()) {
    SayHowToGoOn(session, follower.runs());
    return ExitCode::kInterrupted;
  }
  if (!status.ok()) return Fail(console, status);
  return WorstEnd(follower.runs());
}

}  // namespace steelyard::cli
