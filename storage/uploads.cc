#include "storage/uploads.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/file.h"
#include "storage/sha256.h"
#include "support/mutex.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

// Of bytes that came and are not synced yet, and of those that one TakeUp
// reads: neither may keep a thread for long.
constexpr int64_t kStretchBytes = int64_t{64} << 20;
constexpr size_t kBlockBytes = 1 << 20;

// A name that cannot be continued.
constexpr char kLoose[] = "loose-";

// Files of one user begin so, whatever characters the name has.
std::string UserPrefix(const std::string& user) {
  return absl::StrCat(HashOf(user).hex.substr(0, 32), "-");
}

std::string NameOf(const Uploads::Key& key) {
  return absl::StrCat(UserPrefix(key.user), key.sha256.hex);
}

// A file of the folder.
struct Entry {
  std::string name;
  int64_t size_bytes = 0;
  absl::Time time;  // of the last byte
};

// Nothing when there is none.
absl::StatusOr<std::optional<Entry>> ReadEntry(const std::string& folder,
                                               const std::string& name) {
  const std::string path = absl::StrCat(folder, "/", name);
  struct stat facts = {};
  if (stat(path.c_str(), &facts) == 0) {
    return Entry{name, facts.st_size, absl::TimeFromTimespec(facts.st_mtim)};
  }
  if (errno == ENOENT) return std::nullopt;
  return FileError("stat", path);
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return FileError("remove", path);
}

// What an upload is to become.
struct Announced {
  Sha256 sha256;
  int64_t size_bytes = 0;
};

class UploadImpl final : public Uploads::Upload {
 public:
  // `old_bytes` are in the file already.  `done` is called when nothing more is
  // done with the file.
  UploadImpl(std::string path, File file, int64_t old_bytes, bool keep,
             Announced announced, const FileStore& files,
             std::function<void()> done)
      : path_(std::move(path)),
        file_(std::move(file)),
        keep_(keep),
        announced_(std::move(announced)),
        files_(files),
        done_(std::move(done)),
        size_bytes_(old_bytes) {}

  ~UploadImpl() override {
    const bool keep = keep_ && status_.ok() && size_bytes_ > 0;
    // What a failed sync may have lost is not built upon.
    if (!finished_ && !(keep && Sync(file_, path_).ok())) unlink(path_.c_str());
    done_();
  }

  absl::StatusOr<bool> TakeUp() override {
    if (status_.ok()) status_ = HashStretch();
    STEELYARD_RETURN_IF_ERROR(status_);
    return hashed_bytes_ == size_bytes_;
  }

  absl::Status Append(absl::string_view bytes) override {
    if (status_.ok()) status_ = TryAppend(bytes);
    return status_;
  }

  absl::Status Finish() override {
    STEELYARD_RETURN_IF_ERROR(status_);
    if (size_bytes_ < announced_.size_bytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "upload: want ", announced_.size_bytes, " bytes of sha256/",
          announced_.sha256.hex, " as announced, got ", size_bytes_));
    }
    status_ = TryFinish();
    return status_;
  }

 private:
  absl::Status HashStretch() {
    const int64_t end = std::min(size_bytes_, hashed_bytes_ + kStretchBytes);
    std::vector<char> block(kBlockBytes);
    while (hashed_bytes_ < end) {
      const size_t wanted =
          std::min(kBlockBytes, static_cast<size_t>(end - hashed_bytes_));
      const ssize_t got =
          pread(file_.descriptor(), block.data(), wanted, hashed_bytes_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return FileError("read", path_);
      if (got == 0) return absl::InternalError(path_ + ": cut from outside");
      hasher_.Add({block.data(), static_cast<size_t>(got)});
      hashed_bytes_ += got;
    }
    return absl::OkStatus();
  }

  absl::Status TryAppend(absl::string_view bytes) {
    const auto count = static_cast<int64_t>(bytes.size());
    if (count > announced_.size_bytes - size_bytes_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "upload: want ", announced_.size_bytes,
          " bytes as announced, got at least ", size_bytes_ + count));
    }
    STEELYARD_RETURN_IF_ERROR(WriteAll(file_, bytes, path_));
    hasher_.Add(bytes);
    size_bytes_ += count;
    hashed_bytes_ += count;
    unsynced_bytes_ += count;
    if (unsynced_bytes_ < kStretchBytes) return absl::OkStatus();
    unsynced_bytes_ = 0;
    return Sync(file_, path_);
  }

  absl::Status TryFinish() {
    const Sha256 received = hasher_.Finish();
    if (received != announced_.sha256) {
      return absl::InvalidArgumentError(absl::StrCat(
          "upload: want ", announced_.size_bytes, " bytes of sha256/",
          announced_.sha256.hex, " as announced, got ", size_bytes_,
          " bytes of sha256/", received.hex));
    }
    STEELYARD_RETURN_IF_ERROR(Sync(file_, path_));
    STEELYARD_RETURN_IF_ERROR(files_.Adopt(path_, received));
    finished_ = true;
    return absl::OkStatus();
  }

  const std::string path_;
  const File file_;
  const bool keep_;
  const Announced announced_;
  const FileStore& files_;
  const std::function<void()> done_;
  Sha256Hasher hasher_;
  int64_t size_bytes_ = 0;
  int64_t hashed_bytes_ = 0;
  int64_t unsynced_bytes_ = 0;
  bool finished_ = false;
  absl::Status status_;
};

class UploadsImpl final : public Uploads {
 public:
  UploadsImpl(std::string folder, const FileStore* files, const Limits& limits,
              std::function<absl::Time()> clock)
      : folder_(std::move(folder)),
        files_(*files),
        limits_(limits),
        clock_(std::move(clock)) {}

  absl::StatusOr<State> Find(const Key& key) override {
    const MutexLock lock(mu_);
    const std::string name = NameOf(key);
    STEELYARD_ASSIGN_OR_RETURN(const std::optional<Entry> entry,
                               ReadEntry(folder_, name));
    const bool under_way = under_way_.contains(name);
    if (!entry || (IsOld(*entry) && !under_way)) {
      return absl::NotFoundError(absl::StrCat(
          "upload: none to be continued of sha256/", key.sha256.hex));
    }
    return State{.size_bytes = entry->size_bytes,
                 .under_way = under_way,
                 .forget_time = entry->time + limits_.age};
  }

  absl::StatusOr<std::unique_ptr<Upload>> Start(const Key& key,
                                                int64_t size_bytes,
                                                int64_t offset) override;

  absl::Status RemoveOld() override {
    const MutexLock lock(mu_);
    return ReadKept("").status();
  }

  // Before any other call.
  absl::Status RemoveLoose() const {
    STEELYARD_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                               ListFolder(folder_));
    for (const std::string& name : names) {
      if (!absl::StartsWith(name, kLoose)) continue;
      STEELYARD_RETURN_IF_ERROR(RemoveFile(PathOf(name)));
    }
    return absl::OkStatus();
  }

 private:
  std::string PathOf(const std::string& name) const {
    return absl::StrCat(folder_, "/", name);
  }
  bool IsOld(const Entry& entry) const {
    return clock_() >= entry.time + limits_.age;
  }

  // Those whose name begins with `prefix` and that nobody adds to, the oldest
  // first, once the old ones are removed.
  absl::StatusOr<std::vector<Entry>> ReadKept(const std::string& prefix)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Whether there is room, once others have gone where they had to.
  absl::StatusOr<bool> MakeRoom(const Key& key, int64_t size_bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckOffset(const std::string& name, int64_t size_bytes,
                           int64_t offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string folder_;
  const FileStore& files_;
  const Limits limits_;
  const std::function<absl::Time()> clock_;
  Mutex mu_;
  // What is being added to, with the size announced.
  std::map<std::string, int64_t> under_way_ ABSL_GUARDED_BY(mu_);
  int64_t loose_count_ ABSL_GUARDED_BY(mu_) = 0;
};

absl::StatusOr<std::vector<Entry>> UploadsImpl::ReadKept(
    const std::string& prefix) {
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                             ListFolder(folder_));
  std::vector<Entry> kept;
  for (const std::string& name : names) {
    const size_t dash = name.find('-');
    const bool ours =
        dash != std::string::npos && IsSha256(Sha256{name.substr(dash + 1)});
    if (!ours || under_way_.contains(name)) continue;
    STEELYARD_ASSIGN_OR_RETURN(const std::optional<Entry> entry,
                               ReadEntry(folder_, name));
    if (!entry) continue;
    if (IsOld(*entry)) {
      STEELYARD_RETURN_IF_ERROR(RemoveFile(PathOf(name)));
    } else if (absl::StartsWith(name, prefix)) {
      kept.push_back(*entry);
    }
  }
  std::sort(kept.begin(), kept.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.time, a.name) < std::pair(b.time, b.name);
  });
  return kept;
}

absl::StatusOr<bool> UploadsImpl::MakeRoom(const Key& key, int64_t size_bytes) {
  const std::string prefix = UserPrefix(key.user);
  STEELYARD_ASSIGN_OR_RETURN(std::vector<Entry> kept, ReadKept(prefix));
  std::erase_if(
      kept, [&key](const Entry& entry) { return entry.name == NameOf(key); });
  int64_t count = std::ssize(kept) + 1;
  int64_t bytes = size_bytes;
  for (const Entry& entry : kept) bytes += entry.size_bytes;
  for (const auto& [name, announced_bytes] : under_way_) {
    if (!absl::StartsWith(name, prefix)) continue;
    ++count;
    bytes += announced_bytes;
  }
  const auto fits = [&] {
    return count <= limits_.per_user && bytes <= limits_.bytes_per_user;
  };
  for (const Entry& oldest : kept) {
    if (fits()) break;
    STEELYARD_RETURN_IF_ERROR(RemoveFile(PathOf(oldest.name)));
    --count;
    bytes -= oldest.size_bytes;
  }
  return fits();
}

absl::Status UploadsImpl::CheckOffset(const std::string& name,
                                      int64_t size_bytes, int64_t offset) {
  if (offset == 0) return absl::OkStatus();
  if (under_way_.contains(name)) {
    return absl::FailedPreconditionError(
        "offset_bytes: want 0 while another call adds to this upload");
  }
  STEELYARD_ASSIGN_OR_RETURN(const std::optional<Entry> entry,
                             ReadEntry(folder_, name));
  const int64_t there = entry && !IsOld(*entry) ? entry->size_bytes : 0;
  if (there == offset && offset <= size_bytes) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("offset_bytes: want 0, or ", there,
                   ", as many as are there of ", size_bytes, ", got ", offset));
}

absl::StatusOr<std::unique_ptr<Uploads::Upload>> UploadsImpl::Start(
    const Key& key, int64_t size_bytes, int64_t offset) {
  if (!IsSha256(key.sha256)) {
    return absl::InvalidArgumentError(
        "sha256: want 64 lower-case hexadecimal digits");
  }
  if (size_bytes < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("size_bytes: want >= 0, got ", size_bytes));
  }
  const MutexLock lock(mu_);
  std::string name = NameOf(key);
  STEELYARD_RETURN_IF_ERROR(CheckOffset(name, size_bytes, offset));
  bool keep = false;
  if (!under_way_.contains(name)) {
    if (offset == 0) STEELYARD_RETURN_IF_ERROR(RemoveFile(PathOf(name)));
    STEELYARD_ASSIGN_OR_RETURN(keep, MakeRoom(key, size_bytes));
    // What is there already has its room.
    keep = keep || offset > 0;
  }
  if (!keep) name = absl::StrCat(kLoose, getpid(), "-", ++loose_count_);
  const std::string path = PathOf(name);
  File file(path, O_RDWR | O_APPEND | (offset == 0 ? O_CREAT | O_EXCL : 0));
  if (!file.is_open()) return FileError("open", path);
  under_way_[name] = size_bytes;
  return std::make_unique<UploadImpl>(path, std::move(file), offset, keep,
                                      Announced{key.sha256, size_bytes}, files_,
                                      [this, name] {
                                        const MutexLock done_lock(mu_);
                                        under_way_.erase(name);
                                      });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Uploads>> Uploads::Open(
    const std::string& data_dir, const FileStore* files, const Limits& limits,
    std::function<absl::Time()> clock) {
  const std::string folder = absl::StrCat(data_dir, "/uploads");
  STEELYARD_RETURN_IF_ERROR(MakeFolder(folder));
  auto uploads =
      std::make_unique<UploadsImpl>(folder, files, limits, std::move(clock));
  STEELYARD_RETURN_IF_ERROR(uploads->RemoveLoose());
  STEELYARD_RETURN_IF_ERROR(uploads->RemoveOld());
  return uploads;
}

}  // namespace steelyard::storage
