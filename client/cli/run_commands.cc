#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/escape.h"
#include "client/cli/follow_display.h"
#include "client/cli/json.h"
#include "client/cli/progress_line.h"
#include "support/status_macros.h"

// ls, show, watch, cancel.
namespace steelyard::cli {
namespace {

constexpr int64_t kLargestPage = 1000;

struct RunList {
  std::vector<v1::Run> runs;
  bool more = false;  // beyond the limit
};

bool IsNarrowed(const ListRunsOptions& options) {
  return options.experiment != "-" || options.mine ||
         !FilterText(options.filter).empty();
}

absl::StatusOr<RunList> ReadRuns(Session& session,
                                 const ListRunsOptions& options) {
  RunFilter filter = options.filter;
  if (options.mine) filter.user = session.server.user();
  v1::ListRunsRequest request;
  request.set_parent(absl::StrCat("experiments/", options.experiment));
  request.set_filter(FilterText(filter));
  RunList list;
  while (true) {
    const int64_t left =
        options.limit == 0
            ? kLargestPage
            : options.limit - static_cast<int64_t>(list.runs.size());
    request.set_page_size(static_cast<int>(std::min(left, kLargestPage)));
    v1::ListRunsResponse response;
    STEELYARD_RETURN_IF_ERROR(session.connection->Call(
        session.connection->runs(), &v1::RunService::Stub::ListRuns, request,
        response));
    for (v1::Run& run : *response.mutable_runs()) {
      list.runs.push_back(std::move(run));
    }
    list.more = !response.next_page_token().empty();
    const bool full = options.limit > 0 &&
                      static_cast<int64_t>(list.runs.size()) >= options.limit;
    if (!list.more || full) return list;
    request.set_page_token(response.next_page_token());
  }
}

absl::StatusOr<v1::Run> GetNamedRun(Session& session, const RunName& name) {
  if (!name.last) return GetRun(session, name.Resource());
  STEELYARD_ASSIGN_OR_RETURN(const std::string full, FindRun(session, name));
  return GetRun(session, full);
}

// A run that did not do what it was to do says why: that is the result.
void PrintResult(Session& session, const v1::Run& run) {
  const std::string note = RunNote(run);
  session.console.out << TerminalText(run.name()) << "  "
                      << StateText(run.state());
  if (!note.empty()) session.console.out << "  " << TerminalText(note);
  session.console.out << '\n';
}

}  // namespace

ExitCode ListRuns(Session& session, const ListRunsOptions& options) {
  const absl::StatusOr<RunList> list = ReadRuns(session, options);
  Console& console = session.console;
  if (!list.ok()) return Fail(console, list.status());
  if (options.json) {
    for (const v1::Run& run : list->runs) {
      console.out << MessageJson(run) << '\n';
    }
  } else if (!list->runs.empty()) {
    console.out << RunTable(list->runs, ViewerOf(console));
  }
  if (list->runs.empty()) {
    Hint(console, IsNarrowed(options)
                      ? absl::StrCat("no such runs; all there are: ",
                                     NextCommand(session, "ls"))
                      : absl::StrCat("no runs; submit one: ",
                                     NextCommand(session, "submit SPEC.yaml")));
  } else if (list->more) {
    Hint(console, absl::StrCat("the newest ", list->runs.size(),
                               " are shown; for all: --limit 0"));
  }
  return ExitCode::kDone;
}

ExitCode ShowRuns(Session& session, const ShowRunsOptions& options) {
  Console& console = session.console;
  bool first = true;
  for (const RunName& name : options.runs) {
    const absl::StatusOr<v1::Run> run = GetNamedRun(session, name);
    if (!run.ok()) return Fail(console, run.status());
    if (options.json) {
      console.out << MessageJson(*run) << '\n';
    } else {
      console.out << (first ? "" : "\n") << RunText(*run, ViewerOf(console));
    }
    first = false;
  }
  return ExitCode::kDone;
}

ExitCode WatchRun(Session& session, const WatchOptions& options) {
  const absl::StatusOr<v1::Run> run = GetNamedRun(session, options.run);
  if (!run.ok()) return Fail(session.console, run.status());
  const ExitCode code =
      FollowRuns(session, {*run},
                 {.from_sample = options.from_sample,
                  .json = options.json ? JsonLines::kSamplesAndEndedRuns
                                       : JsonLines::kNone,
                  .limits = options.limits});
  if (options.json || code > ExitCode::kRunEndedBadly) return code;
  const absl::StatusOr<v1::Run> ended = GetRun(session, run->name());
  if (!ended.ok()) return Fail(session.console, ended.status());
  PrintResult(session, *ended);
  Hint(session.console,
       absl::StrCat(
           "results: ",
           NextCommand(session,
                       absl::StrCat("metrics ", ShortRunName(run->name())))));
  return code;
}

ExitCode CancelRuns(Session& session, const std::vector<RunName>& runs) {
  ExitCode worst = ExitCode::kDone;
  for (const RunName& name : runs) {
    absl::StatusOr<std::string> full = FindRun(session, name);
    v1::CancelRunResponse response;
    absl::Status status = full.status();
    if (full.ok()) {
      v1::CancelRunRequest request;
      request.set_name(*full);
      status = NamingRun(
          session, *full,
          session.connection->Call(
              session.connection->runs(), &v1::RunService::Stub::CancelRun,
              request, response, session.connection->limits().write));
    }
    if (status.ok()) {
      session.console.out << TerminalText(response.run().name()) << '\n';
    } else {
      worst = std::max(worst, Fail(session.console, status));
    }
  }
  return worst;
}

}  // namespace steelyard::cli
