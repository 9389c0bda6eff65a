#include "server/start_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/pidfd.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

constexpr int kCannotStart = 127;
// Above every number that the child gives a meaning, so that no dup2 of its
// closes what the next one needs.
constexpr int kLowestFd = 10;

absl::Status Exhausted(absl::string_view what) {
  return absl::ResourceExhaustedError(
      absl::StrCat(what, ": ", std::strerror(errno)));
}

absl::StatusOr<UniqueFd> MoveUp(UniqueFd fd) {
  UniqueFd moved(fcntl(fd.get(), F_DUPFD_CLOEXEC, kLowestFd));
  if (moved.get() < 0) return Exhausted("fcntl");
  return moved;
}

// All that the child needs, made before the fork: between fork and exec it may
// neither allocate nor lock.
struct ChildPlan {
  std::vector<char*> argv;  // ends with null
  int nice = 0;
  pid_t parent = 0;
  UniqueFd null;      // becomes 0
  UniqueFd output;    // becomes 1 and 2
  UniqueFd lifeline;  // becomes Launcher::kLifelineFd
};

void ResetSignals() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) {
    sigaction(signal, &action, nullptr);  // refused for SIGKILL and SIGSTOP
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void Refuse(const char* what) {
  const char* why = strerrordesc_np(errno);
  const std::array<const char*, 4> parts = {what, ": ",
                                            why == nullptr ? "" : why, "\n"};
  for (const char* part : parts) {
    if (write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  }
  _exit(kCannotStart);
}

[[noreturn]] void RunChild(const ChildPlan& plan) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have ended before that.
  if (getppid() != plan.parent) _exit(kCannotStart);
  setsid();
  ResetSignals();
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + plan.nice);
  if (dup2(plan.null.get(), STDIN_FILENO) < 0 ||
      dup2(plan.output.get(), STDOUT_FILENO) < 0 ||
      dup2(plan.output.get(), STDERR_FILENO) < 0 ||
      dup2(plan.lifeline.get(), Launcher::kLifelineFd) < 0) {
    Refuse("dup2");
  }
  // Whoever opened one without O_CLOEXEC.
  close_range(Launcher::kLifelineFd + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  execv(plan.argv.front(), plan.argv.data());
  Refuse(plan.argv.front());
}

}  // namespace

absl::StatusOr<StartedProcess> StartProcess(const LaunchRequest& request) {
  if (access(request.argv.front().c_str(), X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat(
        request.argv.front(), ": want a program, got: ", std::strerror(errno)));
  }
  ChildPlan plan;
  plan.nice = request.nice;
  plan.parent = getpid();
  for (const std::string& argument : request.argv) {
    plan.argv.push_back(const_cast<char*>(argument.c_str()));
  }
  plan.argv.push_back(nullptr);

  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Exhausted("pipe");
  StartedProcess process;
  process.lifeline = UniqueFd(ends[1]);
  STEELYARD_ASSIGN_OR_RETURN(plan.lifeline, MoveUp(UniqueFd(ends[0])));
  STEELYARD_ASSIGN_OR_RETURN(
      plan.null, MoveUp(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC))));
  STEELYARD_ASSIGN_OR_RETURN(UniqueFd output, request.log->NewPipe());
  STEELYARD_ASSIGN_OR_RETURN(plan.output, MoveUp(std::move(output)));

  process.pid = fork();
  if (process.pid == 0) RunChild(plan);
  if (process.pid < 0) return Exhausted("fork");
  process.pidfd = UniqueFd(pidfd_open(process.pid, 0));
  if (process.pidfd.get() < 0) {
    const absl::Status failed = Exhausted("pidfd_open");
    kill(process.pid, SIGKILL);
    TakeExit(process.pid);
    return failed;
  }
  return process;
}

std::string TakeExit(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return "unknown";
  }
  if (WIFSIGNALED(status)) {
    const char* name = sigdescr_np(WTERMSIG(status));
    return absl::StrCat("signal ", WTERMSIG(status), " (",
                        name == nullptr ? "?" : name, ")");
  }
  return absl::StrCat("exit code ", WEXITSTATUS(status));
}

}  // namespace steelyard::server
