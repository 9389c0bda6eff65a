#include "training/exact_errors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace steelyard::training {
namespace {

constexpr const char* kNames[] = {"error_exact", "balanced_error_exact"};

// theta' A theta.  theta: [d].
double VarianceOf(const GaussianPart& part, std::span<const double> theta) {
  const size_t d = theta.size();
  const bool full = !part.covariance.empty();
  double sum = 0;
  for (size_t i = 0; i < d; ++i) {
    double row = full ? 0 : theta[i];
    for (size_t j = 0; full && j < d; ++j) {
      row += part.covariance[i * d + j] * theta[j];
    }
    sum += theta[i] * row;
  }
  if (full) return std::max(sum, 0.0);
  return sum * part.standard_deviation * part.standard_deviation;
}

}  // namespace

double GaussianError(const GaussianPart& part, int64_t columns,
                     std::span<const double> theta) {
  // Only the direction counts: so no square over- or underflows.
  double most = 0;
  for (const double value : theta) most = std::max(most, std::fabs(value));
  if (most == 0) return 1;
  std::vector<double> direction(theta.begin(), theta.end());
  for (double& value : direction) value /= most;
  const auto d = static_cast<size_t>(columns);
  double f = direction.size() > d ? direction[d] : 0;
  for (size_t j = 0; j < part.mean.size(); ++j)
    f += direction[j] * part.mean[j];
  const double margin = part.label * f;
  const double deviation =
      std::sqrt(VarianceOf(part, std::span(direction).first(d)));
  if (deviation == 0) return margin <= 0 ? 1 : 0;
  return std::erfc(margin / deviation / std::numbers::sqrt2) / 2;
}

ExactErrors::ExactErrors(absl::string_view prefix, int64_t columns,
                         std::vector<GaussianPart> parts, MetricTable& table)
    : columns_(columns),
      parts_(std::move(parts)),
      first_id_(static_cast<uint32_t>(table.names().size())) {
  if (parts_.empty()) return;
  for (const char* name : kNames) table.Add(absl::StrCat(prefix, name));
}

void ExactErrors::Measure(std::span<const double> theta, double added,
                          std::vector<MetricValue>& values) const {
  if (parts_.empty()) return;
  std::vector<double> moved(theta.begin(), theta.end());
  moved.resize(static_cast<size_t>(columns_) + 1, 0.0);
  moved.back() += added;
  std::array<double, 2> shares = {0, 0};  // of -1, of +1
  std::array<double, 2> errors = {0, 0};
  for (const GaussianPart& part : parts_) {
    const size_t k = part.label > 0 ? 1 : 0;
    shares[k] += part.share;
    errors[k] += part.share * GaussianError(part, columns_, moved);
  }
  double balanced = 0;
  double classes = 0;
  for (size_t k = 0; k < 2; ++k) {
    if (shares[k] == 0) continue;
    balanced += errors[k] / shares[k];
    classes += 1;
  }
  values.push_back(
      Value(first_id_, (errors[0] + errors[1]) / (shares[0] + shares[1])));
  values.push_back(Value(first_id_ + 1, balanced / classes));
}

void ExactErrors::AddAbsent(absl::string_view prefix,
                            const std::vector<GaussianPart>& parts,
                            absl::string_view reason, MetricTable& table) {
  if (parts.empty()) return;
  for (const char* name : kNames) {
    table.AddAbsent(absl::StrCat(prefix, name), std::string(reason));
  }
}

}  // namespace steelyard::training
