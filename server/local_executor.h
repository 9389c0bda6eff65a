#ifndef STEELYARD_SERVER_LOCAL_EXECUTOR_H_
#define STEELYARD_SERVER_LOCAL_EXECUTOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/executor.h"
#include "server/launcher.h"
#include "server/worker_log.h"
#include "support/mutex.h"

namespace steelyard::server {

struct LocalExecutorOptions {
  std::string program;     // of the worker
  std::string server;      // that workers dial, e.g. unix:DATA_DIR/worker.sock
  std::string token_file;  // that holds the workers' token
  std::string log_folder;  // made when missing: DATA_DIR/workers
  int workers = 1;         // that train; 0: none
  int nice = 10;
  int64_t memory_limit_bytes = 0;  // of a worker, beyond idle; 0: no limit
  // After a process that lived shorter than `short_life` the next one waits:
  // `first_delay`, then twice as long each time, at most `longest_delay`.
  absl::Duration short_life = absl::Seconds(10);
  absl::Duration first_delay = absl::Milliseconds(100);
  absl::Duration longest_delay = absl::Seconds(30);
  std::function<absl::Time()> clock = absl::Now;
};

// Keeps workers as child processes, local-1 to local-N, and local-inspect-1 and
// -2 as far as they are asked for; restarts those that die.
class LocalExecutor final : public Executor {
 public:
  // Starts no process yet.
  // Errors: NotFound when the program can't be executed; those of the file
  // system.
  static absl::StatusOr<std::unique_ptr<LocalExecutor>> Create(
      LocalExecutorOptions options, std::unique_ptr<Launcher> launcher);
  // Kills what still lives.
  ~LocalExecutor() override;

  // Starts the workers that train; the server must listen by now.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);

  // Asks all to end, waits for that at most for `limit`, and starts none any
  // more.  Blocks.  True when all have ended.
  bool Stop(absl::Duration limit) ABSL_LOCKS_EXCLUDED(mu_);

  bool StartsInspectors() const override { return true; }
  void KeepInspectors(int count) override ABSL_LOCKS_EXCLUDED(mu_);
  void KillWorker(const std::string& worker) override ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<std::string> LastLogLines(const std::string& worker,
                                        int lines) override
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Process {
    std::shared_ptr<WorkerLog> log;
    bool inspect_only = false;
    bool wanted = false;
    LaunchId launch = 0;  // 0: none
    absl::Time begin;
    absl::Duration delay;  // before the last launch
  };

  LocalExecutor(LocalExecutorOptions options,
                std::unique_ptr<Launcher> launcher);

  absl::Status Add(const std::string& name, bool inspect_only)
      ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<std::string> Argv(const std::string& name,
                                bool inspect_only) const;
  void Launch(const std::string& name, Process& process)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnExit(const std::string& name, const std::string& how)
      ABSL_LOCKS_EXCLUDED(mu_);
  bool AllEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const LocalExecutorOptions options_;

  Mutex mu_;
  CondVar ended_;
  std::map<std::string, Process> processes_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<Launcher> launcher_;  // last: its thread calls OnExit
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_LOCAL_EXECUTOR_H_
