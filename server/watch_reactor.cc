#include "server/watch_reactor.h"

#include <utility>

#include "server/to_grpc.h"

namespace steelyard::server {
namespace {

class RefusedWatch final : public WatchReactor {
 public:
  explicit RefusedWatch(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

// A RunWatch's sink: one write at a time.  Whose turn it is stands in
// run_watch.h; here gRPC has it from StartWrite to OnWriteDone.
class StreamingWatch final : public WatchReactor, private RunWatch::Sink {
 public:
  StreamingWatch(const WatchParts& parts, const RunName& name,
                 int64_t from_sample, absl::AnyInvocable<void()> done)
      : done_(std::move(done)), watch_(parts, name, from_sample, this) {
    watch_.Start();
  }

  void OnWriteDone(bool ok) override { watch_.OnWritten(ok); }
  void OnCancel() override { watch_.Cancel(); }
  void OnDone() override {
    done_();
    delete this;
  }

 private:
  void Write(const v1::WatchRunResponse& response) override {
    StartWrite(&response);
  }
  void Finish(const absl::Status& status) override {
    WatchReactor::Finish(ToGrpc(status));
  }

  absl::AnyInvocable<void()> done_;
  RunWatch watch_;
};

}  // namespace

// gRPC's callback interface wants reactors that delete themselves: these two
// are the only bare `new` of a stream, and OnDone is their `delete`.
WatchReactor* RefuseWatch(const absl::Status& status) {
  return new RefusedWatch(status);
}

WatchReactor* StartWatch(const WatchParts& parts, const RunName& name,
                         int64_t from_sample, absl::AnyInvocable<void()> done) {
  return new StreamingWatch(parts, name, from_sample, std::move(done));
}

}  // namespace steelyard::server
