#ifndef STEELYARD_TRAINING_KKT_METRICS_H_
#define STEELYARD_TRAINING_KKT_METRICS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "training/metric_table.h"

namespace steelyard::training {

// How far theta is from a KKT point of  min ||theta||^2  such that every margin
// m_i >= 1, to whose direction descent on a homogeneous model tends once the
// rows are separated (Lyu & Li 2020; claim C4 of docs/science.md):
//   kkt/stationarity     || theta - sum_i mu_i grad m_i || / ||theta||, the
//                        least over mu >= 0
//   kkt/complementarity  sum_i mu_i (m_i / min m - 1) / sum_i mu_i, the least
//                        over such mu
// Both are 0 at such a point scaled in any way, and absent until every margin
// is above 0.
class KktMetrics {
 public:
  // Where n rows times P parameters are above this, there are none.
  static constexpr int64_t kMostValues = 100'000;

  KktMetrics() = default;  // measures nothing
  // reason: why there are none; empty where the model is homogeneous and its
  // labels are classes.
  KktMetrics(int64_t rows, int64_t parameters, std::string reason,
             MetricTable& table);

  // margins: [n]; theta: [P]; gradients(g): writes grad m_i of every row, [n,
  // P] row-major.
  void Measure(std::span<const double> margins, std::span<const double> theta,
               const std::function<void(std::span<double>)>& gradients,
               std::vector<MetricValue>& values) const;

 private:
  std::optional<uint32_t> id_;  // of the first; nothing: absent
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_KKT_METRICS_H_
