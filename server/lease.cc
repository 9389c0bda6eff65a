#include "server/lease.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

v1::DatasetFile File(const storage::FileStore& files,
                     const storage::DatasetRow& row) {
  v1::DatasetFile file;
  file.set_dataset(absl::StrCat("sha256/", row.sha256.hex));
  file.set_form(static_cast<v1::DatasetForm>(row.form));
  file.set_path(files.Path(row.sha256));
  return file;
}

void SetCheckpoint(storage::Checkpoint from, v1::Checkpoint* to) {
  to->set_numerics_id(std::move(from.numerics_id));
  to->set_step(from.step);
  to->set_next_ordinal(from.next_ordinal);
  to->set_training_s(from.training_s);
  to->set_state(std::move(from.state));
}

}  // namespace

absl::StatusOr<v1::TrainLease> ReadTrainLease(storage::Reader& reader,
                                              const storage::FileStore& files,
                                              storage::RunId run,
                                              storage::AttemptNumber attempt) {
  STEELYARD_ASSIGN_OR_RETURN(const storage::RunRow row, reader.GetRun(run));
  v1::TrainLease lease;
  lease.set_run_id(run.value);
  lease.set_attempt(attempt.value);
  if (!lease.mutable_spec()->ParseFromString(row.spec)) {
    return absl::DataLossError(
        absl::StrCat("run ", run.value, ": its stored spec is damaged"));
  }
  for (const storage::Sha256& dataset : row.datasets) {
    STEELYARD_ASSIGN_OR_RETURN(const storage::DatasetRow found,
                               reader.GetDataset(dataset, ""));
    v1::DatasetFile file = File(files, found);
    if (!file.mutable_summary()->ParseFromString(found.summary)) {
      return absl::DataLossError(absl::StrCat(
          "dataset sha256/", dataset.hex, ": its stored summary is damaged"));
    }
    file.mutable_summary()->clear_preview();
    *lease.add_files() = std::move(file);
  }
  STEELYARD_ASSIGN_OR_RETURN(std::optional<storage::Checkpoint> checkpoint,
                             reader.LastCheckpoint(run));
  if (checkpoint) {
    SetCheckpoint(*std::move(checkpoint), lease.mutable_checkpoint());
  }
  return lease;
}

absl::StatusOr<v1::InspectLease> ReadInspectLease(
    storage::Reader& reader, const storage::FileStore& files,
    const storage::Sha256& dataset) {
  STEELYARD_ASSIGN_OR_RETURN(const storage::DatasetRow row,
                             reader.GetDataset(dataset, ""));
  v1::InspectLease lease;
  *lease.mutable_file() = File(files, row);
  return lease;
}

}  // namespace steelyard::server
