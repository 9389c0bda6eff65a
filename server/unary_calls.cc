#include "server/unary_calls.h"

#include <utility>

#include "absl/status/statusor.h"
#include "server/to_grpc.h"

namespace steelyard::server {

grpc::ServerUnaryReactor* UnaryCalls::Start(
    grpc::CallbackServerContext* context, Work work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::StatusOr<Caller> caller = authenticator_.Identify(*context);
  if (!caller.ok()) {
    reactor->Finish(ToGrpc(caller.status()));
    return reactor;
  }
  const absl::Status posted =
      pool_.Post([context, reactor, caller = *std::move(caller),
                  work = std::move(work)](storage::Reader& reader) mutable {
        if (context->IsCancelled()) {
          return reactor->Finish(ToGrpc(absl::CancelledError(
              "call: the client has left or its deadline has passed")));
        }
        work(reader, caller, reactor);
      });
  if (!posted.ok()) reactor->Finish(ToGrpc(posted));
  return reactor;
}

grpc::ServerUnaryReactor* UnaryCalls::Read(grpc::CallbackServerContext* context,
                                           Answer answer) {
  return Start(context, [answer = std::move(answer)](
                            storage::Reader& reader, const Caller& caller,
                            grpc::ServerUnaryReactor* reactor) mutable {
    reactor->Finish(ToGrpc(answer(reader, caller)));
  });
}

}  // namespace steelyard::server
