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

  absl::Status Write(absl::string_view bytes) {
    return WriteAll(file_, bytes, path_);
  }

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

}  // namespace

absl::StatusOr<FileStore> FileStore::Open(const std::string& data_dir) {
  return OpenFolder(absl::StrCat(data_dir, "/files"));
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
  STEELYARD_RETURN_IF_ERROR(file.Write(bytes));
  STEELYARD_RETURN_IF_ERROR(file.KeepAs(Path(sha256)));
  return sha256;
}

absl::StatusOr<std::string> FileStore::Get(const Sha256& sha256) const {
  const std::string path = Path(sha256);
  const File file(path, O_RDONLY);
  if (!file.is_open()) return FileError("open", path);
  STEELYARD_ASSIGN_OR_RETURN(std::string bytes, ReadAll(file, path));
  if (const Sha256 found = HashOf(bytes); found != sha256) {
    return absl::DataLossError(
        absl::StrCat(path, ": want bytes of that SHA-256, got ", bytes.size(),
                     " bytes of ", found.hex));
  }
  return bytes;
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

}  // namespace steelyard::storage
