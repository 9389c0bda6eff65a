#include "server/launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/str_cat.h"
#include "server/pidfd.h"
#include "server/start_process.h"
#include "server/unique_fd.h"
#include "support/mutex.h"

namespace steelyard::server {
namespace {

// Since some moment; no one sets it back.
absl::Duration MonotonicNow() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

class ProcessLauncher final : public Launcher {
 public:
  explicit ProcessLauncher(UniqueFd wake)
      : wake_(std::move(wake)), thread_([this] { Run(); }) {}
  ~ProcessLauncher() override;

  LaunchId Launch(LaunchRequest request, absl::Duration delay,
                  OnExit on_exit) override ABSL_LOCKS_EXCLUDED(mu_);
  void Terminate(LaunchId launch) override ABSL_LOCKS_EXCLUDED(mu_);
  void Kill(LaunchId launch) override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Entry {
    LaunchRequest request;
    absl::Duration begin;  // by MonotonicNow
    OnExit on_exit;
    bool cancelled = false;
    StartedProcess process;  // pid -1: not begun

    bool begun() const { return process.pid >= 0; }
  };
  using Command = absl::AnyInvocable<void()>;

  void Post(Command command) ABSL_LOCKS_EXCLUDED(mu_);
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  void RunCommands() ABSL_LOCKS_EXCLUDED(mu_);
  bool Ending() ABSL_LOCKS_EXCLUDED(mu_);
  void Begin();
  void WaitForNews();
  void TakeExits();
  void EndAll();
  void Finish(LaunchId launch, const std::string& how);

  const UniqueFd wake_;  // an eventfd

  std::map<LaunchId, Entry> entries_;  // the launcher's thread's own

  Mutex mu_;
  std::vector<Command> commands_ ABSL_GUARDED_BY(mu_);
  LaunchId last_launch_ ABSL_GUARDED_BY(mu_) = 0;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: starts when all else is there
};

ProcessLauncher::~ProcessLauncher() {
  {
    const MutexLock lock(mu_);
    ending_ = true;
  }
  Post([] {});
  thread_.join();
}

void ProcessLauncher::Post(Command command) {
  {
    const MutexLock lock(mu_);
    commands_.push_back(std::move(command));
  }
  // Fails only when the counter is full, and then the thread is awake.
  eventfd_write(wake_.get(), 1);
}

LaunchId ProcessLauncher::Launch(LaunchRequest request, absl::Duration delay,
                                 OnExit on_exit) {
  LaunchId id = 0;
  {
    const MutexLock lock(mu_);
    id = ++last_launch_;
  }
  Post([this, id, begin = MonotonicNow() + delay, request = std::move(request),
        on_exit = std::move(on_exit)]() mutable {
    Entry& entry = entries_[id];
    entry.request = std::move(request);
    entry.begin = begin;
    entry.on_exit = std::move(on_exit);
  });
  return id;
}

void ProcessLauncher::Terminate(LaunchId launch) {
  Post([this, launch] {
    const auto found = entries_.find(launch);
    if (found == entries_.end()) return;
    found->second.cancelled = true;
    if (!found->second.begun()) return;
    pidfd_send_signal(found->second.process.pidfd.get(), SIGTERM, nullptr, 0);
  });
}

void ProcessLauncher::Kill(LaunchId launch) {
  Post([this, launch] {
    const auto found = entries_.find(launch);
    if (found == entries_.end()) return;
    found->second.cancelled = true;
    if (!found->second.begun()) return;
    pidfd_send_signal(found->second.process.pidfd.get(), SIGKILL, nullptr, 0);
  });
}

void ProcessLauncher::Run() {
  while (!Ending()) {
    RunCommands();
    Begin();
    WaitForNews();
    TakeExits();
  }
  EndAll();
}

bool ProcessLauncher::Ending() {
  const MutexLock lock(mu_);
  return ending_;
}

void ProcessLauncher::RunCommands() {
  std::vector<Command> commands;
  {
    const MutexLock lock(mu_);
    commands.swap(commands_);
  }
  for (Command& command : commands) command();
}

void ProcessLauncher::Begin() {
  std::map<LaunchId, std::string> failed;
  for (auto& [id, entry] : entries_) {
    if (entry.begun()) continue;
    if (entry.cancelled) {
      failed[id] = "not started: it was cancelled";
    } else if (entry.begin <= MonotonicNow()) {
      absl::StatusOr<StartedProcess> process = StartProcess(entry.request);
      if (process.ok()) {
        entry.process = *std::move(process);
      } else {
        failed[id] = absl::StrCat("not started: ", process.status().message());
      }
    }
  }
  for (const auto& [id, how] : failed) Finish(id, how);
}

void ProcessLauncher::WaitForNews() {
  std::vector<pollfd> waits = {
      {.fd = wake_.get(), .events = POLLIN, .revents = 0}};
  absl::Duration timeout = absl::InfiniteDuration();
  for (const auto& [id, entry] : entries_) {
    if (!entry.begun()) {
      timeout = std::min(timeout, entry.begin - MonotonicNow());
      continue;
    }
    waits.push_back(
        {.fd = entry.process.pidfd.get(), .events = POLLIN, .revents = 0});
    // poll passes over a negative descriptor: a log whose pipe is closed.
    waits.push_back(
        {.fd = entry.request.log->pipe_fd(), .events = POLLIN, .revents = 0});
  }
  // Rounded up, so that it is not too early by less than a millisecond.
  const int64_t timeout_ms =
      timeout == absl::InfiniteDuration()
          ? -1
          : std::clamp<int64_t>(absl::ToInt64Milliseconds(timeout) + 1, 0,
                                1'000'000);
  poll(waits.data(), waits.size(), static_cast<int>(timeout_ms));
  if (waits.front().revents != 0) {
    eventfd_t ignored = 0;
    eventfd_read(wake_.get(), &ignored);
  }
}

void ProcessLauncher::TakeExits() {
  std::vector<LaunchId> exited;
  for (auto& [id, entry] : entries_) {
    if (!entry.begun()) continue;
    entry.request.log->Drain();
    pollfd wait = {
        .fd = entry.process.pidfd.get(), .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, 0) == 1) exited.push_back(id);
  }
  for (const LaunchId id : exited) {
    Finish(id, TakeExit(entries_.at(id).process.pid));
  }
}

void ProcessLauncher::EndAll() {
  RunCommands();
  for (auto& [id, entry] : entries_) {
    if (entry.begun()) {
      pidfd_send_signal(entry.process.pidfd.get(), SIGKILL, nullptr, 0);
    }
  }
  while (!entries_.empty()) {
    const auto& [id, entry] = *entries_.begin();
    const LaunchId launch = id;
    Finish(launch, entry.begun() ? TakeExit(entry.process.pid)
                                 : "not started: the launcher ended");
  }
}

void ProcessLauncher::Finish(LaunchId launch, const std::string& how) {
  const auto found = entries_.find(launch);
  Entry entry = std::move(found->second);
  entries_.erase(found);
  if (entry.begun()) {
    entry.request.log->Note(
        absl::StrCat("process ", entry.process.pid, " ended: ", how));
  }
  entry.on_exit(how);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Launcher>> MakeProcessLauncher() {
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.get() < 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("eventfd: ", std::strerror(errno)));
  }
  return std::make_unique<ProcessLauncher>(std::move(wake));
}

}  // namespace steelyard::server
