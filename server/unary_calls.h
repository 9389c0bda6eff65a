#ifndef STEELYARD_SERVER_UNARY_CALLS_H_
#define STEELYARD_SERVER_UNARY_CALLS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/auth_tables.h"
#include "server/authenticator.h"
#include "server/reader_pool.h"
#include "storage/reader.h"

namespace steelyard::server {

// The way of every unary call: gRPC's thread asks who calls and hands over; a
// thread of the pool checks, reads, and answers or hands on.
class UnaryCalls {
 public:
  // On the pool.  Request, response and reactor live until Finish, which is
  // called exactly once, here or later.
  using Work = absl::AnyInvocable<void(storage::Reader&, const Caller&,
                                       grpc::ServerUnaryReactor*)>;
  // The same for calls that are answered on the pool.
  using Answer =
      absl::AnyInvocable<absl::Status(storage::Reader&, const Caller&)>;

  UnaryCalls(Authenticator* authenticator, ReaderPool* pool)
      : authenticator_(*authenticator), pool_(*pool) {}

  // A call whose deadline passes or whose client leaves while it waits is not
  // worked on.
  grpc::ServerUnaryReactor* Start(grpc::CallbackServerContext* context,
                                  Work work);
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context,
                                 Answer answer);

 private:
  Authenticator& authenticator_;
  ReaderPool& pool_;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_UNARY_CALLS_H_
