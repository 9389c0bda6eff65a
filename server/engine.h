#ifndef STEELYARD_SERVER_ENGINE_H_
#define STEELYARD_SERVER_ENGINE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/engine_options.h"
#include "server/engine_state.h"
#include "server/engine_types.h"
#include "server/executor.h"
#include "server/report.h"
#include "server/request_ids.h"
#include "server/scheduler.h"
#include "steelyard/v1/admin_service.pb.h"
#include "steelyard/v1/worker_service.pb.h"
#include "storage/change.h"
#include "storage/file_store.h"
#include "storage/reader.h"

namespace steelyard::server {

// What the engine causes in the world, besides what it asks of an Executor.
class Effects {
 public:
  // Called on the engine's thread, after AdvanceTo, in the order of the Commit
  // calls, never within one.  An error that is not a refusal of the change says
  // that the disk failed and nothing has changed.
  using Outcome = absl::AnyInvocable<void(const absl::Status&)>;

  virtual ~Effects() = default;
  virtual void Commit(storage::Change change, Outcome outcome) = 0;
  virtual void Send(SessionId session, v1::SessionResponse message) = 0;
  virtual void End(SessionId session, absl::Status why) = 0;
  // For those who watch a run.
  virtual void Changed(storage::RunId run) = 0;
  virtual void Ended(storage::RunId run) = 0;
};

// The life of runs: who waits, who has which lease, what counts against whom.
//
// Events go in by the methods below, effects come out through Effects.  It
// knows no gRPC, no process, no clock and no thread: one caller at a time, who
// says what time it is.  No answer, lease or acknowledgement leaves before the
// commit of what it rests on.
class Engine {
 public:
  // Everything must outlive the engine.
  struct Parts {
    Effects* effects = nullptr;
    storage::Reader* reader = nullptr;
    const storage::FileStore* files = nullptr;
    Executor* executor = nullptr;
  };

  Engine(const Parts& parts, const EngineOptions& options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  // Whoever still waits is answered Unavailable.
  ~Engine();

  // Takes up what the store holds.  First, once.
  // Errors: those of storage::Reader.
  absl::Status Start(absl::Time now);

  // What follows happens at `now`.  To be called before every event and every
  // outcome, and at least every second: it does what has come due.  A jump of
  // more than five seconds, or backwards, says that this process or its clock
  // stood still, and takes nobody's time.
  void AdvanceTo(absl::Time now);

  // Requests: see EngineThread, which passes them on.
  void SubmitRun(storage::AddRun run, Reply<storage::RunId> reply);
  void CancelRun(const CancelRequest& request, Reply<storage::RunId> reply);
  void AddDataset(storage::AddDataset dataset, Reply<storage::Sha256> reply);
  LiveRun GetLiveRun(storage::RunId run) const;
  std::vector<v1::Progress> GetProgress(
      const std::vector<storage::RunId>& runs) const;
  EngineStatus GetStatus() const;
  std::vector<v1::Worker> ListWorkers() const;
  void Drain(absl::Duration limit, Reply<bool> reply);

  // Workers.  `session` is a new number; what comes of an unknown one is
  // ignored.
  void Connect(SessionId session, v1::WorkerHello hello);
  void Receive(SessionId session, v1::SessionRequest message);
  void Disconnect(SessionId session);

 private:
  // The outcome of a change of a run, whose entry is there.
  using RunOutcome = absl::AnyInvocable<void(RunEntry&, const absl::Status&)>;

  // engine.cc
  absl::Status LoadDatasets();
  absl::Status LoadRuns();
  // `rejections`: of the datasets seen so far, empty where there is none.
  absl::Status LoadDataset(storage::RunId run, const storage::Sha256& dataset,
                           RunEntry& entry,
                           std::map<storage::Sha256, std::string>& rejections);
  absl::Status LoadRequests();
  void ShiftTimes(absl::Duration jump);
  void RunTimers();
  void CheckSessions();
  void CheckDrain();
  void ForgetRequests();

  // engine_requests.cc
  void AnswerRepeat(const RequestIds::Key& key, RequestIds::Entry& entry,
                    RequestIds::Repeat repeat);
  void AnswerRepeats(const RequestIds::Key& key, const absl::Status& status);
  absl::Status CheckRoom(const storage::AddRun& run) const;
  absl::StatusOr<std::vector<storage::Sha256>> PendingOf(
      const std::vector<storage::Sha256>& datasets);
  void Added(storage::RunId run, RunEntry entry);
  // Gives the numbers of refused runs back, as far as no later one is taken.
  void TakeBackNumbers();
  void CancelEnded(const CancelRequest& request, Reply<storage::RunId> reply);

  // engine_runs.cc
  // Does what is next for a run, unless a change of it is with the writer.
  void Advance(storage::RunId run);
  void Enqueue(storage::RunId run, RunEntry& entry);
  void Dequeue(storage::RunId run, RunEntry& entry);
  void CommitFor(storage::RunId run, storage::Change change,
                 RunOutcome outcome);
  void RetryLater(storage::RunId run);
  void Cancel(storage::RunId run, RunEntry& entry);
  void Fail(storage::RunId run, RunEntry& entry);
  void CommitEnd(storage::RunId run, RunEntry& entry, storage::EndRun change);
  void OnNotEnded(storage::RunId run, RunEntry& entry,
                  const absl::Status& status);
  void ReadWork(storage::RunId run, RunEntry& entry);
  // Forgets the run, whose end is on disk; `entry` is gone then.
  void FinishRun(storage::RunId run, RunEntry& entry, storage::RunState state);
  void StopLeaseOfEnded(storage::RunId run);

  // engine_leases.cc
  void Assign();
  void PauseLeasing(const absl::Status& status);
  void Grant(SessionId session, storage::RunId run);
  void OnUnreadable(storage::RunId run, RunEntry& entry,
                    const absl::Status& status);
  void OnGranted(storage::RunId run, RunEntry& entry, v1::TrainLease message);
  void OnNotGranted(storage::RunId run, RunEntry& entry,
                    const absl::Status& status);
  Lease* FindLease(storage::RunId run);
  // The lease that this session has of that attempt; null when it is over.
  Lease* LeaseOf(SessionId session, int64_t run, int64_t attempt);
  void OnReport(SessionId session, v1::RunReport report);
  void OnStopped(SessionId session, const v1::StoppedRun& stopped);
  void CommitReport(storage::RunId run, Lease& lease);
  void OnReported(storage::RunId run, RunEntry& entry,
                  const ReportFacts& facts);
  void OnNotReported(storage::RunId run, const absl::Status& status);
  static v1::RunReport PopReport(Lease& lease);
  void CloseAttempt(storage::RunId run, RunEntry& entry, Lease& lease);
  void OnClosed(storage::RunId run, RunEntry& entry, int losses,
                const absl::Status& status);
  void Acknowledge(SessionId session, const v1::RunReport& report, bool fenced);
  enum class Keep { kState, kNothing };
  void SendStop(storage::RunId run, const Lease& lease, Keep keep);

  // engine_sessions.cc
  void MakeBusy(SessionId session, std::string with);
  void MakeIdle(SessionId session);
  // Ends a session that went wrong, and what it had.
  void DropSession(SessionId session, const absl::Status& why);
  void LoseSession(SessionId session, const std::string& message);
  void OnHeartbeat(SessionId session, const v1::WorkerHeartbeat& heartbeat);
  std::string LastWords(const std::string& worker) const;
  // Those since it began to inspect the dataset, without what names another.
  std::string LastWordsOn(const std::string& worker,
                          const storage::Sha256& dataset) const;
  static std::string WordsOf(const std::string& worker,
                             const std::vector<std::string>& lines);

  // engine_datasets.cc
  void AddPending(const storage::Sha256& dataset, int64_t size_bytes);
  // Does what is next for an inspection.
  void AdvanceInspection(const storage::Sha256& dataset);
  void Inspect(SessionId session, const storage::Sha256& dataset);
  void OnInspected(SessionId session, const v1::InspectionReport& report);
  void LoseInspection(const storage::Sha256& dataset, const std::string& worker,
                      const std::string& message);
  void OnInspectionStored(const storage::Sha256& dataset,
                          const absl::Status& status);
  // By value: it ends the inspection that holds the words.
  void FinishInspection(const storage::Sha256& dataset, std::string words);
  // Starts and ends inspectors, as there is work.
  void CheckInspectors();
  void KeepInspectors(int count);
  bool SmallFileWaits() const;
  void RetireInspectors();

  Effects& effects_;
  storage::Reader& reader_;
  const storage::FileStore& files_;
  Executor& executor_;
  const EngineOptions options_;

  absl::Time now_ = absl::InfinitePast();
  absl::Time next_timers_ = absl::InfinitePast();
  absl::Time next_forget_ = absl::InfinitePast();

  int64_t last_run_id_ = 0;
  int64_t last_stored_run_id_ = 0;
  int64_t adding_ = 0;  // new runs with the writer
  std::map<int64_t, RunEntry> runs_;
  std::map<int64_t, Lease> leases_;  // by run
  std::map<SessionId, Session> sessions_;
  std::map<storage::Sha256, Inspection> inspections_;
  Schedule schedule_;
  RequestIds requests_;
  bool forgetting_ = false;  // a ForgetRequests is with the writer

  // After the disk refused a change: when to try again.
  absl::Time leasing_pause_ = absl::InfinitePast();
  std::deque<std::pair<absl::Time, storage::RunId>> retries_;
  std::deque<std::pair<absl::Time, storage::Sha256>> inspection_retries_;
  // A rejected dataset may fail a million runs: only so many at a time.
  int64_t ending_ = 0;
  std::deque<storage::RunId> to_fail_;

  int inspectors_ = 0;  // that the executor keeps
  absl::Time inspectors_idle_since_ = absl::InfinitePast();
  absl::Time drain_deadline_ = absl::InfiniteFuture();
  std::vector<Reply<bool>> drains_;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_ENGINE_H_
