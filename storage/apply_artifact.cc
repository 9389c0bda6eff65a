#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/apply.h"
#include "storage/file_store.h"

namespace steelyard::storage {
namespace {

constexpr size_t kMostNameBytes = 127;

constexpr char kReplaceArtifact[] = R"sql(
INSERT INTO artifact (run_id, name, media_type, sha256, size_bytes,
                      create_time_ns)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (run_id, name) DO UPDATE SET
  media_type = excluded.media_type, sha256 = excluded.sha256,
  size_bytes = excluded.size_bytes, create_time_ns = excluded.create_time_ns
WHERE sha256 <> excluded.sha256 OR media_type <> excluded.media_type)sql";

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= kMostNameBytes && name[0] != '.' &&
         name[0] != '-' && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.';
         });
}

bool IsMediaType(const std::string& type) {
  return !type.empty() && type.size() <= kMostNameBytes &&
         std::all_of(type.begin(), type.end(),
                     [](char c) { return c > ' ' && c <= '~'; });
}

absl::Status CheckPiece(const ArtifactPiece& piece) {
  if (!IsName(piece.name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("artifact.name: want 1-", kMostNameBytes,
                     " of [a-z0-9-.], the first a letter or digit, got "
                     "another"));
  }
  if (!IsMediaType(piece.media_type)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "artifact.media_type: want 1-", kMostNameBytes,
        " bytes of printable ASCII for ", piece.name, ", got others"));
  }
  if (!IsSha256(piece.sha256)) {
    return absl::InvalidArgumentError(
        "artifact.sha256: want 64 lower-case hexadecimal digits");
  }
  return absl::OkStatus();
}

// What the run has of other artifacts.
absl::Status CheckRoom(Database& database, RunId run,
                       const ArtifactPiece& piece) {
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      database.Query("SELECT count(*), ifnull(sum(size_bytes), 0) "
                     "FROM artifact WHERE run_id = ?1 AND name <> ?2",
                     run, piece.name));
  STEELYARD_RETURN_IF_ERROR(rows.Next().status());
  if (rows.Int(0) < kMostArtifacts &&
      piece.size_bytes <= kMostArtifactBytes - rows.Int(1)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "artifact: want at most ", kMostArtifacts, " artifacts and ",
      kMostArtifactBytes, " bytes a run, got ", piece.name, " of ",
      piece.size_bytes, " bytes beside ", rows.Int(0), " of ", rows.Int(1)));
}

absl::StatusOr<std::optional<Sha256>> FindFile(Database& database, RunId run,
                                               const std::string& name) {
  STEELYARD_ASSIGN_OR_RETURN(Rows rows,
                             database.Query("SELECT sha256 FROM artifact "
                                            "WHERE run_id = ?1 AND name = ?2",
                                            run, name));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (!found) return std::nullopt;
  return Sha256{rows.Text(0)};
}

}  // namespace

absl::Status AddArtifact(const Store& store, const ArtifactArrival& arrival) {
  const ArtifactPiece& piece = arrival.piece;
  STEELYARD_RETURN_IF_ERROR(CheckPiece(piece));
  STEELYARD_RETURN_IF_ERROR(CheckRoom(store.database, arrival.run, piece));
  STEELYARD_ASSIGN_OR_RETURN(
      const bool whole,
      store.artifacts.Add(arrival.run, arrival.attempt, piece));
  if (!whole) return absl::OkStatus();
  STEELYARD_ASSIGN_OR_RETURN(const std::optional<Sha256> before,
                             FindFile(store.database, arrival.run, piece.name));
  if (before) store.artifacts.Release(*before);
  return store.database.Run(kReplaceArtifact, arrival.run, piece.name,
                            piece.media_type, piece.sha256, piece.size_bytes,
                            arrival.time);
}

}  // namespace steelyard::storage
