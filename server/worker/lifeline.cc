#include "server/worker/lifeline.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "support/check.h"

namespace steelyard::worker {
namespace {

sigset_t EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void Lifeline::BlockSignals() {
  const sigset_t set = EndSignals();
  STEELYARD_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
}

Lifeline::Lifeline(int fd, absl::Duration end_limit)
    : fd_(fd), end_limit_(end_limit) {
  const sigset_t set = EndSignals();
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  STEELYARD_CHECK(signals_ >= 0);
  std::array<int, 2> ends = {};
  STEELYARD_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0);
  stop_read_ = ends[0];
  stop_write_ = ends[1];
  thread_ = std::thread([this] { Run(); });
}

Lifeline::~Lifeline() {
  close(stop_write_);
  thread_.join();
  close(stop_read_);
  close(signals_);
}

void Lifeline::SetSession(SessionQueue* queue) {
  MutexLock lock(mu_);
  queue_ = queue;
  if (ending_ && queue_ != nullptr) queue_->RequestEnd();
}

bool Lifeline::ending() const {
  MutexLock lock(mu_);
  return ending_;
}

void Lifeline::Wait(absl::Duration limit) {
  const absl::Duration until = MonotonicNow() + limit;
  MutexLock lock(mu_);
  while (!ending_ && MonotonicNow() < until) {
    changed_.WaitFor(mu_, until - MonotonicNow());
  }
}

void Lifeline::RequestEnd() {
  MutexLock lock(mu_);
  ending_ = true;
  changed_.NotifyAll();
  if (queue_ != nullptr) queue_->RequestEnd();
}

void Lifeline::Run() {
  int timeout_ms = -1;
  for (;;) {
    // A negative fd is passed over by poll.
    std::array<pollfd, 3> waits = {
        {{.fd = stop_read_, .events = POLLIN, .revents = 0},
         {.fd = fd_, .events = POLLIN, .revents = 0},
         {.fd = signals_, .events = POLLIN, .revents = 0}}};
    const int ready = poll(waits.data(), waits.size(), timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (waits[0].revents != 0) return;
    // _exit: nothing of a worker outlives it, and its threads are at work.
    if (waits[1].revents != 0) _exit(0);
    if (ready == 0) _exit(1);
    signalfd_siginfo info = {};
    if (read(signals_, &info, sizeof(info)) != sizeof(info)) continue;
    if (info.ssi_signo == SIGINT && fd_ >= 0) continue;
    RequestEnd();
    timeout_ms = static_cast<int>(absl::ToInt64Milliseconds(end_limit_));
  }
}

}  // namespace steelyard::worker
