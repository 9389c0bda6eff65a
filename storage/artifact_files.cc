#include "storage/artifact_files.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

absl::StatusOr<bool> IsNamed(Database& database, const Sha256& sha256) {
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      database.Query("SELECT 1 FROM artifact WHERE sha256 = ?1", sha256));
  return rows.Next();
}

}  // namespace

absl::StatusOr<ArtifactFiles> ArtifactFiles::Open(const std::string& data_dir) {
  STEELYARD_ASSIGN_OR_RETURN(FileStore store,
                             FileStore::OpenArtifacts(data_dir));
  return ArtifactFiles(std::move(store));
}

absl::StatusOr<ArtifactFiles::Arrival> ArtifactFiles::Begin(
    AttemptNumber attempt, const ArtifactPiece& piece) const {
  STEELYARD_ASSIGN_OR_RETURN(
      std::unique_ptr<FileStore::Writing> writing,
      store_.StartWriting(piece.sha256, piece.size_bytes));
  return Arrival{.attempt = attempt,
                 .name = piece.name,
                 .sha256 = piece.sha256,
                 .size_bytes = piece.size_bytes,
                 .received_bytes = 0,
                 .writing = std::move(writing)};
}

absl::StatusOr<bool> ArtifactFiles::Add(RunId run, AttemptNumber attempt,
                                        const ArtifactPiece& piece) {
  const auto is_of_piece = [&](const Arrival& arrival) {
    return arrival.attempt == attempt && arrival.name == piece.name &&
           arrival.sha256 == piece.sha256 &&
           arrival.size_bytes == piece.size_bytes;
  };
  auto found = arrivals_.find(run);
  const bool known = found != arrivals_.end() && is_of_piece(found->second);
  if (!known && piece.offset == 0) {
    Forget(run);
    STEELYARD_ASSIGN_OR_RETURN(Arrival arrival, Begin(attempt, piece));
    found = arrivals_.emplace(run, std::move(arrival)).first;
  } else if (!known) {
    return absl::InvalidArgumentError(
        absl::StrCat("artifact.offset: want 0, where ", piece.name,
                     " begins, got ", piece.offset));
  }
  Arrival& arrival = found->second;
  const int64_t received = arrival.received_bytes;
  const auto count = static_cast<int64_t>(piece.bytes.size());
  const bool repeated = piece.offset >= 0 && piece.offset <= received - count &&
                        (count > 0 || arrival.writing == nullptr);
  if (!repeated) {
    if (piece.offset != received || arrival.writing == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "artifact.offset: want ", received, ", where the next piece of ",
          piece.name, " begins, got ", piece.offset));
    }
    STEELYARD_RETURN_IF_ERROR(arrival.writing->Append(piece.bytes));
    arrival.received_bytes += count;
  }
  if (arrival.received_bytes < arrival.size_bytes) return false;
  if (arrival.writing != nullptr) {
    // Noted first: a failed Finish may have come as far as the name.
    suspects_.insert(arrival.sha256);
    const absl::Status finished = arrival.writing->Finish();
    if (!finished.ok()) {
      arrivals_.erase(found);
      return finished;
    }
    arrival.writing.reset();
  }
  return true;
}

void ArtifactFiles::Forget(RunId run) {
  const auto found = arrivals_.find(run);
  if (found == arrivals_.end()) return;
  suspects_.insert(found->second.sha256);
  arrivals_.erase(found);
}

bool ArtifactFiles::IsArriving(const Sha256& sha256) const {
  return std::any_of(arrivals_.begin(), arrivals_.end(), [&](const auto& it) {
    return it.second.sha256 == sha256 && it.second.writing == nullptr;
  });
}

void ArtifactFiles::RemoveUnnamed(Database& database) {
  std::set<Sha256> kept;
  for (const Sha256& sha256 : suspects_) {
    const absl::StatusOr<bool> named = IsNamed(database, sha256);
    if (!named.ok() || *named) continue;
    if (IsArriving(sha256)) {
      kept.insert(sha256);
    } else {
      (void)store_.Remove(sha256);
    }
  }
  suspects_ = std::move(kept);
}

absl::Status ArtifactFiles::Clean(Database& database) const {
  return store_.Clean(
      [&database](const Sha256& sha256) { return IsNamed(database, sha256); });
}

}  // namespace steelyard::storage
