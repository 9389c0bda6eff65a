#ifndef STEELYARD_TESTS_SERVER_WORKER_LEASES_H_
#define STEELYARD_TESTS_SERVER_WORKER_LEASES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "steelyard/v1/worker_service.pb.h"

// Leases that tests give to workers.
namespace steelyard::worker {

// The eight rows of docs/spec.md's first example, positives weighted by ten.
inline v1::TrainLease D8Lease(uint64_t steps) {
  v1::TrainLease lease;
  lease.set_run_id(7);
  lease.set_attempt(1);
  lease.set_inflated_bytes_limit(int64_t{1} << 30);
  v1::RunSpec& spec = *lease.mutable_spec();
  v1::InlineData& table = *spec.mutable_data()->mutable_inline_();
  const std::vector<std::vector<double>> rows = {
      {2, 1},   {1, 3},    {3, 2.5},     {0.5, 1.5},
      {-1, -1}, {-2, 0.5}, {-0.5, -2.5}, {0.5, -1}};
  for (size_t i = 0; i < rows.size(); ++i) {
    table.add_features()->mutable_values()->Add(rows[i].begin(), rows[i].end());
    table.add_labels(i < 4 ? 1 : -1);
  }
  spec.mutable_model()->mutable_linear()->set_bias(true);
  spec.mutable_loss()->mutable_exponential();
  spec.mutable_weighting()->mutable_per_class()->set_ratio(10);
  spec.set_normalization(v1::NORMALIZATION_MEAN_ONE);
  spec.mutable_regularizer()->mutable_l2()->set_strength(0);
  spec.mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(0.1);
  spec.mutable_initial()->mutable_zeros();
  spec.mutable_stop()->set_steps(steps);
  spec.mutable_evaluate()->mutable_log()->set_points_per_decade(10);
  spec.set_precision(v1::PRECISION_DOUBLE);
  return lease;
}

// A clock that moves on by `tick` whenever it is looked at.
inline std::function<absl::Duration()> TickingClock(absl::Duration tick) {
  auto time = std::make_shared<absl::Duration>(absl::ZeroDuration());
  return [time, tick] { return *time += tick; };
}

}  // namespace steelyard::worker

#endif  // STEELYARD_TESTS_SERVER_WORKER_LEASES_H_
