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

// Of the multipliers that come as near as any those with the least slack: where
// many do, their sum of mu_i (m_i / min m - 1) is one more coordinate, so small
// that it decides between them alone.
std::vector<double> LeastSlack(std::span<const double> rows,
                               std::span<const double> direction,
                               std::span<const double> margins, double least) {
  constexpr double kSmall = 1e-5;
  const size_t d = direction.size();
  double longest = 0;
  for (size_t i = 0; i < margins.size(); ++i) {
    longest = std::max(longest, NormOf(static_cast<int64_t>(d), &rows[i * d]));
  }
  std::vector<double> longer;
  longer.reserve(rows.size() + margins.size());
  for (size_t i = 0; i < margins.size(); ++i) {
    longer.insert(longer.end(), &rows[i * d], &rows[i * d] + d);
    longer.push_back(kSmall * longest * (margins[i] / least - 1));
  }
  std::vector<double> target(direction.begin(), direction.end());
  target.push_back(0);
  std::vector<double> multipliers = ProjectOnCone(longer, target).multipliers;
  // Of the rows that it takes, without that coordinate.
  std::vector<double> taken;
  for (size_t i = 0; i < margins.size(); ++i) {
    if (multipliers[i] > 0) {
      taken.insert(taken.end(), &rows[i * d], &rows[i * d] + d);
    }
  }
  const std::vector<double> exact = ProjectOnCone(taken, direction).multipliers;
  size_t next = 0;
  for (double& mu : multipliers) {
    if (mu > 0) mu = exact[next++];
  }
  return multipliers;
}

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
  values.push_back(Value(*id_, ProjectOnCone(rows, direction).distance));
  const std::vector<double> multipliers =
      LeastSlack(rows, direction, margins, least);
  double sum = 0;
  double slack = 0;
  for (size_t i = 0; i < margins.size(); ++i) {
    sum += multipliers[i];
    slack += multipliers[i] * (margins[i] / least - 1);
  }
  if (sum > 0) values.push_back(Value(*id_ + 1, slack / sum));
}

}  // namespace steelyard::training
