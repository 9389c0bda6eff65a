#include "training/class_axis.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "training/penalty.h"

namespace steelyard::training {
namespace {

constexpr char kShift[] = "boundary/shift";
constexpr char kAngle[] = "boundary/angle";

void AddAbsent(const char* reason, MetricTable& table) {
  table.AddAbsent(kShift, reason);
  table.AddAbsent(kAngle, reason);
}

// The mean of the kept rows with this label, [d]; empty where there is none.
std::vector<double> MeanOf(const Rows& rows, std::span<const int64_t> kept,
                           double label) {
  const auto d = static_cast<size_t>(rows.columns);
  std::vector<long double> sum(d, 0);  // holds the sum of any doubles
  int64_t count = 0;
  for (const int64_t row : kept) {
    const auto i = static_cast<size_t>(row);
    if (rows.labels[i] != label) continue;
    ++count;
    for (size_t j = 0; j < d; ++j) sum[j] += rows.features[i * d + j];
  }
  std::vector<double> mean;
  if (count == 0) return mean;
  for (const long double value : sum) {
    mean.push_back(static_cast<double>(value / count));
  }
  return mean;
}

double Length(const std::vector<double>& a) {
  return NormOf(static_cast<int64_t>(a.size()), a.data());
}

}  // namespace

ClassAxis::ClassAxis(const char* reason, MetricTable& table) {
  AddAbsent(reason, table);
}

ClassAxis::ClassAxis(const Rows& rows, std::span<const int64_t> kept, bool bias,
                     MetricTable& table)
    : bias_(bias) {
  const std::vector<double> positive = MeanOf(rows, kept, 1);
  const std::vector<double> negative = MeanOf(rows, kept, -1);
  if (positive.empty() || negative.empty()) {
    AddAbsent("a class has no rows", table);
    return;
  }
  for (size_t j = 0; j < positive.size(); ++j) {
    axis_.push_back(positive[j] - negative[j]);
    middle_.push_back(std::midpoint(positive[j], negative[j]));
  }
  const double length = Length(axis_);
  if (!(length > 0) || !std::isfinite(length)) {
    AddAbsent("the classes' means are no two points", table);
    return;
  }
  for (double& value : axis_) value /= length;
  shift_id_ = table.Add(kShift);
  table.Add(kAngle);
}

void ClassAxis::Measure(const double* theta,
                        std::vector<MetricValue>& values) const {
  if (!shift_id_) return;
  const size_t d = axis_.size();
  const double norm = NormOf(static_cast<int64_t>(d), theta);
  if (!(norm > 0) || !std::isfinite(norm)) return;
  double along = 0;
  double at_middle = bias_ ? theta[d] / norm : 0;
  for (size_t j = 0; j < d; ++j) {
    along += theta[j] / norm * axis_[j];
    at_middle += theta[j] / norm * middle_[j];
  }
  // By the half angle: right near 0 and pi too.
  double apart = 0;
  double together = 0;
  for (size_t j = 0; j < d; ++j) {
    const double unit = theta[j] / norm;
    apart += (unit - axis_[j]) * (unit - axis_[j]);
    together += (unit + axis_[j]) * (unit + axis_[j]);
  }
  if (along != 0) values.push_back(Value(*shift_id_, -at_middle / along));
  values.push_back(Value(
      *shift_id_ + 1, 2 * std::atan2(std::sqrt(apart), std::sqrt(together))));
}

}  // namespace steelyard::training
