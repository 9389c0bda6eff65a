#ifndef STEELYARD_SERVER_WORKER_LEASED_FILES_H_
#define STEELYARD_SERVER_WORKER_LEASED_FILES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "steelyard/v1/worker_service.pb.h"
#include "training/data/byte_source.h"

namespace steelyard::worker {

// The stored files of a lease.
class LeasedFiles {
 public:
  // The lease outlives this.
  explicit LeasedFiles(const v1::TrainLease& lease);

  // The file of `dataset`, sha256/HEX.
  // Errors: InvalidArgument when it is not of that form; Internal when the
  // lease has none.
  absl::StatusOr<const v1::DatasetFile*> Find(absl::string_view dataset,
                                              v1::DatasetForm form) const;

  // Errors: those of ByteSource.
  absl::StatusOr<std::unique_ptr<training::ByteSource>> Open(
      const v1::DatasetFile& file) const;

 private:
  std::map<std::string, const v1::DatasetFile*> files_;
  int64_t inflated_bytes_limit_;
};

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_LEASED_FILES_H_
