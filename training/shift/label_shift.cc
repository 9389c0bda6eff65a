#include "training/shift/label_shift.h"

#include <cmath>
#include <utility>

#include "Eigen/QR"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/rows_check.h"
#include "training/shift/blocking.h"
#include "training/shift/mixture_shares.h"

namespace steelyard::training {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using RowMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = std::vector<double>;

// How far the sum of a row of posteriors may be from 1: that of rounding to
// single precision, and some more.
constexpr double kSumSlack = 1e-6;

absl::Status CheckClasses(absl::string_view where, size_t classes) {
  if (classes >= 1 && static_cast<int64_t>(classes) <= kMaxShiftClasses) {
    return absl::OkStatus();
  }
  return Want(where, absl::StrCat("1 to ", kMaxShiftClasses, " classes"),
              classes);
}

// `counts` divided by their sum.
absl::StatusOr<VectorXd> SharesOf(absl::string_view where,
                                  std::span<const double> counts) {
  double sum = 0;
  for (size_t k = 0; k < counts.size(); ++k) {
    // Not a number is refused too; sums below stay finite.
    if (!(counts[k] >= 0 && counts[k] <= 1e300)) {
      return Want(absl::StrCat(where, "[", k, "]"), "a value of 0 to 1e300",
                  counts[k]);
    }
    sum += counts[k];
  }
  if (!(sum > 0)) return Want(where, "a value above 0", "none");
  const Eigen::Map<const VectorXd> values(counts.data(),
                                          static_cast<Index>(counts.size()));
  return VectorXd(values / sum);
}

// w from p_t and p_s.
LabelShift MakeShift(const VectorXd& weights, const VectorXd& source) {
  LabelShift shift;
  const VectorXd clipped = weights.cwiseMax(0);
  const VectorXd scaled = clipped / clipped.dot(source);
  for (Index k = 0; k < weights.size(); ++k) {
    if (weights[k] < 0) shift.clipped.push_back(k);
    shift.weights.push_back(scaled[k]);
    shift.priors.push_back(scaled[k] * source[k]);
  }
  return shift;
}

absl::Status CheckPosteriors(std::span<const double> posteriors,
                             size_t classes) {
  if (posteriors.empty() || posteriors.size() % classes != 0) {
    return Want("posteriors",
                absl::StrCat("rows of ", classes, ", at least one"),
                absl::StrCat(posteriors.size(), " values"));
  }
  if (static_cast<int64_t>(posteriors.size()) > kMaxMixtureValues) {
    return Want(
        "posteriors",
        absl::StrCat("at most ", kMaxMixtureValues, " values, rows by classes"),
        posteriors.size());
  }
  for (size_t t = 0; t < posteriors.size() / classes; ++t) {
    double sum = 0;
    for (size_t k = 0; k < classes; ++k) {
      const double value = posteriors[t * classes + k];
      if (!(value >= 0 && value <= 2)) {
        return Want(absl::StrCat("posteriors[", t, "][", k, "]"),
                    "a value of 0 to 1", value);
      }
      sum += value;
    }
    if (!(std::fabs(sum - 1) <= kSumSlack)) {
      return Want(absl::StrCat("posteriors[", t, "]"), "values of sum 1", sum);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LabelShift> ShiftByConfusion(std::span<const double> confusion,
                                            std::span<const double> predicted) {
  const size_t classes = predicted.size();
  STEELYARD_RETURN_IF_ERROR(CheckClasses("predicted", classes));
  if (confusion.size() != classes * classes) {
    return Want("confusion", absl::StrCat(classes, " x ", classes, " values"),
                confusion.size());
  }
  STEELYARD_ASSIGN_OR_RETURN(const VectorXd cells,
                             SharesOf("confusion", confusion));
  STEELYARD_ASSIGN_OR_RETURN(const VectorXd mu,
                             SharesOf("predicted", predicted));
  const auto count = static_cast<Index>(classes);
  const Eigen::Map<const RowMatrix> shares(cells.data(), count, count);
  const VectorXd source = shares.colwise().sum();
  for (Index j = 0; j < count; ++j) {
    if (source[j] == 0) {
      return Want("confusion", "held-out rows of every class",
                  absl::StrCat("none of class ", j));
    }
  }
  FixBlocking();
  // Columns divided by p_s(j): p_s(predicted i | label j), so that rank does
  // not depend on how rare a class is.
  const RowMatrix conditional = shares * source.cwiseInverse().asDiagonal();
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> factors(conditional);
  if (factors.rank() < count) {
    return absl::FailedPreconditionError(
        absl::StrCat("confusion: want predictions that tell the ", count,
                     " classes apart, got a matrix of rank ", factors.rank()));
  }
  const VectorXd priors = factors.solve(mu);
  return MakeShift(priors.cwiseQuotient(source), source);
}

absl::StatusOr<LabelShift> ShiftByPosteriors(
    std::span<const double> posteriors, std::span<const double> source_priors,
    StopCheck* stop) {
  const size_t classes = source_priors.size();
  STEELYARD_RETURN_IF_ERROR(CheckClasses("source_priors", classes));
  STEELYARD_ASSIGN_OR_RETURN(const VectorXd source,
                             SharesOf("source_priors", source_priors));
  for (size_t k = 0; k < classes; ++k) {
    if (source_priors[k] == 0) {
      return Want(absl::StrCat("source_priors[", k, "]"), "a value above 0", 0);
    }
  }
  STEELYARD_RETURN_IF_ERROR(CheckPosteriors(posteriors, classes));
  Vector densities(posteriors.begin(), posteriors.end());
  for (size_t i = 0; i < densities.size(); ++i) {
    densities[i] /= source[static_cast<Index>(i % classes)];
  }
  STEELYARD_ASSIGN_OR_RETURN(
      const Vector priors,
      MixtureShares(densities, static_cast<int64_t>(classes), stop));
  const Eigen::Map<const VectorXd> target(priors.data(),
                                          static_cast<Index>(classes));
  return MakeShift(target.cwiseQuotient(source), source);
}

}  // namespace steelyard::training
