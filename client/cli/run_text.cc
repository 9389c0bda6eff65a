#include "client/cli/run_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/cli/escape.h"
#include "client/cli/json.h"
#include "client/cli/number_text.h"
#include "client/cli/progress_line.h"
#include "client/cli/run_name.h"
#include "client/cli/spec_text.h"
#include "client/cli/table.h"
#include "client/cli/time_text.h"

namespace steelyard::cli {
namespace {

constexpr int kShownEntries = 12;  // of a list in a spec

// "worker lost" of ATTEMPT_END_WORKER_LOST.
std::string Words(absl::string_view name, absl::string_view prefix) {
  return absl::AsciiStrToLower(
      absl::StrReplaceAll(absl::StripPrefix(name, prefix), {{"_", " "}}));
}

// a=x b="y, z": quoted where a value could be taken for the next label.
std::string LabelsText(const v1::RunSpec& spec) {
  const std::map<std::string, std::string> sorted(spec.labels().begin(),
                                                  spec.labels().end());
  return absl::StrJoin(sorted, " ", [](std::string* out, const auto& label) {
    const std::string& value = label.second;
    const bool is_plain =
        !value.empty() && value.find_first_of(" ,=\"") == std::string::npos;
    absl::StrAppend(out, label.first, "=",
                    is_plain ? value : JsonString(value));
  });
}

absl::Duration Took(const google::protobuf::Timestamp& start, bool ended,
                    const google::protobuf::Timestamp& end, absl::Time now) {
  return (ended ? FromProto(end) : now) - FromProto(start);
}

// "7 epochs"
std::string EpochsText(uint64_t epochs) {
  return absl::StrCat(CountText(static_cast<int64_t>(epochs)),
                      epochs == 1 ? " epoch" : " epochs");
}

// The steps of a run that has ended.
std::string TakenText(const v1::Run& run) {
  const bool all = run.result().ended_by() == v1::ENDED_BY_STEPS;
  return all && IsFar(run.spec().stop())
             ? PowerText(run.spec().stop().log10_steps())
             : StepCountText(run.result().steps());
}

// What stands in the steps column: those taken, a dash where they are not
// known, of those wanted; epochs are not known as steps before the end.
std::string StepsText(const v1::Run& run) {
  const v1::Stop& stop = run.spec().stop();
  if (run.has_result()) return TakenText(run);
  std::string taken =
      run.has_progress() ? StepCountText(run.progress().step()) : "-";
  if (stop.has_epochs()) {
    const std::string epochs = EpochsText(stop.epochs());
    return run.has_progress() ? absl::StrCat(taken, " (", epochs, ")") : epochs;
  }
  if (IsFar(stop)) {
    return absl::StrCat(taken, "/", PowerText(stop.log10_steps()));
  }
  const auto total = static_cast<int64_t>(TotalSteps(stop));
  return total == 0 ? taken : absl::StrCat(taken, "/", CountText(total));
}

std::string TimeText(const v1::Run& run, const Viewer& viewer) {
  if (!run.has_start_time()) return "";
  return DurationText(
      Took(run.start_time(), run.has_end_time(), run.end_time(), viewer.now));
}

std::string TimeAndAge(absl::Time time, const Viewer& viewer) {
  return absl::StrCat(LocalTimeText(time, viewer.zone), " (",
                      AgoText(time, viewer.now, viewer.zone), ")");
}

std::string SubmitterText(const v1::Submitter& submitter) {
  std::string text = absl::StrCat("by ", submitter.user());
  if (!submitter.host().empty()) {
    absl::StrAppend(&text, " from ", submitter.host());
  }
  if (!submitter.program().empty()) {
    absl::StrAppend(&text, " with ", submitter.program(), " ",
                    submitter.program_version());
  }
  return text;
}

std::string ResultText(const v1::Run& run) {
  const v1::RunResult& result = run.result();
  const absl::Duration training = FromProto(result.training_time());
  std::string text = absl::StrCat(TakenText(run), " steps in ",
                                  DurationText(training), " of training");
  const double seconds = absl::ToDoubleSeconds(training);
  if (seconds > 0 && result.steps() > 0 && !IsFar(run.spec().stop())) {
    absl::StrAppend(
        &text, ", ",
        MetricPrefixText(static_cast<double>(result.steps()) / seconds),
        " steps/s");
  }
  return absl::StrCat(text, "; ended by ",
                      Words(v1::EndedBy_Name(result.ended_by()), "ENDED_BY_"));
}

std::string ProgressText(const v1::Run& run) {
  RunProgress progress;
  progress.total_steps = TotalSteps(run.spec().stop());
  progress.step = run.progress().step();
  progress.steps_per_second = run.progress().steps_per_second();
  const v1::Stop& stop = run.spec().stop();
  const std::string steps =
      stop.has_epochs() ? absl::StrCat(CountText(progress.step), " steps (",
                                       EpochsText(stop.epochs()), ")")
                        : absl::StrCat(StepsText(run), " steps");
  std::string text = absl::StrCat(
      steps, ", ", MetricPrefixText(progress.steps_per_second), " steps/s");
  if (const std::optional<absl::Duration> left = Remaining(progress)) {
    absl::StrAppend(&text, ", ", DurationText(*left), " left");
  }
  return text;
}

// Name and value, a line each.
class Facts {
 public:
  explicit Facts(const Terminal& terminal)
      : terminal_(terminal), table_({{""}, {""}}) {}

  void Add(const char* name, const std::string& value,
           Colour colour = Colour::kNone) {
    if (value.empty()) return;
    table_.AddRow({{name, Colour::kDim}, {value, colour}});
  }
  std::string Text() const { return table_.Text(terminal_, "  "); }

 private:
  Terminal terminal_;
  Table table_;
};

std::string FactsText(const v1::Run& run, const Viewer& viewer) {
  Facts facts(viewer.terminal);
  facts.Add("state", StateText(run.state()), StateColour(run.state()));
  for (const v1::WaitingReason& reason : run.waiting()) {
    facts.Add("waits", reason.message());
  }
  facts.Add("submitted",
            absl::StrCat(TimeAndAge(FromProto(run.create_time()), viewer), " ",
                         SubmitterText(run.submitter())));
  if (run.has_start_time()) {
    facts.Add("started", TimeAndAge(FromProto(run.start_time()), viewer));
  }
  if (run.has_end_time()) {
    facts.Add("ended", TimeAndAge(FromProto(run.end_time()), viewer));
  }
  if (run.has_progress()) facts.Add("progress", ProgressText(run));
  if (run.has_result()) facts.Add("result", ResultText(run));
  facts.Add("samples", CountText(run.sample_count()));
  facts.Add("labels", LabelsText(run.spec()));
  if (run.unequal_repeats() > 0) {
    facts.Add("fault",
              absl::StrCat(run.unequal_repeats(),
                           " samples came out differently when they were "
                           "repeated; the first ones are kept. This is a fault "
                           "of Steelyard: please report it"),
              Colour::kRed);
  }
  return facts.Text();
}

// Why it failed; or what it could not give though it did not.
std::string MessageText(const v1::RunResult& result) {
  const std::string lines =
      TerminalLines(absl::StripSuffix(result.message(), "\n"), "  ");
  if (result.failure_reason() == v1::FAILURE_REASON_UNSPECIFIED) {
    return result.message().empty() ? "" : absl::StrCat("\nleft out\n", lines);
  }
  return absl::StrCat(
      "\nfailure: ",
      absl::StripPrefix(v1::FailureReason_Name(result.failure_reason()),
                        "FAILURE_REASON_"),
      "\n", lines);
}

std::string AttemptsText(const v1::Run& run, const Viewer& viewer) {
  if (run.attempts().empty()) return "";
  Table table({{"#", Table::Align::kRight},
               {"worker"},
               {"host"},
               {"level"},
               {"numerics"},
               {"started"},
               {"took", Table::Align::kRight},
               {"end"}});
  for (const v1::Attempt& attempt : run.attempts()) {
    const std::string end =
        attempt.end() == v1::ATTEMPT_END_UNSPECIFIED
            ? "runs"
            : Words(v1::AttemptEnd_Name(attempt.end()), "ATTEMPT_END_");
    table.AddRow(
        {absl::StrCat(attempt.number()),
         std::string(absl::StripPrefix(attempt.worker(), "workers/")),
         attempt.host(), attempt.level(), attempt.numerics_id(),
         LocalTimeText(FromProto(attempt.start_time()), viewer.zone),
         DurationText(Took(attempt.start_time(), attempt.has_end_time(),
                           attempt.end_time(), viewer.now)),
         attempt.end_message().empty()
             ? end
             : absl::StrCat(end, ": ", attempt.end_message())});
  }
  return absl::StrCat("\nattempts\n", table.Text(viewer.terminal, "  "));
}

std::string MetricsText(const v1::Run& run, const Viewer& viewer) {
  constexpr int kDigits = 8;
  std::string text;
  Table values({{""}, {"", Table::Align::kRight}});
  for (const v1::MetricValue& metric : run.final_metrics()) {
    values.AddRow({metric.metric(), ShortNumber(metric.value(), kDigits)});
  }
  if (!run.final_metrics().empty()) {
    absl::StrAppend(&text, "\nmetrics, the last value of each\n",
                    values.Text(viewer.terminal, "  "));
  }
  Table absent({{""}, {""}});
  for (const v1::AbsentMetric& metric : run.absent_metrics()) {
    absent.AddRow({metric.metric(), metric.reason()});
  }
  if (!run.absent_metrics().empty()) {
    absl::StrAppend(&text, "\nmetrics that this run does not have\n",
                    absent.Text(viewer.terminal, "  "));
  }
  return text;
}

}  // namespace

bool IsFar(const v1::Stop& stop) { return stop.log10_steps() > 18.96; }

uint64_t TotalSteps(const v1::Stop& stop) {
  if (!stop.has_log10_steps()) return stop.steps();
  if (IsFar(stop)) return 0;
  return static_cast<uint64_t>(
      std::floor(std::pow(10.0L, stop.log10_steps()) + 0.5L));
}

std::string RunTitle(const v1::Run& run) {
  const std::string name = ShortRunName(run.name());
  return run.spec().name().empty() ? name
                                   : absl::StrCat(name, " ", run.spec().name());
}

std::string RunNote(const v1::Run& run) {
  if (run.has_result() &&
      run.result().failure_reason() != v1::FAILURE_REASON_UNSPECIFIED) {
    return absl::StrCat(
        absl::StripPrefix(v1::FailureReason_Name(run.result().failure_reason()),
                          "FAILURE_REASON_"),
        ": ", run.result().message());
  }
  return absl::StrJoin(run.waiting(), "; ",
                       [](std::string* out, const v1::WaitingReason& reason) {
                         absl::StrAppend(out, reason.message());
                       });
}

std::string RunTable(const std::vector<v1::Run>& runs, const Viewer& viewer) {
  Table table({{"run"},
               {"name"},
               {"state"},
               {"steps", Table::Align::kRight},
               {"took", Table::Align::kRight},
               {"submitted"},
               {"user"},
               {"labels"},
               {"note"}});
  for (const v1::Run& run : runs) {
    table.AddRow(
        {ShortRunName(run.name()),
         run.spec().name(),
         {StateText(run.state()), StateColour(run.state())},
         StepsText(run),
         TimeText(run, viewer),
         AgoText(FromProto(run.create_time()), viewer.now, viewer.zone),
         run.submitter().user(),
         LabelsText(run.spec()),
         RunNote(run)});
  }
  return table.Text(viewer.terminal);
}

std::string RunText(const v1::Run& run, const Viewer& viewer) {
  return absl::StrCat(
      TerminalText(run.name()), run.spec().name().empty() ? "" : "  ",
      TerminalText(run.spec().name()), "\n", FactsText(run, viewer),
      MessageText(run.result()), AttemptsText(run, viewer),
      MetricsText(run, viewer), "\nspec, with every default\n",
      TerminalLines(
          absl::StripSuffix(SpecYaml(run.spec(), kShownEntries), "\n"), "  "));
}

}  // namespace steelyard::cli
