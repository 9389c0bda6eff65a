#include "training/shift/gaussian_classes.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/data/generate.h"
#include "training/rows_check.h"
#include "training/shift/gaussian_ratio.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The parts of one label.
struct LabelParts {
  std::vector<Gaussian> gaussians;
  Vector shares;  // sum of them all over all labels: 1

  double share() const {
    double sum = 0;
    for (const double share : shares) sum += share;
    return sum;
  }
};
using PartsByLabel = std::map<double, LabelParts>;

Gaussian ToGaussian(const GaussianPart& part, int64_t columns) {
  const auto d = static_cast<size_t>(columns);
  Gaussian gaussian = {.mean = part.mean, .covariance = part.covariance};
  gaussian.mean.resize(d, 0.0);
  if (!gaussian.covariance.empty()) return gaussian;
  gaussian.covariance.resize(d * d, 0.0);
  for (size_t j = 0; j < d; ++j) {
    gaussian.covariance[j * d + j] =
        part.standard_deviation * part.standard_deviation;
  }
  return gaussian;
}

absl::StatusOr<PartsByLabel> ByLabel(std::span<const GaussianPart> parts,
                                     int64_t columns) {
  if (columns < 1 || columns > kMaxCovarianceDimension) {
    return Want("rows",
                absl::StrCat("1 to ", kMaxCovarianceDimension, " columns"),
                columns);
  }
  double sum = 0;
  for (const GaussianPart& part : parts) sum += part.share;
  PartsByLabel result;
  for (const GaussianPart& part : parts) {
    LabelParts& own = result[part.label];
    own.gaussians.push_back(ToGaussian(part, columns));
    own.shares.push_back(part.share / sum);
  }
  return result;
}

absl::Status CheckLabels(const PartsByLabel& source,
                         const PartsByLabel& target) {
  for (const auto& [label, parts] : target) {
    if (source.contains(label)) continue;
    return Want("target", "labels that the source has", label);
  }
  return absl::OkStatus();
}

// ln( sum_k share_k N_k(x) / N_0(x) ) of each row, N_0 = `reference`.
absl::StatusOr<Vector> LogMixture(const Gaussian& reference,
                                  const LabelParts& parts, const Features& rows,
                                  StopCheck* stop) {
  std::vector<Vector> terms;
  for (size_t k = 0; k < parts.gaussians.size(); ++k) {
    STEELYARD_ASSIGN_OR_RETURN(
        Vector logs,
        GaussianLogRatios(reference, parts.gaussians[k], rows, stop));
    for (double& value : logs) value += std::log(parts.shares[k]);
    terms.push_back(std::move(logs));
  }
  if (terms.size() == 1) return terms[0];
  Vector result;
  for (size_t i = 0; i < static_cast<size_t>(rows.rows); ++i) {
    double most = -kInfinity;
    for (const Vector& term : terms) most = std::max(most, term[i]);
    double sum = 0;
    for (const Vector& term : terms) sum += std::exp(term[i] - most);
    result.push_back(most + std::log(sum));
  }
  return result;
}

// 2 sum_j ln C_jj = ln |A| of a lower factor C of A.
double LogDeterminant(const Vector& factor, size_t d) {
  double sum = 0;
  for (size_t j = 0; j < d; ++j) sum += 2 * std::log(factor[j * d + j]);
  return sum;
}

// C^-1 x of a lower factor C.
Vector Solve(const Vector& factor, Vector x) {
  const size_t d = x.size();
  for (size_t i = 0; i < d; ++i) {
    for (size_t k = 0; k < i; ++k) x[i] -= factor[i * d + k] * x[k];
    x[i] /= factor[i * d + i];
  }
  return x;
}

double SquaredNorm(const Vector& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return sum;
}

// Whether it has an inverse.
bool IsDefinite(const absl::StatusOr<Vector>& factor, size_t d) {
  if (!factor.ok()) return false;
  for (size_t j = 0; j < d; ++j) {
    if ((*factor)[j * d + j] == 0) return false;
  }
  return true;
}

// Of one Gaussian from another, both positive definite.
Divergence GaussianDivergence(const Gaussian& source, const Vector& source_root,
                              const Gaussian& target,
                              const Vector& target_root) {
  const size_t d = source.mean.size();
  Vector v(d);
  for (size_t j = 0; j < d; ++j) v[j] = target.mean[j] - source.mean[j];
  const double log_s = LogDeterminant(source_root, d);
  const double log_t = LogDeterminant(target_root, d);
  double trace = 0;  // of A_s^-1 A_t = |S^-1 T|^2
  for (size_t j = 0; j < d; ++j) {
    Vector column(d);
    for (size_t i = 0; i < d; ++i) column[i] = target_root[i * d + j];
    trace += SquaredNorm(Solve(source_root, std::move(column)));
  }
  Divergence result = {.chi_square = 0,
                       .renyi_2 = kInfinity,
                       .kl = (trace + SquaredNorm(Solve(source_root, v)) -
                              static_cast<double>(d) + log_s - log_t) /
                             2};
  Vector b(d * d);
  for (size_t k = 0; k < b.size(); ++k) {
    b[k] = 2 * source.covariance[k] - target.covariance[k];
  }
  const absl::StatusOr<Vector> root =
      FactorCovariance(b, static_cast<int64_t>(d));
  if (!IsDefinite(root, d)) return result;
  result.renyi_2 = SquaredNorm(Solve(*root, v)) -
                   (LogDeterminant(*root, d) + log_t - 2 * log_s) / 2;
  return result;
}

absl::StatusOr<Vector> DefiniteRoot(absl::string_view name,
                                    const Gaussian& gaussian) {
  const auto d = static_cast<int64_t>(gaussian.mean.size());
  absl::StatusOr<Vector> root = FactorCovariance(gaussian.covariance, d);
  if (IsDefinite(root, static_cast<size_t>(d))) return root;
  return Want(name, "positive definite covariances", "one that is not");
}

}  // namespace

absl::StatusOr<Vector> GaussianClassLogRatios(
    std::span<const GaussianPart> source, std::span<const GaussianPart> target,
    const Features& rows, std::span<const double> labels, StopCheck* stop) {
  STEELYARD_RETURN_IF_ERROR(CheckFeatures("rows", rows));
  STEELYARD_ASSIGN_OR_RETURN(const PartsByLabel from,
                             ByLabel(source, rows.columns));
  STEELYARD_ASSIGN_OR_RETURN(const PartsByLabel to,
                             ByLabel(target, rows.columns));
  STEELYARD_RETURN_IF_ERROR(CheckLabels(from, to));
  Vector result(labels.size(), -kInfinity);
  for (const auto& [label, parts] : from) {
    std::vector<size_t> own;
    Vector values;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] != label) continue;
      own.push_back(i);
      const Features row = Block(rows, static_cast<int64_t>(i), 1);
      values.insert(values.end(), row.values.begin(), row.values.end());
    }
    const auto there = to.find(label);
    if (own.empty() || there == to.end()) continue;
    const Features some = RowsOf(values, rows.columns);
    const Gaussian& reference = parts.gaussians.front();
    STEELYARD_ASSIGN_OR_RETURN(
        const Vector above, LogMixture(reference, there->second, some, stop));
    STEELYARD_ASSIGN_OR_RETURN(const Vector below,
                               LogMixture(reference, parts, some, stop));
    for (size_t k = 0; k < own.size(); ++k)
      result[own[k]] = above[k] - below[k];
  }
  return result;
}

absl::StatusOr<std::optional<Divergence>> GaussianClassDivergence(
    std::span<const GaussianPart> source, std::span<const GaussianPart> target,
    int64_t columns) {
  STEELYARD_ASSIGN_OR_RETURN(const PartsByLabel from, ByLabel(source, columns));
  STEELYARD_ASSIGN_OR_RETURN(const PartsByLabel to, ByLabel(target, columns));
  STEELYARD_RETURN_IF_ERROR(CheckLabels(from, to));
  double second = 0;
  double kl = 0;
  for (const auto& [label, there] : to) {
    const LabelParts& here = from.at(label);
    if (here.gaussians.size() > 1 || there.gaussians.size() > 1) {
      return std::nullopt;
    }
    const Gaussian& p_s = here.gaussians.front();
    const Gaussian& p_t = there.gaussians.front();
    STEELYARD_ASSIGN_OR_RETURN(const Vector s, DefiniteRoot("source", p_s));
    STEELYARD_ASSIGN_OR_RETURN(const Vector t, DefiniteRoot("target", p_t));
    const Divergence own = GaussianDivergence(p_s, s, p_t, t);
    const double ratio = there.share() / here.share();
    second += there.share() * ratio * std::exp(own.renyi_2);
    kl += there.share() * (std::log(ratio) + own.kl);
  }
  second = std::max(second, 1.0);
  return Divergence{.chi_square = second - 1,
                    .renyi_2 = std::log(second),
                    .kl = std::max(kl, 0.0)};
}

}  // namespace steelyard::training
