#include "server/engine_thread.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "server/engine.h"
#include "server/writer_thread.h"
#include "support/mutex.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

// Calls that wait for their answer, all together.
constexpr int64_t kCallsLimit = 20'000;
constexpr int64_t kCallsBytesLimit = int64_t{256} << 20;
// What workers said and the engine has not read yet, of one worker.
constexpr int64_t kUnreadLimit = 256;
constexpr absl::Duration kTickInterval = absl::Milliseconds(250);
constexpr int kFailedSyncExit = 70;

void EndProcess(const absl::Status& status) {
  std::fprintf(stderr,
               "steelyardd: a sync failed, what is on disk is unknown: %s\n",
               status.ToString().c_str());
  _exit(kFailedSyncExit);
}

// How to reach a worker.
struct Line {
  absl::AnyInvocable<void(v1::SessionResponse)> send;
  absl::AnyInvocable<void(absl::Status)> end;
};

class EngineThreadImpl final : public EngineThread, private Effects {
 public:
  EngineThreadImpl(EngineParts parts, const EngineOptions& options)
      : reader_(std::move(parts.reader)),
        hub_(*parts.hub),
        clock_(parts.clock ? std::move(parts.clock) : absl::Now),
        fatal_(parts.fatal ? std::move(parts.fatal) : EndProcess),
        engine_({.effects = this,
                 .reader = reader_.get(),
                 .files = parts.files,
                 .executor = parts.executor},
                options),
        writer_(
            std::move(parts.writer),
            [this](std::vector<Committed> group) { Deliver(std::move(group)); },
            [this](const absl::Status& status) { Fail(status); }) {}

  ~EngineThreadImpl() override;

  // Before any other call.
  absl::Status Start();

  void SubmitRun(storage::AddRun run, Reply<storage::RunId> reply) override;
  void CancelRun(CancelRequest request, Reply<storage::RunId> reply) override;
  void AddDataset(storage::AddDataset dataset,
                  Reply<storage::Sha256> reply) override;
  void GetLiveRun(storage::RunId run, Reply<LiveRun> reply) override;
  void GetProgress(std::vector<storage::RunId> runs,
                   Reply<std::vector<v1::Progress>> reply) override;
  void GetStatus(Reply<EngineStatus> reply) override;
  void ListWorkers(Reply<std::vector<v1::Worker>> reply) override;
  void Drain(absl::Duration limit, Reply<bool> reply) override;
  SessionId Connect(v1::WorkerHello hello,
                    absl::AnyInvocable<void(v1::SessionResponse)> send,
                    absl::AnyInvocable<void(absl::Status)> end) override;
  void Receive(SessionId session, v1::SessionRequest message) override;
  void Disconnect(SessionId session) override;

 private:
  using Event = absl::AnyInvocable<void(Engine&)>;

  // Effects: on the engine's thread.
  void Commit(storage::Change change, Outcome outcome) override {
    ++under_way_;
    writer_.Add(std::move(change), std::move(outcome));
  }
  void Send(SessionId session, v1::SessionResponse message) override;
  void End(SessionId session, absl::Status why) override;
  void Changed(storage::RunId run) override { hub_.Changed(run); }
  void Ended(storage::RunId run) override { hub_.Ended(run); }

  // Posts a call whose answer comes by `reply`, which it passes on wrapped; or
  // replies that there is no room.
  template <typename T, typename Call>
  void PostCall(int64_t size_bytes, Reply<T> reply, Call call)
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Enter(int64_t size_bytes) ABSL_LOCKS_EXCLUDED(mu_);
  void Leave(int64_t size_bytes) ABSL_LOCKS_EXCLUDED(mu_);
  void Post(Event event) ABSL_LOCKS_EXCLUDED(mu_);
  void Deliver(std::vector<Committed> group) ABSL_LOCKS_EXCLUDED(mu_);
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // What has come; waits until the next tick if nothing has.
  std::deque<Event> TakeEvents() ABSL_LOCKS_EXCLUDED(mu_);
  bool MayEnd() ABSL_LOCKS_EXCLUDED(mu_);

  const std::unique_ptr<storage::Reader> reader_;
  WatchHub& hub_;
  const std::function<absl::Time()> clock_;
  const std::function<void(const absl::Status&)> fatal_;
  std::atomic<SessionId> last_session_ = 0;

  Mutex mu_;
  CondVar posted_;
  std::deque<Event> events_ ABSL_GUARDED_BY(mu_);
  std::map<SessionId, int64_t> unread_ ABSL_GUARDED_BY(mu_);
  int64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t calls_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  bool failed_ ABSL_GUARDED_BY(mu_) = false;  // nothing more may be answered

  // The engine thread's own.
  Engine engine_;
  std::map<SessionId, Line> lines_;
  int64_t under_way_ = 0;  // changes whose outcome has not come

  WriterThread writer_;
  std::thread thread_;  // last: starts when all else is there
};

absl::Status EngineThreadImpl::Start() {
  STEELYARD_RETURN_IF_ERROR(engine_.Start(clock_()));
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

EngineThreadImpl::~EngineThreadImpl() {
  {
    const MutexLock lock(mu_);
    ending_ = true;
  }
  posted_.NotifyOne();
  if (thread_.joinable()) thread_.join();
}

template <typename T, typename Call>
void EngineThreadImpl::PostCall(int64_t size_bytes, Reply<T> reply, Call call) {
  if (absl::Status full = Enter(size_bytes); !full.ok()) {
    return reply(std::move(full));
  }
  Post([this, size_bytes, reply = std::move(reply),
        call = std::move(call)](Engine& engine) mutable {
    call(engine, Reply<T>([this, size_bytes, reply = std::move(reply)](
                              absl::StatusOr<T> answer) mutable {
           Leave(size_bytes);
           reply(std::move(answer));
         }));
  });
}

absl::Status EngineThreadImpl::Enter(int64_t size_bytes) {
  const MutexLock lock(mu_);
  if (ending_) return absl::UnavailableError("the server is stopping");
  if (calls_ >= kCallsLimit || calls_bytes_ + size_bytes > kCallsBytesLimit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("want fewer than ", kCallsLimit, " calls and ",
                     kCallsBytesLimit, " bytes under way, got ", calls_,
                     " and ", calls_bytes_, ": try again later"));
  }
  ++calls_;
  calls_bytes_ += size_bytes;
  return absl::OkStatus();
}

void EngineThreadImpl::Leave(int64_t size_bytes) {
  const MutexLock lock(mu_);
  --calls_;
  calls_bytes_ -= size_bytes;
}

void EngineThreadImpl::Post(Event event) {
  {
    const MutexLock lock(mu_);
    events_.push_back(std::move(event));
  }
  posted_.NotifyOne();
}

void EngineThreadImpl::Deliver(std::vector<Committed> group) {
  Post([this, group = std::move(group)](Engine&) mutable {
    under_way_ -= static_cast<int64_t>(group.size());
    for (Committed& it : group) it.outcome(it.status);
  });
}

void EngineThreadImpl::Fail(const absl::Status& status) {
  {
    const MutexLock lock(mu_);
    failed_ = true;
  }
  posted_.NotifyOne();
  fatal_(status);
}

std::deque<EngineThreadImpl::Event> EngineThreadImpl::TakeEvents() {
  const MutexLock lock(mu_);
  const bool idle = events_.empty() && !failed_;
  if (idle && (!ending_ || under_way_ > 0)) {
    posted_.WaitFor(mu_, kTickInterval);
  }
  return std::exchange(events_, {});
}

bool EngineThreadImpl::MayEnd() {
  const MutexLock lock(mu_);
  return failed_ || (ending_ && events_.empty() && under_way_ == 0);
}

void EngineThreadImpl::Run() {
  while (!MayEnd()) {
    std::deque<Event> events = TakeEvents();
    engine_.AdvanceTo(clock_());
    for (Event& event : events) event(engine_);
  }
}

void EngineThreadImpl::SubmitRun(storage::AddRun run,
                                 Reply<storage::RunId> reply) {
  const auto size_bytes =
      static_cast<int64_t>(run.spec.size() + run.submitted_spec.size());
  PostCall(size_bytes, std::move(reply),
           [run = std::move(run)](Engine& engine,
                                  Reply<storage::RunId> answer) mutable {
             engine.SubmitRun(std::move(run), std::move(answer));
           });
}

void EngineThreadImpl::CancelRun(CancelRequest request,
                                 Reply<storage::RunId> reply) {
  PostCall(0, std::move(reply),
           [request = std::move(request)](Engine& engine,
                                          Reply<storage::RunId> answer) {
             engine.CancelRun(request, std::move(answer));
           });
}

void EngineThreadImpl::AddDataset(storage::AddDataset dataset,
                                  Reply<storage::Sha256> reply) {
  PostCall(0, std::move(reply),
           [dataset = std::move(dataset)](
               Engine& engine, Reply<storage::Sha256> answer) mutable {
             engine.AddDataset(std::move(dataset), std::move(answer));
           });
}

void EngineThreadImpl::GetLiveRun(storage::RunId run, Reply<LiveRun> reply) {
  PostCall(0, std::move(reply), [run](Engine& engine, Reply<LiveRun> answer) {
    answer(engine.GetLiveRun(run));
  });
}

void EngineThreadImpl::GetProgress(std::vector<storage::RunId> runs,
                                   Reply<std::vector<v1::Progress>> reply) {
  PostCall(0, std::move(reply),
           [runs = std::move(runs)](Engine& engine,
                                    Reply<std::vector<v1::Progress>> answer) {
             answer(engine.GetProgress(runs));
           });
}

void EngineThreadImpl::GetStatus(Reply<EngineStatus> reply) {
  PostCall(0, std::move(reply), [](Engine& engine, Reply<EngineStatus> answer) {
    answer(engine.GetStatus());
  });
}

void EngineThreadImpl::ListWorkers(Reply<std::vector<v1::Worker>> reply) {
  PostCall(0, std::move(reply),
           [](Engine& engine, Reply<std::vector<v1::Worker>> answer) {
             answer(engine.ListWorkers());
           });
}

void EngineThreadImpl::Drain(absl::Duration limit, Reply<bool> reply) {
  PostCall(0, std::move(reply), [limit](Engine& engine, Reply<bool> answer) {
    engine.Drain(limit, std::move(answer));
  });
}

SessionId EngineThreadImpl::Connect(
    v1::WorkerHello hello, absl::AnyInvocable<void(v1::SessionResponse)> send,
    absl::AnyInvocable<void(absl::Status)> end) {
  const SessionId id = ++last_session_;
  Post([this, id, hello = std::move(hello),
        line = Line{std::move(send), std::move(end)}](Engine& engine) mutable {
    lines_.emplace(id, std::move(line));
    engine.Connect(id, std::move(hello));
  });
  return id;
}

void EngineThreadImpl::Receive(SessionId session, v1::SessionRequest message) {
  {
    const MutexLock lock(mu_);
    if (++unread_[session] > kUnreadLimit) {
      --unread_[session];
      events_.push_back([this, session](Engine& engine) {
        End(session, absl::ResourceExhaustedError(absl::StrCat(
                         "want at most ", kUnreadLimit,
                         " messages that were not read, got one more")));
        engine.Disconnect(session);
      });
      return;
    }
  }
  Post([this, session, message = std::move(message)](Engine& engine) mutable {
    {
      const MutexLock lock(mu_);
      const auto found = unread_.find(session);
      if (--found->second == 0) unread_.erase(found);
    }
    engine.Receive(session, std::move(message));
  });
}

void EngineThreadImpl::Disconnect(SessionId session) {
  Post([this, session](Engine& engine) {
    lines_.erase(session);
    engine.Disconnect(session);
  });
}

void EngineThreadImpl::Send(SessionId session, v1::SessionResponse message) {
  const auto found = lines_.find(session);
  if (found != lines_.end()) found->second.send(std::move(message));
}

void EngineThreadImpl::End(SessionId session, absl::Status why) {
  const auto found = lines_.find(session);
  if (found == lines_.end()) return;
  absl::AnyInvocable<void(absl::Status)> end = std::move(found->second.end);
  lines_.erase(found);
  end(std::move(why));
}

}  // namespace

absl::StatusOr<std::unique_ptr<EngineThread>> StartEngineThread(
    EngineParts parts, const EngineOptions& options) {
  auto engine = std::make_unique<EngineThreadImpl>(std::move(parts), options);
  STEELYARD_RETURN_IF_ERROR(engine->Start());
  return engine;
}

}  // namespace steelyard::server
