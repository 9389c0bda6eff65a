#ifndef STEELYARD_SERVER_WORKER_READ_DATA_H_
#define STEELYARD_SERVER_WORKER_READ_DATA_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "steelyard/v1/spec.pb.h"
#include "steelyard/v1/worker_service.pb.h"
#include "training/rows.h"

// From a spec's sources of data to rows.  Errors name the field, as in
// `data.csv: row 3 (line 4), column 1 ("x1"): want a number, got "abc"`:
//   InvalidArgument     the spec is wrong, inline data included
//   FailedPrecondition  a dataset is not what the spec needs
//   Internal            a file cannot be read, or is not in the lease
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
  int64_t inflated_bytes_limit() const { return inflated_bytes_limit_; }

 private:
  std::map<std::string, const v1::DatasetFile*> files_;
  int64_t inflated_bytes_limit_;
};

// The rows of a source; `field` is its path in the spec: data, test_sets.NAME.
absl::StatusOr<training::Rows> ReadRows(const v1::Data& data,
                                        const std::string& field,
                                        const LeasedFiles& files);

// What the rows will take in memory, as far as the summaries of stored files
// tell: 8 bytes for each feature and label.
int64_t EstimateRowBytes(const v1::Data& data, const LeasedFiles& files);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_READ_DATA_H_
