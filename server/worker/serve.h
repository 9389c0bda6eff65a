#ifndef STEELYARD_SERVER_WORKER_SERVE_H_
#define STEELYARD_SERVER_WORKER_SERVE_H_

#include "absl/status/status.h"
#include "server/worker/memory_limit.h"
#include "server/worker/reporter.h"
#include "server/worker/session_queue.h"
#include "steelyard/v1/worker_service.pb.h"

namespace steelyard::worker {

// What became of a session.
struct Served {
  bool welcomed = false;  // by the server
  absl::Status status;
};

// The worker of one session, below gRPC: says hello, then works on leases one
// after the other on the caller's thread, until the session is over or the
// worker is asked to end; then it has finished the queue.
//
// Errors: Internal when a file cannot be read: the lease is lost then, and
// comes again; or when the server breaks the protocol.
Served Serve(const v1::WorkerHello& hello, const LeaseOptions& options,
             const MemoryLimit& memory, SessionQueue& queue);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_SERVE_H_
