#ifndef STEELYARD_SERVER_EXECUTOR_H_
#define STEELYARD_SERVER_EXECUTOR_H_

#include <string>
#include <vector>

namespace steelyard::server {

// Owns the processes that workers run in.  The engine asks, and hears of the
// answer when a worker dials in or its session ends.  Thread-safe; no call
// waits for a process.
class Executor {
 public:
  virtual ~Executor() = default;

  // Whether it starts workers for inspections alone.  Where it does not, any
  // idle worker inspects, before it trains.
  virtual bool StartsInspectors() const = 0;

  // Keeps `count` workers for inspections, at most kMostInspectors: starts
  // those that are missing, again when they die, and asks the others to end.  A
  // repeated call does nothing.
  static constexpr int kMostInspectors = 2;
  virtual void KeepInspectors(int count) = 0;

  // Ends the process of a worker at once, as a crash would; a new one takes its
  // place.  Nothing when the worker is not of this executor.
  virtual void KillWorker(const std::string& worker) = 0;

  // What the worker wrote last, oldest first: at most `lines` lines of at most
  // 1,024 bytes.  Complete up to the worker's end once its session has ended.
  // Empty when the worker is not of this executor.
  virtual std::vector<std::string> LastLogLines(const std::string& worker,
                                                int lines) = 0;
};

// No process: workers come by themselves.
class NoExecutor final : public Executor {
 public:
  bool StartsInspectors() const override { return false; }
  void KeepInspectors(int) override {}
  void KillWorker(const std::string&) override {}
  std::vector<std::string> LastLogLines(const std::string&, int) override {
    return {};
  }
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_EXECUTOR_H_
