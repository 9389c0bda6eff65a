#include "server/worker_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"

namespace steelyard::server {

absl::StatusOr<std::shared_ptr<WorkerLog>> WorkerLog::Open(
    const std::string& folder, const std::string& name,
    int64_t size_limit_bytes) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat(folder, ": want a folder"));
  }
  // The constructor is private to make_shared.
  std::shared_ptr<WorkerLog> log(
      new WorkerLog(absl::StrCat(folder, "/", name, ".log"), size_limit_bytes));
  const MutexLock lock(log->mu_);
  STEELYARD_RETURN_IF_ERROR(log->OpenFile());
  return log;
}

absl::Status WorkerLog::OpenFile() {
  file_ = UniqueFd(
      open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  struct stat info = {};
  if (file_.get() < 0 || fstat(file_.get(), &info) != 0) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat(path_, ": want a file to write"));
  }
  size_bytes_ = info.st_size;
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> WorkerLog::NewPipe() {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("pipe: want a descriptor, got ", std::strerror(errno)));
  }
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  // The writing end stays as it is: a worker waits until it is read.
  fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  const MutexLock lock(mu_);
  DrainLocked();
  pipe_ = std::move(reading);
  return writing;
}

int WorkerLog::pipe_fd() {
  const MutexLock lock(mu_);
  return pipe_.get();
}

void WorkerLog::Drain() {
  const MutexLock lock(mu_);
  DrainLocked();
}

void WorkerLog::DrainLocked() {
  constexpr size_t kChunkBytes = 65'536;
  std::array<char, kChunkBytes> chunk = {};
  while (pipe_.get() >= 0) {
    const ssize_t count = read(pipe_.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return pipe_.reset();
    Append({chunk.data(), static_cast<size_t>(count)});
    // A worker that never stops writing must not keep us here.
    if (static_cast<size_t>(count) < chunk.size()) return;
  }
}

void WorkerLog::Note(absl::string_view line) {
  const MutexLock lock(mu_);
  DrainLocked();
  Append(absl::StrCat(line_.empty() ? "" : "\n", line, "\n"));
}

std::vector<std::string> WorkerLog::LastLines(int count) {
  const MutexLock lock(mu_);
  DrainLocked();
  std::vector<std::string> lines(lines_.begin(), lines_.end());
  if (!line_.empty()) lines.push_back(line_);
  const auto wanted = static_cast<size_t>(std::max(count, 0));
  if (lines.size() > wanted) {
    lines.erase(lines.begin(),
                lines.end() - static_cast<std::ptrdiff_t>(wanted));
  }
  return lines;
}

void WorkerLog::Append(absl::string_view bytes) {
  AppendToFile(bytes);
  for (const char c : bytes) {
    if (c != '\n') {
      if (line_.size() < kLineBytes) line_.push_back(c);
      continue;
    }
    lines_.push_back(std::move(line_));
    line_.clear();
    if (lines_.size() > kLinesKept) lines_.pop_front();
  }
}

void WorkerLog::AppendToFile(absl::string_view bytes) {
  if (size_bytes_ + static_cast<int64_t>(bytes.size()) > size_limit_bytes_) {
    std::rename(path_.c_str(), absl::StrCat(path_, ".1").c_str());
    if (!OpenFile().ok()) return;
  }
  // A full disk costs lines of a log, nothing else.
  const ssize_t written = write(file_.get(), bytes.data(), bytes.size());
  if (written > 0) size_bytes_ += written;
}

}  // namespace steelyard::server
