#include "storage/file_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/file.h"
#include "storage/sha256.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

constexpr char kUnfinished[] = "unfinished-";

absl::Status WrongHash(const std::string& path, int64_t size_bytes,
                       const Sha256& found) {
  return absl::DataLossError(absl::StrCat(path,
                                          ": want bytes of that SHA-256, got ",
                                          size_bytes, " bytes of ", found.hex));
}

// A file under a name of its own in the store's folder, removed again unless it
// was kept.
class UnfinishedFile {
 public:
  static absl::StatusOr<UnfinishedFile> Create(const std::string& folder) {
    static std::atomic<int64_t> count = 0;
    UnfinishedFile unfinished(
        folder, absl::StrCat(folder, "/", kUnfinished, getpid(), "-", ++count));
    if (!unfinished.file_.is_open()) {
      return FileError("open", unfinished.path_);
    }
    return unfinished;
  }
  ~UnfinishedFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  UnfinishedFile(UnfinishedFile&& other) noexcept
      : folder_(std::move(other.folder_)),
        path_(std::exchange(other.path_, "")),
        file_(std::move(other.file_)) {}
  UnfinishedFile& operator=(UnfinishedFile&&) = delete;

  absl::Status Write(absl::string_view bytes, int64_t offset) {
    return WriteAllAt(file_, bytes, offset, path_);
  }
  absl::Status SyncSoFar() const { return Sync(file_, path_); }

  // Makes it durable under `final_path`, whatever was there.
  absl::Status KeepAs(const std::string& final_path) {
    STEELYARD_RETURN_IF_ERROR(Sync(file_, path_));
    if (rename(path_.c_str(), final_path.c_str()) != 0) {
      return FileError("rename", path_);
    }
    path_.clear();
    return SyncFolder(folder_);
  }

 private:
  UnfinishedFile(std::string folder, std::string path)
      : folder_(std::move(folder)),
        path_(std::move(path)),
        file_(path_, O_WRONLY | O_CREAT | O_EXCL) {}

  std::string folder_;
  std::string path_;
  File file_;
};

class FileWriting final : public FileStore::Writing {
 public:
  FileWriting(UnfinishedFile file, std::string final_path, Sha256 announced,
              int64_t announced_size_bytes)
      : file_(std::move(file)),
        final_path_(std::move(final_path)),
        announced_(std::move(announced)),
        announced_size_bytes_(announced_size_bytes) {}

  absl::Status Append(absl::string_view bytes) override {
    if (!absl::IsInvalidArgument(status_)) status_ = TryAppend(bytes);
    return status_;
  }

  absl::Status Finish() override {
    STEELYARD_RETURN_IF_ERROR(status_);
    const Sha256 received = hasher_.Finish();
    if (size_bytes_ != announced_size_bytes_ || received != announced_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "file: want ", announced_size_bytes_, " bytes of sha256/",
          announced_.hex, " as announced, got ", size_bytes_,
          " bytes of sha256/", received.hex));
    }
    return file_.KeepAs(final_path_);
  }

 private:
  absl::Status TryAppend(absl::string_view bytes) {
    const int64_t left = announced_size_bytes_ - size_bytes_;
    if (static_cast<int64_t>(bytes.size()) > left) {
      return absl::InvalidArgumentError(
          absl::StrCat("file: want ", announced_size_bytes_,
                       " bytes as announced, got at least ",
                       size_bytes_ + static_cast<int64_t>(bytes.size())));
    }
    // At its place: what an earlier call left half written is written over.
    STEELYARD_RETURN_IF_ERROR(file_.Write(bytes, size_bytes_));
    hasher_.Add(bytes);
    size_bytes_ += static_cast<int64_t>(bytes.size());
    // So that Finish, which others may wait for, has little left to sync.
    constexpr int64_t kSyncBytes = 16 << 20;
    if (size_bytes_ - synced_bytes_ < kSyncBytes) return absl::OkStatus();
    synced_bytes_ = size_bytes_;
    return file_.SyncSoFar();
  }

  UnfinishedFile file_;
  const std::string final_path_;
  const Sha256 announced_;
  const int64_t announced_size_bytes_;
  Sha256Hasher hasher_;
  int64_t size_bytes_ = 0;
  int64_t synced_bytes_ = 0;
  absl::Status status_;
};

class FileReading final : public FileStore::Reading {
 public:
  FileReading(File file, std::string path, Sha256 sha256)
      : file_(std::move(file)),
        path_(std::move(path)),
        sha256_(std::move(sha256)) {}

  absl::StatusOr<std::string> Next(size_t most) override {
    if (ended_) return std::string();
    STEELYARD_ASSIGN_OR_RETURN(std::string bytes, ReadSome(file_, most, path_));
    hasher_.Add(bytes);
    size_bytes_ += static_cast<int64_t>(bytes.size());
    if (!bytes.empty()) return bytes;
    ended_ = true;
    const Sha256 found = hasher_.Finish();
    if (found != sha256_) return WrongHash(path_, size_bytes_, found);
    return bytes;
  }

 private:
  const File file_;
  const std::string path_;
  const Sha256 sha256_;
  Sha256Hasher hasher_;
  int64_t size_bytes_ = 0;
  bool ended_ = false;
};

}  // namespace

absl::StatusOr<FileStore> FileStore::Open(const std::string& data_dir) {
  return OpenFolder(absl::StrCat(data_dir, "/files"));
}

absl::StatusOr<FileStore> FileStore::OpenArtifacts(
    const std::string& data_dir) {
  return OpenFolder(absl::StrCat(data_dir, "/artifacts"));
}

absl::StatusOr<FileStore> FileStore::OpenFolder(const std::string& folder) {
  STEELYARD_RETURN_IF_ERROR(MakeFolder(folder));
  return FileStore(folder);
}

std::string FileStore::Path(const Sha256& sha256) const {
  return absl::StrCat(folder_, "/",
                      IsSha256(sha256) ? sha256.hex : "not-a-sha256");
}

bool FileStore::Has(const Sha256& sha256) const {
  return SizeBytes(sha256).ok();
}

absl::StatusOr<int64_t> FileStore::SizeBytes(const Sha256& sha256) const {
  const std::string path = Path(sha256);
  struct stat facts = {};
  if (stat(path.c_str(), &facts) != 0) return FileError("stat", path);
  return int64_t{facts.st_size};
}

absl::StatusOr<Sha256> FileStore::Put(absl::string_view bytes) const {
  const Sha256 sha256 = HashOf(bytes);
  STEELYARD_ASSIGN_OR_RETURN(UnfinishedFile file,
                             UnfinishedFile::Create(folder_));
  STEELYARD_RETURN_IF_ERROR(file.Write(bytes, 0));
  STEELYARD_RETURN_IF_ERROR(file.KeepAs(Path(sha256)));
  return sha256;
}

absl::StatusOr<std::unique_ptr<FileStore::Reading>> FileStore::StartReading(
    const Sha256& sha256) const {
  std::string path = Path(sha256);
  File file(path, O_RDONLY);
  if (!file.is_open()) return FileError("open", path);
  return std::make_unique<FileReading>(std::move(file), std::move(path),
                                       sha256);
}

absl::StatusOr<std::string> FileStore::Get(const Sha256& sha256) const {
  constexpr size_t kStretchBytes = 1 << 16;
  STEELYARD_ASSIGN_OR_RETURN(const std::unique_ptr<Reading> reading,
                             StartReading(sha256));
  std::string bytes;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const std::string next,
                               reading->Next(kStretchBytes));
    if (next.empty()) return bytes;
    bytes.append(next);
  }
}

absl::Status FileStore::Remove(const Sha256& sha256) const {
  const std::string path = Path(sha256);
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return FileError("remove", path);
}

absl::Status FileStore::Clean(
    absl::FunctionRef<absl::StatusOr<bool>(const Sha256&)> is_wanted) const {
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                             ListFolder(folder_));
  for (const std::string& name : names) {
    bool wanted = !absl::StartsWith(name, kUnfinished);
    if (const Sha256 sha256{name}; IsSha256(sha256)) {
      STEELYARD_ASSIGN_OR_RETURN(wanted, is_wanted(sha256));
    }
    if (wanted) continue;
    const std::string path = absl::StrCat(folder_, "/", name);
    if (unlink(path.c_str()) != 0) return FileError("remove", path);
  }
  return absl::OkStatus();
}

absl::Status FileStore::Adopt(const std::string& path,
                              const Sha256& sha256) const {
  if (rename(path.c_str(), Path(sha256).c_str()) != 0) {
    return FileError("rename", path);
  }
  return SyncFolder(folder_);
}

absl::StatusOr<std::unique_ptr<FileStore::Writing>> FileStore::StartWriting(
    const Sha256& announced, int64_t announced_size_bytes) const {
  if (!IsSha256(announced)) {
    return absl::InvalidArgumentError(
        "sha256: want 64 lower-case hexadecimal digits");
  }
  if (announced_size_bytes < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("size_bytes: want >= 0, got ", announced_size_bytes));
  }
  STEELYARD_ASSIGN_OR_RETURN(UnfinishedFile file,
                             UnfinishedFile::Create(folder_));
  return std::make_unique<FileWriting>(std::move(file), Path(announced),
                                       announced, announced_size_bytes);
}

}  // namespace steelyard::storage
