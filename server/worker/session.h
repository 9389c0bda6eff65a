#ifndef STEELYARD_SERVER_WORKER_SESSION_H_
#define STEELYARD_SERVER_WORKER_SESSION_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "server/worker/session_queue.h"

namespace steelyard::worker {

// A channel to a server, e.g. "unix:/run/steelyard/worker.sock".  Dials when it
// is first used.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& server);

// Holds one WorkerService.Session on the caller's thread, and a second one that
// reads, until the server or the worker ends it: moves messages between the
// stream and the queue.  When it returns, the queue is closed.
//
// After the worker has finished, the server has `grace` to take what was sent.
//
// Errors: what the server answered; Unavailable when it was not there or the
// connection broke.
absl::Status RunSession(const std::shared_ptr<grpc::Channel>& channel,
                        const std::string& token, absl::Duration grace,
                        SessionQueue& queue);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_SESSION_H_
