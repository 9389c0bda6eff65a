#ifndef STEELYARD_TESTS_SERVER_WORKER_TRAIN_TO_END_H_
#define STEELYARD_TESTS_SERVER_WORKER_TRAIN_TO_END_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "server/spec_defaults.h"
#include "server/worker/make_trainer.h"
#include "tests/status_matchers.h"

// From a lease to the numbers at its end, without a session.
namespace steelyard::worker {

// With the spec's defaults filled in.  Null, and a failure, where there is
// none.
inline std::unique_ptr<training::Trainer> Make(v1::TrainLease lease) {
  server::FillDefaults(lease.mutable_spec());
  auto trainer = MakeTrainer(lease, MemoryLimit());
  EXPECT_THAT(trainer, IsOk());
  return trainer.ok() ? *std::move(trainer) : nullptr;
}

// The last values of a run, and its steps as "step".
inline std::map<std::string, double> TrainToEnd(training::Trainer* trainer) {
  std::map<std::string, double> last;
  while (trainer != nullptr && !trainer->done()) {
    const auto evaluation = trainer->Advance(1'000'000);
    if (!evaluation.ok()) {
      ADD_FAILURE() << evaluation.status();
      break;
    }
    if (!evaluation->has_value()) continue;
    last.clear();
    for (const training::MetricValue& value : (*evaluation)->values) {
      last[trainer->metrics()[value.metric]] = value.value;
    }
    last["step"] = static_cast<double>((*evaluation)->step);
  }
  return last;
}

}  // namespace steelyard::worker

#endif  // STEELYARD_TESTS_SERVER_WORKER_TRAIN_TO_END_H_
