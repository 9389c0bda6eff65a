#ifndef STEELYARD_SERVER_WORKER_TRAIN_LEASE_H_
#define STEELYARD_SERVER_WORKER_TRAIN_LEASE_H_

#include "server/worker/memory_limit.h"
#include "server/worker/reporter.h"
#include "server/worker/session_queue.h"
#include "steelyard/v1/worker_service.pb.h"

namespace steelyard::worker {

// How a lease ended.
enum class LeaseEnd {
  kFinished,  // the report with the result is on disk
  kStopped,   // as the server asked; it was told so
  kFenced,    // the attempt was over already
  kEnding,    // the worker is asked to end; the last report is on its way
  kClosed,    // the session is over
};

// Works on one run until its lease ends, on the caller's thread: makes the
// trainer, restores the checkpoint, trains in slices, reports.  Whatever goes
// wrong with the run becomes its result, a lack of memory too.
//
// The queue's progress is set meanwhile.  Bits do not depend on `options`, nor
// on when anything happens.
LeaseEnd RunTrainLease(const v1::TrainLease& lease, const LeaseOptions& options,
                       const MemoryLimit& memory, SessionQueue& queue);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_TRAIN_LEASE_H_
