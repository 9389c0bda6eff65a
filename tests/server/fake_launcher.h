#ifndef STEELYARD_TESTS_SERVER_FAKE_LAUNCHER_H_
#define STEELYARD_TESTS_SERVER_FAKE_LAUNCHER_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/launcher.h"

namespace steelyard::server {

// Processes that begin and end when a test says so.
class FakeLauncher final : public Launcher {
 public:
  struct Process {
    LaunchRequest request;
    absl::Duration delay;
    OnExit on_exit;
    bool asked_to_end = false;
  };

  LaunchId Launch(LaunchRequest request, absl::Duration delay,
                  OnExit on_exit) override {
    running_[++last_] = {std::move(request), delay, std::move(on_exit)};
    return last_;
  }
  void Terminate(LaunchId launch) override {
    if (running_.contains(launch)) running_[launch].asked_to_end = true;
  }
  void Kill(LaunchId launch) override { killed_.push_back(launch); }

  // The newest process of that worker; null when none runs.
  Process* Find(const std::string& worker) {
    Process* newest = nullptr;
    for (auto& [id, process] : running_) {
      if (NameOf(process) == worker) newest = &process;
    }
    return newest;
  }
  // Ends it, as it might by itself.
  void Exit(const std::string& worker, const std::string& how) {
    for (auto& [id, process] : running_) {
      if (NameOf(process) != worker) continue;
      const OnExit on_exit = std::move(process.on_exit);
      running_.erase(id);
      return on_exit(how);
    }
  }
  size_t running() const { return running_.size(); }
  const std::vector<LaunchId>& killed() const { return killed_; }

  static std::string NameOf(const Process& process) {
    const std::vector<std::string>& argv = process.request.argv;
    for (size_t i = 0; i + 1 < argv.size(); ++i) {
      if (argv[i] == "--name") return argv[i + 1];
    }
    return "";
  }

 private:
  std::map<LaunchId, Process> running_;
  std::vector<LaunchId> killed_;
  LaunchId last_ = 0;
};

}  // namespace steelyard::server

#endif  // STEELYARD_TESTS_SERVER_FAKE_LAUNCHER_H_
