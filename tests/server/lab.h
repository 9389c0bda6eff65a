#ifndef STEELYARD_TESTS_SERVER_LAB_H_
#define STEELYARD_TESTS_SERVER_LAB_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/engine.h"
#include "server/local_executor.h"
#include "tests/server/fake_launcher.h"
#include "tests/storage/test_store.h"

namespace steelyard::server {

// What a reply said; nothing until it came.
template <typename T>
class Said {
 public:
  Reply<T> reply() {
    return
        [answer = answer_](absl::StatusOr<T> it) { *answer = std::move(it); };
  }
  bool came() const { return answer_->has_value(); }
  const absl::StatusOr<T>& get() const { return **answer_; }

 private:
  std::shared_ptr<std::optional<absl::StatusOr<T>>> answer_ =
      std::make_shared<std::optional<absl::StatusOr<T>>>();
};

// A laboratory in one thread: an engine on a real store, workers that say what
// a test makes them say, and a clock that stands still.  Changes are written
// when the test says so.
class Lab final : private Effects {
 public:
  struct Options {
    EngineOptions engine = {};
    bool local_executor = false;  // else workers come by themselves
  };

  Lab() : Lab(Options()) {}
  explicit Lab(Options options);
  ~Lab() override;

  // The server is killed and started again: what was not written is gone, and
  // so are all sessions.
  void Restart();

  // Writes all changes, and those that follow from them.
  void Settle();
  // Writes the changes that wait now; returns how many.
  size_t WriteOnce();
  // Time passes, second by second.
  void Pass(absl::Duration duration);
  // The clock jumps.
  void Jump(absl::Duration duration);

  Said<storage::RunId> Submit(storage::AddRun run = NewRun());
  // Submits, writes, and returns the run.
  storage::RunId Add(storage::AddRun run = NewRun());
  Said<storage::RunId> Cancel(storage::RunId run,
                              const std::string& user = "ann",
                              bool may_cancel_all = false);
  // Puts a file into the store and adds it, PENDING.
  storage::Sha256 AddDataset(const std::string& bytes);
  Said<bool> Drain(absl::Duration limit);

  // A run by "ann" whose stored spec is an empty message.
  static storage::AddRun NewRun();

  SessionId Connect(const std::string& worker,
                    const std::string& numerics_id = "1-test",
                    bool inspect_only = false);
  void Disconnect(SessionId session);
  void Say(SessionId session, v1::SessionRequest message);
  // The next message; fails the test when there is none.
  v1::SessionResponse Next(SessionId session);
  bool HasMessage(SessionId session) { return !inbox_[session].empty(); }
  v1::TrainLease NextLease(SessionId session);
  // Why the engine ended the session, if it did.
  std::optional<absl::Status> EndOf(SessionId session);

  Engine& engine() { return *engine_; }
  storage::Reader& reader() { return *reader_; }
  FakeLauncher& launcher() { return *launcher_; }
  storage::RunRow Row(storage::RunId run) {
    return reader_->GetRun(run).value();
  }
  std::vector<storage::AttemptRow> Attempts(storage::RunId run) {
    return reader_->Attempts(run).value();
  }
  std::vector<std::string> WaitingFor(storage::RunId run);
  size_t unwritten() const { return unwritten_.size(); }
  absl::Time now() const { return now_; }

  // While set, the disk takes nothing, and says this.
  std::optional<absl::Status> disk_error;
  // Runs that watchers were told of, and told that they ended.
  std::multiset<int64_t> changed;
  std::multiset<int64_t> ended;

 private:
  void Commit(storage::Change change, Outcome outcome) override {
    unwritten_.emplace_back(std::move(change), std::move(outcome));
  }
  void Send(SessionId session, v1::SessionResponse message) override {
    inbox_[session].push_back(std::move(message));
  }
  void End(SessionId session, absl::Status why) override {
    ends_[session] = std::move(why);
  }
  void Changed(storage::RunId run) override { changed.insert(run.value); }
  void Ended(storage::RunId run) override { ended.insert(run.value); }
  void Open();

  const Options options_;
  storage::TempFolder folder_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::unique_ptr<storage::Writer> writer_;
  std::unique_ptr<storage::Reader> reader_;
  std::optional<storage::FileStore> files_;
  NoExecutor no_executor_;
  std::unique_ptr<LocalExecutor> local_executor_;
  FakeLauncher* launcher_ = nullptr;
  std::deque<std::pair<storage::Change, Outcome>> unwritten_;
  SessionId last_session_ = 0;
  std::map<SessionId, std::deque<v1::SessionResponse>> inbox_;
  std::map<SessionId, absl::Status> ends_;
  std::unique_ptr<Engine> engine_;
};

// What a worker says of a lease, put together by a test.  The value of a sample
// depends on its run and ordinal alone.
class Telling {
 public:
  explicit Telling(const v1::TrainLease& lease, int64_t report_number = 1);
  Telling& Samples(int64_t first_ordinal, int64_t count);
  Telling& Checkpoint(int64_t step, int64_t next_ordinal);
  Telling& Succeeded();
  Telling& Failed(v1::FailureReason reason, const std::string& message);
  operator v1::SessionRequest() const { return message_; }  // NOLINT

 private:
  v1::RunReport& report() { return *message_.mutable_report(); }
  v1::SessionRequest message_;
};

v1::SessionRequest Heartbeat(const v1::TrainLease& lease, int64_t step);
v1::SessionRequest Stopped(const v1::StopRun& stop);
v1::SessionRequest Inspected(const storage::Sha256& dataset,
                             const std::string& rejection = "");

}  // namespace steelyard::server

#endif  // STEELYARD_TESTS_SERVER_LAB_H_
