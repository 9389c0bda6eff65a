#ifndef STEELYARD_SERVER_LEASE_H_
#define STEELYARD_SERVER_LEASE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "steelyard/v1/worker_service.pb.h"
#include "storage/file_store.h"
#include "storage/reader.h"

// Leases as workers are told them, read from the store.
namespace steelyard::server {

// The lease of a run that no attempt changes meanwhile: its spec, the files of
// its datasets, its last checkpoint.  A few rows and one file: cheap enough for
// the engine's thread, beside the sync of a commit that follows.
//
// Errors: those of storage::Reader; DataLoss when the stored spec is damaged.
absl::StatusOr<v1::TrainLease> ReadTrainLease(storage::Reader& reader,
                                              const storage::FileStore& files,
                                              storage::RunId run,
                                              storage::AttemptNumber attempt);

// Errors: those of storage::Reader.
absl::StatusOr<v1::InspectLease> ReadInspectLease(
    storage::Reader& reader, const storage::FileStore& files,
    const storage::Sha256& dataset);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_LEASE_H_
