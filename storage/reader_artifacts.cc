#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/query_text.h"
#include "storage/reader_impl.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

ArtifactRow ToArtifact(const Rows& rows) {
  return {.name = rows.Text(0),
          .media_type = rows.Text(1),
          .sha256 = Sha256{rows.Text(2)},
          .size_bytes = rows.Int(3),
          .create_time = rows.Time(4)};
}

}  // namespace

absl::StatusOr<std::vector<ArtifactRow>> ReaderImpl::ListArtifacts(
    RunId run, const std::string& after, int limit) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows, database_->Query(ListArtifactsText(), run, after, limit));
  std::vector<ArtifactRow> artifacts;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return artifacts;
    artifacts.push_back(ToArtifact(rows));
  }
}

absl::StatusOr<ArtifactRow> ReaderImpl::GetArtifact(RunId run,
                                                    const std::string& name) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(Rows rows,
                             database_->Query(GetArtifactText(), run, name));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (found) return ToArtifact(rows);
  return absl::NotFoundError(absl::StrCat(
      "run ", run.value, ": want an artifact that it has, got ", name));
}

}  // namespace steelyard::storage
