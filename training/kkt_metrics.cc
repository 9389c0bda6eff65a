#include "training/kkt_metrics.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "training/cone_projection.h"
#include "training/penalty.h"

namespace steelyard::training {
namespace {

constexpr char kStationarity[] = "kkt/stationarity";
constexpr char kComplementarity[] = "kkt/complementarity";

}  // namespace

KktMetrics::KktMetrics(int64_t rows, int64_t parameters, std::string reason,
                       MetricTable& table) {
  if (reason.empty() && parameters > kMostValues / rows) {
    reason = absl::StrCat("rows times parameters are above ", kMostValues);
  }
  if (!reason.empty()) {
    table.AddAbsent(kStationarity, reason);
    table.AddAbsent(kComplementarity, reason);
    return;
  }
  id_ = table.Add(kStationarity);
  table.Add(kComplementarity);
}

void KktMetrics::Measure(
    std::span<const double> margins, std::span<const double> theta,
    const std::function<void(std::span<double>)>& gradients,
    std::vector<MetricValue>& values) const {
  if (!id_) return;
  const double least = *std::min_element(margins.begin(), margins.end());
  const double norm = NormOf(static_cast<int64_t>(theta.size()), theta.data());
  if (!(least > 0) || !(norm > 0) || !std::isfinite(norm)) return;
  std::vector<double> rows(margins.size() * theta.size());
  gradients(rows);
  // Beside theta they may be of any size: what is asked has none.
  std::vector<double> direction(theta.begin(), theta.end());
  for (double& value : direction) value /= norm;
  const bool finite = std::all_of(rows.begin(), rows.end(),
                                  [](double g) { return std::isfinite(g); });
  if (!finite) return;
  const ConeProjection projection = ProjectOnCone(rows, direction);
  values.push_back(Value(*id_, projection.distance));
  double sum = 0;
  double slack = 0;
  for (size_t i = 0; i < margins.size(); ++i) {
    sum += projection.multipliers[i];
    slack += projection.multipliers[i] * (margins[i] / least - 1);
  }
  if (sum > 0) values.push_back(Value(*id_ + 1, slack / sum));
}

}  // namespace steelyard::training
