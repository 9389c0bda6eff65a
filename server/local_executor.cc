#include "server/local_executor.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/log.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

// `i` from 1 on.
std::string InspectorName(int i) { return absl::StrCat("local-inspect-", i); }

}  // namespace

LocalExecutor::LocalExecutor(LocalExecutorOptions options,
                             std::unique_ptr<Launcher> launcher)
    : options_(std::move(options)), launcher_(std::move(launcher)) {}

absl::StatusOr<std::unique_ptr<LocalExecutor>> LocalExecutor::Create(
    LocalExecutorOptions options, std::unique_ptr<Launcher> launcher) {
  if (access(options.program.c_str(), X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat("worker: want a program, got ",
                                            options.program, ": ",
                                            std::strerror(errno)));
  }
  std::unique_ptr<LocalExecutor> executor(
      new LocalExecutor(std::move(options), std::move(launcher)));
  for (int i = 1; i <= executor->options_.workers; ++i) {
    STEELYARD_RETURN_IF_ERROR(
        executor->Add(absl::StrCat("local-", i), /*inspect_only=*/false));
  }
  for (int i = 1; i <= kMostInspectors; ++i) {
    STEELYARD_RETURN_IF_ERROR(
        executor->Add(InspectorName(i), /*inspect_only=*/true));
  }
  return executor;
}

LocalExecutor::~LocalExecutor() {
  {
    const MutexLock lock(mu_);
    stopping_ = true;
  }
  launcher_.reset();
}

absl::Status LocalExecutor::Add(const std::string& name, bool inspect_only) {
  STEELYARD_ASSIGN_OR_RETURN(std::shared_ptr<WorkerLog> log,
                             WorkerLog::Open(options_.log_folder, name));
  const MutexLock lock(mu_);
  Process& process = processes_[name];
  process.log = std::move(log);
  process.inspect_only = inspect_only;
  return absl::OkStatus();
}

void LocalExecutor::Start() {
  const MutexLock lock(mu_);
  for (auto& [name, process] : processes_) {
    if (process.inspect_only) continue;
    process.wanted = true;
    Launch(name, process);
  }
}

bool LocalExecutor::Stop(absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  const MutexLock lock(mu_);
  stopping_ = true;
  for (auto& [name, process] : processes_) {
    if (process.launch != 0) launcher_->Terminate(process.launch);
  }
  while (!AllEnded() && absl::Now() < deadline) {
    ended_.WaitFor(mu_, deadline - absl::Now());
  }
  return AllEnded();
}

bool LocalExecutor::AllEnded() const {
  return std::all_of(
      processes_.begin(), processes_.end(),
      [](const auto& process) { return process.second.launch == 0; });
}

void LocalExecutor::KeepInspectors(int count) {
  const MutexLock lock(mu_);
  for (int i = 1; i <= kMostInspectors; ++i) {
    const std::string name = InspectorName(i);
    Process& process = processes_.at(name);
    if (process.wanted == (i <= count)) continue;
    process.wanted = i <= count;
    if (!process.wanted) {
      process.delay = absl::ZeroDuration();
      if (process.launch != 0) launcher_->Terminate(process.launch);
    } else if (process.launch == 0 && !stopping_) {
      // One that is still ending is followed by another when it has.
      Launch(name, process);
    }
  }
}

void LocalExecutor::KillWorker(const std::string& worker) {
  const MutexLock lock(mu_);
  const auto found = processes_.find(worker);
  if (found == processes_.end() || found->second.launch == 0) return;
  launcher_->Kill(found->second.launch);
}

std::vector<std::string> LocalExecutor::LastLogLines(const std::string& worker,
                                                     int lines) {
  std::shared_ptr<WorkerLog> log;
  {
    const MutexLock lock(mu_);
    const auto found = processes_.find(worker);
    if (found == processes_.end()) return {};
    log = found->second.log;
  }
  return log->LastLines(lines);
}

std::vector<std::string> LocalExecutor::Argv(const std::string& name,
                                             bool inspect_only) const {
  std::vector<std::string> argv = {options_.program,
                                   "--server",
                                   options_.server,
                                   "--token-file",
                                   options_.token_file,
                                   "--name",
                                   name,
                                   "--lifeline-fd",
                                   absl::StrCat(Launcher::kLifelineFd)};
  if (inspect_only) argv.emplace_back("--inspect-only");
  if (options_.memory_limit_bytes > 0) {
    argv.emplace_back("--memory-limit-bytes");
    argv.push_back(absl::StrCat(options_.memory_limit_bytes));
  }
  return argv;
}

void LocalExecutor::Launch(const std::string& name, Process& process) {
  process.begin = options_.clock() + process.delay;
  process.launch = launcher_->Launch(
      {.argv = Argv(name, process.inspect_only),
       .nice = options_.nice,
       .log = process.log},
      process.delay,
      [this, name](const std::string& how) { OnExit(name, how); });
}

void LocalExecutor::OnExit(const std::string& name, const std::string& how) {
  const MutexLock lock(mu_);
  Process& process = processes_.at(name);
  process.launch = 0;
  if (stopping_ || !process.wanted) {
    ended_.NotifyAll();
    return;
  }
  const bool lived_short =
      options_.clock() - process.begin < options_.short_life;
  process.delay = lived_short
                      ? std::clamp(2 * process.delay, options_.first_delay,
                                   options_.longest_delay)
                      : absl::ZeroDuration();
  Log(Severity::kWarning, "worker_process_ended",
      {{"worker", name},
       {"how", how},
       {"next_in", absl::FormatDuration(process.delay)}});
  Launch(name, process);
}

}  // namespace steelyard::server
