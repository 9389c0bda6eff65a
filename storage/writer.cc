#include "storage/writer.h"

#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "storage/apply.h"
#include "storage/artifact_files.h"
#include "storage/checkpoint_files.h"
#include "storage/database.h"
#include "storage/file_store.h"
#include "storage/schema.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

// The WAL is moved into the database when it is so long: 4 MiB.
constexpr int kWalPages = 1024;
// It is cut to nothing when readers have kept it from starting over: 64 MiB.
constexpr int kLongWalPages = 16384;

constexpr char kSettings[] = R"sql(
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cache_size = -65536)sql";

class WriterImpl final : public Writer {
 public:
  WriterImpl(std::unique_ptr<Database> database, FileStore datasets,
             CheckpointFiles checkpoints, ArtifactFiles artifacts)
      : database_(std::move(database)),
        datasets_(std::move(datasets)),
        checkpoints_(std::move(checkpoints)),
        artifacts_(std::move(artifacts)) {}

  std::vector<absl::Status> Apply(std::span<const Change> changes) override {
    if (changes.empty()) return {};
    if (!lost_.ok()) return {changes.size(), lost_};
    absl::StatusOr<std::vector<absl::Status>> outcomes = TryApply(changes);
    if (!outcomes.ok()) {
      metric_ids_.Forget();
      NoteLoss(outcomes.status());
      outcomes = std::vector<absl::Status>(changes.size(), outcomes.status());
    }
    if (lost_.ok()) {
      checkpoints_.RemoveUnnamed(*database_);
      artifacts_.RemoveUnnamed(*database_);
      ShortenWal();
    }
    return *std::move(outcomes);
  }

 private:
  // Fails when the database does; then nothing of it stays.
  absl::StatusOr<std::vector<absl::Status>> TryApply(
      std::span<const Change> changes) {
    STEELYARD_ASSIGN_OR_RETURN(Transaction transaction,
                               Transaction::BeginWrite(*database_));
    std::vector<absl::Status> outcomes;
    outcomes.reserve(changes.size());
    for (const Change& change : changes) {
      outcomes.push_back(ApplyOne(change));
      if (database_->must_roll_back()) return outcomes.back();
    }
    STEELYARD_RETURN_IF_ERROR(transaction.Commit());
    return outcomes;
  }

  absl::Status ApplyOne(const Change& change) {
    STEELYARD_RETURN_IF_ERROR(database_->Run("SAVEPOINT change"));
    const Store store = {*database_, datasets_, checkpoints_, artifacts_,
                         metric_ids_};
    absl::Status outcome = std::visit(
        [&store](const auto& kind) { return storage::Apply(store, kind); },
        change);
    if (database_->must_roll_back()) return outcome;
    if (!outcome.ok()) {
      metric_ids_.Forget();
      STEELYARD_RETURN_IF_ERROR(database_->Run("ROLLBACK TO change"));
    }
    STEELYARD_RETURN_IF_ERROR(database_->Run("RELEASE change"));
    return outcome;
  }

  // After a failed sync, what a later one says of the same pages means nothing.
  void NoteLoss(const absl::Status& status) {
    if (!absl::IsDataLoss(status)) return;
    lost_ = status;
    database_->KeepWalOnClose();
  }

  // Done here rather than by SQLite, which keeps a failed sync to itself.
  void ShortenWal() {
    const int pages = database_->wal_pages();
    if (pages < last_wal_pages_) next_shortening_ = kWalPages;
    last_wal_pages_ = pages;
    if (pages < next_shortening_) return;
    // What readers still need is tried again after as many pages.
    next_shortening_ = pages + kWalPages;
    NoteLoss(pages >= kLongWalPages ? database_->CutWal()
                                    : database_->MoveWal());
  }

  const std::unique_ptr<Database> database_;
  const FileStore datasets_;
  CheckpointFiles checkpoints_;
  ArtifactFiles artifacts_;
  MetricIds metric_ids_;
  absl::Status lost_;  // not OK: the end of this writer
  int last_wal_pages_ = 0;
  int next_shortening_ = kWalPages;
};

absl::Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat(
      path, ": make the folder: ", std::generic_category().message(errno)));
}

// Some file systems can't share the memory that a WAL's readers need.
absl::Status TurnOnWal(Database& database) {
  STEELYARD_ASSIGN_OR_RETURN(Rows rows,
                             database.Query("PRAGMA journal_mode = WAL"));
  STEELYARD_RETURN_IF_ERROR(rows.Next().status());
  if (rows.Text(0) == "wal") return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "steelyard.db: want a file system on which SQLite can use a WAL, got ",
      "one on which it stays with ", rows.Text(0),
      "; choose a local disk for the data directory"));
}

absl::Status CleanDatasets(Database& database, const FileStore& datasets) {
  return datasets.Clean([&database](const Sha256& sha256) {
    absl::StatusOr<Rows> rows =
        database.Query("SELECT 1 FROM dataset WHERE sha256 = ?1", sha256);
    return rows.ok() ? rows->Next() : rows.status();
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Writer>> Writer::Open(
    const std::string& data_dir, const std::string& vfs) {
  STEELYARD_RETURN_IF_ERROR(MakeFolder(data_dir));
  STEELYARD_ASSIGN_OR_RETURN(
      std::unique_ptr<Database> database,
      Database::Open(absl::StrCat(data_dir, "/steelyard.db"), {.vfs = vfs}));
  // The migration refuses a file that is not ours: nothing may change before.
  STEELYARD_RETURN_IF_ERROR(Migrate(*database, Migrations()));
  STEELYARD_RETURN_IF_ERROR(TurnOnWal(*database));
  STEELYARD_RETURN_IF_ERROR(database->Execute(kSettings));
  STEELYARD_ASSIGN_OR_RETURN(FileStore datasets, FileStore::Open(data_dir));
  STEELYARD_ASSIGN_OR_RETURN(CheckpointFiles checkpoints,
                             CheckpointFiles::Open(data_dir));
  STEELYARD_RETURN_IF_ERROR(CleanDatasets(*database, datasets));
  STEELYARD_RETURN_IF_ERROR(checkpoints.Clean(*database));
  STEELYARD_ASSIGN_OR_RETURN(ArtifactFiles artifacts,
                             ArtifactFiles::Open(data_dir));
  STEELYARD_RETURN_IF_ERROR(artifacts.Clean(*database));
  return std::make_unique<WriterImpl>(std::move(database), std::move(datasets),
                                      std::move(checkpoints),
                                      std::move(artifacts));
}

}  // namespace steelyard::storage
