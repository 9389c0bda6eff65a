#ifndef STEELYARD_CLIENT_CLI_DOWNLOAD_CALL_H_
#define STEELYARD_CLIENT_CLI_DOWNLOAD_CALL_H_

#include <grpcpp/grpcpp.h>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "client/cli/connection.h"
#include "steelyard/v1/run_service.grpc.pb.h"
#include "support/mutex.h"

namespace steelyard::cli {

// One GetArtifact stream, read step by step by one thread.  A synchronous
// stream would wait without end for a server that has stopped.
class DownloadCall final
    : public grpc::ClientReadReactor<v1::GetArtifactResponse> {
 public:
  DownloadCall(Connection& connection, const v1::GetArtifactRequest& request);
  ~DownloadCall() override;  // cancels what has not ended
  DownloadCall(const DownloadCall&) = delete;
  DownloadCall& operator=(const DownloadCall&) = delete;

  enum class Next {
    kPart,     // part() holds it, until the next call
    kNothing,  // within `patience`
    kEnd,      // status() says how
  };
  Next Read(absl::Duration patience) ABSL_LOCKS_EXCLUDED(mu_);
  const v1::GetArtifactResponse& part() const { return part_; }
  // After kEnd.
  grpc::Status status() ABSL_LOCKS_EXCLUDED(mu_);

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  enum class State { kIdle, kReading, kRead, kFailed };

  // Lets OnDone come.
  void EndReads();

  grpc::ClientContext context_;
  const v1::GetArtifactRequest request_;
  v1::GetArtifactResponse part_;  // gRPC's while a read is on its way
  bool reads_ended_ = false;      // the reading thread's
  Mutex mu_;
  CondVar changed_;
  State state_ ABSL_GUARDED_BY(mu_) = State::kIdle;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_DOWNLOAD_CALL_H_
