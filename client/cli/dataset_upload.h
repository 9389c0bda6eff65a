#ifndef STEELYARD_CLIENT_CLI_DATASET_UPLOAD_H_
#define STEELYARD_CLIENT_CLI_DATASET_UPLOAD_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cli/session.h"
#include "steelyard/v1/dataset.pb.h"

namespace steelyard::cli {

// A file that is to become a dataset.
struct UploadSource {
  std::string path;
  v1::DatasetForm form = v1::DATASET_FORM_UNSPECIFIED;
  std::string label{};  // the owner's name for it; may be empty
  bool shared = false;
};

struct UploadLimits {
  // A server that takes no byte for so long is given up.
  absl::Duration stall = absl::Seconds(60);
  // How long the same user's other upload of the same file is waited for while
  // it gets no further; then this one goes up beside it, from the beginning.
  absl::Duration busy = absl::Seconds(15);
  // How long a worker's reading of the file is waited for.
  absl::Duration inspection = absl::Seconds(60);
};

// Stores a file on the server, unless it is there already: it is hashed first,
// and no byte of it is sent for nothing; a new label, or that it is shared, is
// told to the server without them.  An upload that breaks off is continued
// where it did, now or by a later call: the time for repetitions begins anew
// with all that got there.  Shows its progress on standard error.
//
// Errors: those of the file; those of the calls: FailedPrecondition for bytes
// that are stored in another form; Unavailable when the server stops taking
// bytes.
absl::StatusOr<v1::Dataset> PutDataset(Session& session,
                                       const UploadSource& source,
                                       const UploadLimits& limits);

// Waits until a worker has read the dataset; after the limit it is returned
// PENDING.
//
// Errors: those of the calls.
absl::StatusOr<v1::Dataset> AwaitInspection(Session& session,
                                            v1::Dataset dataset,
                                            const UploadLimits& limits);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_DATASET_UPLOAD_H_
