#include "training/shift/gaussian_ratio.h"

#include <cmath>

#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/data/generate.h"
#include "training/rows_check.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

// The lower factor of the covariance.
absl::StatusOr<Vector> Factor(absl::string_view name, const Gaussian& gaussian,
                              int64_t dimension) {
  const Features mean = {1, dimension, gaussian.mean};
  const Features covariance = {dimension, dimension, gaussian.covariance};
  STEELYARD_RETURN_IF_ERROR(CheckFeatures(absl::StrCat(name, ".mean"), mean));
  STEELYARD_RETURN_IF_ERROR(
      CheckFeatures(absl::StrCat(name, ".covariance"), covariance));
  absl::StatusOr<Vector> factor =
      FactorCovariance(gaussian.covariance, dimension);
  if (!factor.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ".covariance", factor.status().message()));
  }
  for (size_t k = 0; k < static_cast<size_t>(dimension); ++k) {
    if ((*factor)[k * static_cast<size_t>(dimension) + k] == 0) {
      return Want(absl::StrCat(name, ".covariance"),
                  "a positive definite matrix",
                  absl::StrCat("one in which coordinate ", k,
                               " follows from those before it"));
    }
  }
  return factor;
}

// factor^-1 (x - m).
void Whiten(const Vector& factor, std::span<const double> x, const Vector& mean,
            Vector& out) {
  const size_t d = out.size();
  for (size_t i = 0; i < d; ++i) {
    double rest = x[i] - mean[i];
    for (size_t k = 0; k < i; ++k) rest -= factor[i * d + k] * out[k];
    out[i] = rest / factor[i * d + i];
  }
}

}  // namespace

absl::StatusOr<Vector> GaussianLogRatios(const Gaussian& source,
                                         const Gaussian& target,
                                         const Features& rows,
                                         StopCheck* stop) {
  STEELYARD_RETURN_IF_ERROR(CheckFeatures("rows", rows));
  if (rows.columns > kMaxCovarianceDimension) {
    return Want("rows",
                absl::StrCat("at most ", kMaxCovarianceDimension, " columns"),
                rows.columns);
  }
  STEELYARD_ASSIGN_OR_RETURN(const Vector s,
                             Factor("source", source, rows.columns));
  STEELYARD_ASSIGN_OR_RETURN(const Vector t,
                             Factor("target", target, rows.columns));
  const auto d = static_cast<size_t>(rows.columns);
  double scale = 0;
  for (size_t k = 0; k < d; ++k) {
    scale += std::log(s[k * d + k]) - std::log(t[k * d + k]);
  }
  const bool same = source.covariance == target.covariance;
  Vector shift(d);
  Whiten(s, target.mean, source.mean, shift);
  Vector u(d);
  Vector v(d);
  Vector ratios;
  ratios.reserve(static_cast<size_t>(rows.rows));
  for (size_t i = 0; i < static_cast<size_t>(rows.rows); ++i) {
    if (Stopped(stop, 2 * rows.columns * rows.columns)) return stop->status();
    const std::span<const double> x = rows.values.subspan(i * d, d);
    Whiten(s, x, source.mean, u);
    Whiten(t, x, target.mean, v);
    double sum = 0;
    for (size_t k = 0; k < d; ++k) {
      sum += (same ? shift[k] : u[k] - v[k]) * (u[k] + v[k]);
    }
    ratios.push_back(sum / 2 + scale);
  }
  return ratios;
}

}  // namespace steelyard::training
