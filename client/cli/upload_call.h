#ifndef STEELYARD_CLIENT_CLI_UPLOAD_CALL_H_
#define STEELYARD_CLIENT_CLI_UPLOAD_CALL_H_

#include <grpcpp/grpcpp.h>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "client/cli/connection.h"
#include "steelyard/v1/dataset_service.grpc.pb.h"
#include "support/mutex.h"

namespace steelyard::cli {

// One UploadDataset stream, written step by step by one thread.  A synchronous
// stream would wait without end for a server that has stopped.
class UploadCall final
    : public grpc::ClientWriteReactor<v1::UploadDatasetRequest> {
 public:
  explicit UploadCall(Connection& connection);
  ~UploadCall() override;  // cancels what has not ended
  UploadCall(const UploadCall&) = delete;
  UploadCall& operator=(const UploadCall&) = delete;

  // Sends one part.  False when the stream has ended or no byte was taken
  // within `stall`: then Finish says why.
  bool Write(const v1::UploadDatasetRequest& part, absl::Duration stall);

  // Ends the stream and waits for the answer, at most `patience`.
  grpc::Status Finish(absl::Duration patience,
                      v1::UploadDatasetResponse& answer);

  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  enum class WriteState { kIdle, kWriting, kFailed };

  // Waits until no write is on its way.  False after `timeout`.
  bool AwaitWrite(absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EndWrites();

  grpc::ClientContext context_;
  v1::UploadDatasetResponse response_;
  Mutex mu_;
  CondVar changed_;
  WriteState write_ ABSL_GUARDED_BY(mu_) = WriteState::kIdle;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mu_);
  bool stalled_ = false;       // the writing thread's
  bool writes_ended_ = false;  // the writing thread's
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_UPLOAD_CALL_H_
