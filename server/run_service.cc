#include "server/run_service.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/artifact_reactor.h"
#include "server/convert.h"
#include "server/list_pages.h"
#include "server/names.h"
#include "server/submission.h"
#include "server/to_grpc.h"
#include "server/watch_reactor.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

// Nothing is said of a run whose worker has said nothing yet.
void AddProgress(const v1::Progress& progress, v1::Run* run) {
  if (run->state() != v1::RUN_STATE_RUNNING || progress.step() == 0) return;
  *run->mutable_progress() = progress;
}

// Adds what the engine knows, as far as it fits the state that was read: the
// engine may be a commit ahead.
void AddLive(LiveRun live, v1::Run* run) {
  const bool queued = run->state() == v1::RUN_STATE_QUEUED;
  for (v1::WaitingReason& reason : live.waiting) {
    if (queued || reason.code() == v1::WAITING_CODE_STORE) {
      *run->add_waiting() = std::move(reason);
    }
  }
  AddProgress(live.progress, run);
}

// The places in the page of the runs that may have progress.
std::vector<int> RunningIn(const v1::ListRunsResponse& page) {
  std::vector<int> running;
  for (int i = 0; i < page.runs_size(); ++i) {
    if (page.runs(i).state() == v1::RUN_STATE_RUNNING) running.push_back(i);
  }
  return running;
}

}  // namespace

RunService::RunService(const ServiceParts& parts, const WatchParts* watch)
    : parts_(parts),
      watch_parts_(*watch),
      calls_(parts.authenticator, parts.pool),
      slow_calls_(parts.authenticator, parts.slow_pool) {}

grpc::ServerUnaryReactor* RunService::SubmitRun(
    grpc::CallbackServerContext* context, const v1::SubmitRunRequest* request,
    v1::SubmitRunResponse* response) {
  return calls_.Start(
      context,
      [this, request, response](storage::Reader& reader, const Caller& caller,
                                grpc::ServerUnaryReactor* reactor) {
        Submit(reader, caller, *request, response->mutable_run(), reactor);
      });
}

void RunService::Submit(storage::Reader& reader, const Caller& caller,
                        const v1::SubmitRunRequest& request, v1::Run* run,
                        grpc::ServerUnaryReactor* reactor) {
  absl::StatusOr<storage::AddRun> change =
      CheckSubmission(reader, caller, *parts_.limits, request);
  if (!change.ok()) return reactor->Finish(ToGrpc(change.status()));
  parts_.engine->SubmitRun(
      *std::move(change),
      [this, run, reactor](const absl::StatusOr<storage::RunId>& id) {
        if (!id.ok()) return reactor->Finish(ToGrpc(id.status()));
        parts_.pool->PostAdmitted(
            [this, run, reactor, id = *id](storage::Reader& next) {
              AnswerWithRun(next, {.experiment = {}, .run = id}, run, reactor);
            });
      });
}

grpc::ServerUnaryReactor* RunService::GetRun(
    grpc::CallbackServerContext* context, const v1::GetRunRequest* request,
    v1::GetRunResponse* response) {
  return calls_.Start(
      context, [this, request, response](storage::Reader& reader, const Caller&,
                                         grpc::ServerUnaryReactor* reactor) {
        const absl::StatusOr<RunName> name = ParseRunName(request->name());
        if (!name.ok()) return reactor->Finish(ToGrpc(name.status()));
        AnswerWithRun(reader, *name, response->mutable_run(), reactor);
      });
}

void RunService::AnswerWithRun(storage::Reader& reader, const RunName& name,
                               v1::Run* run,
                               grpc::ServerUnaryReactor* reactor) {
  absl::StatusOr<v1::Run> found = ReadRun(reader, name);
  if (!found.ok()) return reactor->Finish(ToGrpc(found.status()));
  *run = *std::move(found);
  if (storage::IsEnded(static_cast<storage::RunState>(run->state()))) {
    return reactor->Finish(grpc::Status::OK);
  }
  parts_.engine->GetLiveRun(name.run,
                            [run, reactor](absl::StatusOr<LiveRun> live) {
                              // The store's answer is true without it.
                              if (live.ok()) AddLive(*std::move(live), run);
                              reactor->Finish(grpc::Status::OK);
                            });
}

grpc::ServerUnaryReactor* RunService::ListRuns(
    grpc::CallbackServerContext* context, const v1::ListRunsRequest* request,
    v1::ListRunsResponse* response) {
  return calls_.Start(
      context, [this, request, response](storage::Reader& reader, const Caller&,
                                         grpc::ServerUnaryReactor* reactor) {
        const absl::Status read =
            ReadRunPage(reader, *parts_.limits, *request, response);
        if (!read.ok()) return reactor->Finish(ToGrpc(read));
        AnswerWithProgress(response, reactor);
      });
}

// One question for the whole page: it costs the engine no more than GetRun
// does.
void RunService::AnswerWithProgress(v1::ListRunsResponse* page,
                                    grpc::ServerUnaryReactor* reactor) {
  std::vector<int> running = RunningIn(*page);
  if (running.empty()) return reactor->Finish(grpc::Status::OK);
  std::vector<storage::RunId> ids;
  ids.reserve(running.size());
  for (const int i : running) {
    ids.push_back(ParseRunName(page->runs(i).name())->run);
  }
  parts_.engine->GetProgress(
      std::move(ids),
      [page, reactor, running = std::move(running)](
          const absl::StatusOr<std::vector<v1::Progress>>& progress) {
        // The store's answer is true without it.
        for (size_t i = 0; progress.ok() && i < running.size(); ++i) {
          AddProgress((*progress)[i], page->mutable_runs(running[i]));
        }
        reactor->Finish(grpc::Status::OK);
      });
}

grpc::ServerUnaryReactor* RunService::QueryMetrics(
    grpc::CallbackServerContext* context,
    const v1::QueryMetricsRequest* request,
    v1::QueryMetricsResponse* response) {
  return calls_.Read(context, [this, request, response](storage::Reader& reader,
                                                        const Caller&) {
    return ReadMetricsPage(reader, *parts_.limits, *request, response);
  });
}

grpc::ServerWriteReactor<v1::WatchRunResponse>* RunService::WatchRun(
    grpc::CallbackServerContext* context, const v1::WatchRunRequest* request) {
  const absl::StatusOr<Caller> caller =
      parts_.authenticator->Identify(*context);
  if (!caller.ok()) return RefuseWatch(caller.status());
  const absl::StatusOr<RunName> name = ParseRunName(request->name());
  if (!name.ok()) return RefuseWatch(name.status());
  if (request->from_sample() < 0) {
    return RefuseWatch(absl::InvalidArgumentError(absl::StrCat(
        "from_sample: want an ordinal >= 0, got ", request->from_sample())));
  }
  const int64_t limit = parts_.limits->watchers();
  if (watchers_.fetch_add(1) >= limit) {
    --watchers_;
    return RefuseWatch(absl::ResourceExhaustedError(
        absl::StrCat("watchers: ", limit,
                     " watch already, which is the limit; try again later, or "
                     "ask by QueryMetrics")));
  }
  return StartWatch(watch_parts_, *name, request->from_sample(),
                    [this] { --watchers_; });
}

grpc::ServerUnaryReactor* RunService::CancelRun(
    grpc::CallbackServerContext* context, const v1::CancelRunRequest* request,
    v1::CancelRunResponse* response) {
  return calls_.Start(
      context,
      [this, request, response](storage::Reader& reader, const Caller& caller,
                                grpc::ServerUnaryReactor* reactor) {
        Cancel(reader, caller, *request, response->mutable_run(), reactor);
      });
}

void RunService::Cancel(storage::Reader& reader, const Caller& caller,
                        const v1::CancelRunRequest& request, v1::Run* run,
                        grpc::ServerUnaryReactor* reactor) {
  const absl::StatusOr<RunName> name = ParseRunName(request.name());
  if (!name.ok()) return reactor->Finish(ToGrpc(name.status()));
  // The engine knows runs by number alone; the experiment is checked here.
  const absl::StatusOr<storage::RunHead> head = FindRun(reader, *name);
  if (!head.ok()) return reactor->Finish(ToGrpc(head.status()));
  parts_.engine->CancelRun(
      {.run = name->run,
       .user = caller.user,
       .may_cancel_all = caller.is_admin()},
      [this, run, reactor](const absl::StatusOr<storage::RunId>& id) {
        if (!id.ok()) return reactor->Finish(ToGrpc(id.status()));
        parts_.pool->PostAdmitted(
            [this, run, reactor, id = *id](storage::Reader& next) {
              AnswerWithRun(next, {.experiment = {}, .run = id}, run, reactor);
            });
      });
}

grpc::ServerUnaryReactor* RunService::ListArtifacts(
    grpc::CallbackServerContext* context,
    const v1::ListArtifactsRequest* request,
    v1::ListArtifactsResponse* response) {
  return calls_.Read(context, [this, request, response](storage::Reader& reader,
                                                        const Caller&) {
    return ReadArtifactPage(reader, *parts_.limits, *request, response);
  });
}

grpc::ServerWriteReactor<v1::GetArtifactResponse>* RunService::GetArtifact(
    grpc::CallbackServerContext* context,
    const v1::GetArtifactRequest* request) {
  const absl::StatusOr<Caller> caller =
      parts_.authenticator->Identify(*context);
  if (!caller.ok()) return RefuseArtifact(caller.status());
  absl::StatusOr<ArtifactName> name = ParseArtifactName(request->name());
  if (!name.ok()) return RefuseArtifact(name.status());
  if (downloads_.fetch_add(1) >= kMaxDownloads) {
    --downloads_;
    return RefuseArtifact(absl::ResourceExhaustedError(
        absl::StrCat("artifacts: ", kMaxDownloads,
                     " are being sent, which is the limit; try again later")));
  }
  return SendArtifact(parts_, *std::move(name), [this] { --downloads_; });
}

grpc::ServerUnaryReactor* RunService::ParseSpec(
    grpc::CallbackServerContext* context, const v1::ParseSpecRequest* request,
    v1::ParseSpecResponse* response) {
  return slow_calls_.Read(
      context,
      [this, request, response](storage::Reader& reader,
                                const Caller& caller) -> absl::Status {
        STEELYARD_ASSIGN_OR_RETURN(
            *response, CheckText(reader, caller, *parts_.limits, *request));
        return absl::OkStatus();
      });
}

}  // namespace steelyard::server
