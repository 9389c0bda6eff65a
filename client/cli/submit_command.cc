#include <unistd.h>

#include <array>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/backoff.h"
#include "client/cli/commands.h"
#include "client/cli/escape.h"
#include "client/cli/follow_display.h"
#include "client/cli/json.h"
#include "client/cli/spec_check.h"
#include "client/cli/spec_text.h"
#include "support/status_macros.h"
#include "support/version.h"

namespace steelyard::cli {
namespace {

// 128 random bits: two submissions never share one.
std::string NewRequestId() {
  std::random_device random;
  std::string id = "cli-";
  for (int i = 0; i < 4; ++i) {
    absl::StrAppend(&id, absl::Hex(random(), absl::kZeroPad8));
  }
  return id;
}

std::string HostName() {
  std::array<char, 256> name = {};
  // A longer name may come without its end.
  if (gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

// Repeats the call with the same request_id, so that a run which was accepted
// without an answer is not submitted twice.
absl::StatusOr<v1::Run> SubmitSpec(Session& session, const v1::RunSpec& spec) {
  v1::SubmitRunRequest request;
  *request.mutable_spec() = spec;
  request.set_request_id(NewRequestId());
  request.mutable_submitter()->set_host(HostName());
  request.mutable_submitter()->set_program("steelyard");
  request.mutable_submitter()->set_program_version(GetBuildVersion().version);

  const CallLimits& limits = session.connection->limits();
  Backoff backoff(limits);
  while (true) {
    v1::SubmitRunResponse response;
    const absl::Status status = session.connection->Call(
        session.connection->runs(), &v1::RunService::Stub::SubmitRun, request,
        response, limits.write);
    if (status.ok()) return std::move(*response.mutable_run());
    if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) {
      return status;
    }
    if (!backoff.Wait()) {
      return absl::Status(
          status.code(),
          absl::StrCat(status.message(),
                       "\n  whether the run was accepted is not known; look "
                       "before you submit again: ",
                       NextCommand(session, "ls --mine")));
    }
    Hint(session.console, "no answer to the submission; trying again");
  }
}

void PrintDryRun(Console& console, const SubmitOptions& options,
                 const std::vector<SpecDraft>& drafts) {
  for (const SpecDraft& draft : drafts) {
    const v1::RunSpec& spec = draft.parsed.has_normalized_spec()
                                  ? draft.parsed.normalized_spec()
                                  : draft.parsed.spec();
    if (options.json) {
      console.out << MessageJson(spec) << '\n';
      continue;
    }
    if (drafts.size() > 1) {
      console.out << "# " << TerminalText(draft.source.name) << '\n';
    }
    console.out << SpecYaml(spec);
  }
  Hint(console, "dry run: checked, nothing was submitted");
}

void HintNext(Session& session, const std::vector<v1::Run>& runs) {
  if (runs.size() == 1) {
    Hint(session.console,
         absl::StrCat(
             "follow it: ",
             NextCommand(session, absl::StrCat("watch ",
                                               ShortRunName(runs[0].name())))));
  } else {
    Hint(session.console,
         absl::StrCat("see them: ", NextCommand(session, "ls --mine")));
  }
}

void HintResults(Session& session, const std::vector<v1::Run>& runs) {
  const std::string names =
      absl::StrJoin(runs, " ", [](std::string* out, const v1::Run& run) {
        absl::StrAppend(out, ShortRunName(run.name()));
      });
  Hint(session.console,
       absl::StrCat("results: ",
                    NextCommand(session, absl::StrCat("metrics ", names))));
}

ExitCode SubmitDrafts(Session& session, const SubmitOptions& options,
                      const std::vector<SpecDraft>& drafts) {
  std::vector<v1::Run> runs;
  for (const SpecDraft& draft : drafts) {
    absl::StatusOr<v1::Run> run = SubmitSpec(session, draft.parsed.spec());
    if (!run.ok()) {
      const ExitCode code = Fail(session.console, run.status());
      if (drafts.size() > 1) {
        Warn(session.console,
             absl::StrCat(TerminalText(draft.source.name), ": not submitted; ",
                          runs.size(), " of ", drafts.size(), " were"));
      }
      return code;
    }
    session.console.out << (options.json ? MessageJson(*run) : run->name())
                        << std::endl;
    runs.push_back(*std::move(run));
  }
  if (!options.follow) {
    HintNext(session, runs);
    return ExitCode::kDone;
  }
  const ExitCode code = FollowRuns(
      session, runs,
      {.json = options.json ? JsonLines::kEndedRuns : JsonLines::kNone,
       .limits = options.follow_limits});
  if (code != ExitCode::kInterrupted) HintResults(session, runs);
  return code;
}

}  // namespace

ExitCode Submit(Session& session, const SubmitOptions& options) {
  std::vector<SpecDraft> drafts;
  ExitCode code = ExitCode::kDone;
  for (const std::string& path : options.files) {
    absl::StatusOr<SpecSource> source = ReadSpec(path, session.console.in);
    if (source.ok()) {
      drafts.push_back({.source = *std::move(source)});
    } else {
      code = Fail(session.console, source.status());
    }
  }
  if (code != ExitCode::kDone) return code;
  const absl::Status checked =
      CheckSpecs(session, options.sets,
                 options.dry_run ? MissingFiles::kLeave : MissingFiles::kUpload,
                 options.upload, drafts);
  if (!checked.ok()) return Fail(session.console, checked);
  if (!PrintFaults(session.console, options.sets, drafts)) {
    return ExitCode::kInvalid;
  }
  if (options.dry_run) {
    PrintDryRun(session.console, options, drafts);
    return ExitCode::kDone;
  }
  return SubmitDrafts(session, options, drafts);
}

}  // namespace steelyard::cli
