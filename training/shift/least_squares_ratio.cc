#include "training/shift/least_squares_ratio.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "Eigen/Cholesky"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/status_macros.h"
#include "training/rows_check.h"
#include "training/shift/blocking.h"

namespace steelyard::training {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// phi of each row, [n, b].
RowMatrix Kernels(const Features& rows, const Features& centres, double width,
                  StopCheck* stop) {
  RowMatrix kernels(rows.rows, centres.rows);
  LogKernels(rows, centres, width,
             {kernels.data(), static_cast<size_t>(kernels.size())}, stop);
  for (double& value : kernels.reshaped()) value = std::exp(value);
  return kernels;
}

// Sums over a sample.
struct Moments {
  VectorXd first;   // sum phi, [b]
  MatrixXd second;  // sum phi phi', [b, b], the lower half
};

// Of the first rows alone where it is to stop.
Moments MomentsOf(const Features& sample, const Features& centres, double width,
                  StopCheck* stop) {
  Moments moments = {VectorXd::Zero(centres.rows),
                     MatrixXd::Zero(centres.rows, centres.rows)};
  for (int64_t first = 0; first < sample.rows; first += kBlockRows) {
    const RowMatrix phi =
        Kernels(Block(sample, first, kBlockRows), centres, width, stop);
    if (Stopped(stop, phi.rows() * centres.rows * centres.rows)) break;
    moments.first += phi.colwise().sum().transpose();
    moments.second.selfadjointView<Eigen::Lower>().rankUpdate(phi.transpose());
  }
  return moments;
}

// One width on two samples.
class Problem {
 public:
  Problem(const Features& source, const Features& target,
          const Features& centres, double width, double alpha, StopCheck* stop)
      : source_(source),
        target_(target),
        centres_(centres),
        width_(width),
        alpha_(alpha),
        stop_(stop),
        of_source_(MomentsOf(source, centres, width, stop)),
        of_target_(MomentsOf(target, centres, width, stop)) {}

  VectorXd Solve(double penalty) const {
    const MatrixXd curvature = Curvature(TargetRows(), SourceRows(), penalty);
    const VectorXd h = of_target_.first / TargetRows();
    return curvature.llt().solve(h).cwiseMax(0);
  }

  double Score(double penalty) const;

 private:
  double SourceRows() const { return static_cast<double>(source_.rows); }
  double TargetRows() const { return static_cast<double>(target_.rows); }

  // alpha sum_target / n_t + (1 - alpha) sum_source / n_s + penalty I.
  MatrixXd Curvature(double n_t, double n_s, double penalty) const {
    MatrixXd curvature = alpha_ / n_t * of_target_.second +
                         (1 - alpha_) / n_s * of_source_.second;
    curvature.diagonal().array() += penalty;
    return curvature;
  }

  const Features& source_;
  const Features& target_;
  const Features& centres_;
  const double width_;
  const double alpha_;
  StopCheck* const stop_;
  const Moments of_source_;
  const Moments of_target_;
};

// M = curvature of one row less; without pair (t, s) it is M - U U' with
// U = (sqrt(a) t, sqrt(c) s), whose inverse Woodbury's formula gives:
//   M^-1 + M^-1 U (I - U' M^-1 U)^-1 U' M^-1.
double Problem::Score(double penalty) const {
  const double n_t = TargetRows();
  const double n_s = SourceRows();
  const double a = std::sqrt(alpha_ / (n_t - 1));
  const double c = std::sqrt((1 - alpha_) / (n_s - 1));
  const Eigen::LLT<MatrixXd> factor(Curvature(n_t - 1, n_s - 1, penalty));
  const int64_t pairs = std::min(source_.rows, target_.rows);
  double sum = 0;
  for (int64_t first = 0; first < pairs; first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, pairs - first);
    const MatrixXd t =
        Kernels(Block(target_, first, count), centres_, width_, stop_)
            .transpose();
    const MatrixXd s =
        Kernels(Block(source_, first, count), centres_, width_, stop_)
            .transpose();
    if (Stopped(stop_, 4 * count * centres_.rows * centres_.rows)) break;
    const MatrixXd solved_t = factor.solve(t);
    const MatrixXd solved_s = factor.solve(s);
    const VectorXd solved_h = factor.solve(of_target_.first);
    for (Index j = 0; j < count; ++j) {
      VectorXd theta = (solved_h - solved_t.col(j)) / (n_t - 1);
      Eigen::Matrix2d inner;
      inner(0, 0) = 1 - a * a * t.col(j).dot(solved_t.col(j));
      inner(0, 1) = inner(1, 0) = -a * c * s.col(j).dot(solved_t.col(j));
      inner(1, 1) = 1 - c * c * s.col(j).dot(solved_s.col(j));
      const Eigen::Vector2d right(a * t.col(j).dot(theta),
                                  c * s.col(j).dot(theta));
      const double det = inner(0, 0) * inner(1, 1) - inner(0, 1) * inner(1, 0);
      theta += a * (inner(1, 1) * right[0] - inner(0, 1) * right[1]) / det *
                   solved_t.col(j) +
               c * (inner(0, 0) * right[1] - inner(1, 0) * right[0]) / det *
                   solved_s.col(j);
      theta = theta.cwiseMax(0);
      const double at_t = theta.dot(t.col(j));
      const double at_s = theta.dot(s.col(j));
      sum += (alpha_ * at_t * at_t + (1 - alpha_) * at_s * at_s) / 2 - at_t;
    }
  }
  return sum / static_cast<double>(pairs);
}

absl::Status Check(const Features& source, const Features& target,
                   const Features& centres,
                   const LeastSquaresOptions& options) {
  STEELYARD_RETURN_IF_ERROR(CheckSamples(source, target));
  STEELYARD_RETURN_IF_ERROR(CheckCentres(centres, source.columns));
  STEELYARD_RETURN_IF_ERROR(CheckWidths(options.widths));
  const std::vector<double>& penalties = options.penalties;
  if (penalties.empty() ||
      static_cast<int64_t>(penalties.size()) > kMaxCandidates) {
    return Want("penalties", absl::StrCat("1 to ", kMaxCandidates),
                penalties.size());
  }
  for (size_t k = 0; k < penalties.size(); ++k) {
    STEELYARD_RETURN_IF_ERROR(CheckWithin(absl::StrCat("penalties[", k, "]"),
                                          penalties[k], kMinRidge, kMaxRidge));
  }
  STEELYARD_RETURN_IF_ERROR(CheckWithin("alpha", options.alpha, 0, 0.99));
  if (options.widths.size() * penalties.size() == 1) return absl::OkStatus();
  for (const Features* sample : {&source, &target}) {
    if (sample->rows < 2) {
      return Want(sample == &source ? "source" : "target",
                  "at least two rows to choose a width or penalty by",
                  sample->rows);
    }
  }
  return absl::OkStatus();
}

// Whether it is 0 at all rows of the source.  No ratio of densities is: its
// mean over the source is 1.  Without the source J is -mean_target w / 2, the
// less the smaller lambda is, so that no other candidate would score against
// it.
bool IsZero(const LeastSquaresRatio& ratio, const Features& source,
            StopCheck* stop) {
  const std::vector<double> values = Ratios(ratio, source, stop);
  return std::none_of(values.begin(), values.end(),
                      [](double w) { return w > 0; });
}

}  // namespace

absl::StatusOr<LeastSquaresRatio> FitLeastSquaresRatio(
    const Features& source, const Features& target,
    const LeastSquaresOptions& options) {
  const Features centres = RowsOf(options.centres, source.columns);
  STEELYARD_RETURN_IF_ERROR(Check(source, target, centres, options));
  FixBlocking();
  const bool choose = options.widths.size() * options.penalties.size() > 1;
  std::vector<double> blind;  // widths
  LeastSquaresRatio best;
  best.score = std::numeric_limits<double>::infinity();
  for (const double width : options.widths) {
    const Problem problem(source, target, centres, width, options.alpha,
                          options.stop);
    for (const double penalty : options.penalties) {
      STEELYARD_RETURN_IF_ERROR(StatusOf(options.stop));
      const double score = choose ? problem.Score(penalty)
                                  : std::numeric_limits<double>::quiet_NaN();
      if (choose && !(score < best.score)) continue;
      const VectorXd theta = problem.Solve(penalty);
      LeastSquaresRatio next = {.centres = options.centres,
                                .coefficients = {theta.begin(), theta.end()},
                                .width = width,
                                .penalty = penalty,
                                .score = score};
      if (IsZero(next, source, options.stop)) {
        if (blind.empty() || blind.back() != width) blind.push_back(width);
      } else {
        best = std::move(next);
      }
    }
  }
  STEELYARD_RETURN_IF_ERROR(StatusOf(options.stop));
  if (!best.coefficients.empty()) return best;
  if (blind.empty()) {
    return absl::FailedPreconditionError(
        "penalties: want larger ones, which rounding does not hide");
  }
  return absl::FailedPreconditionError(
      absl::StrCat("widths: want one that reaches from a centre to a row of "
                   "the source, got ",
                   absl::StrJoin(blind, ", "), ", by which every weight is 0"));
}

std::vector<double> Ratios(const LeastSquaresRatio& ratio, const Features& rows,
                           StopCheck* stop) {
  const Features centres = RowsOf(ratio.centres, rows.columns);
  const Eigen::Map<const VectorXd> theta(
      ratio.coefficients.data(), static_cast<Index>(ratio.coefficients.size()));
  std::vector<double> result;
  result.reserve(static_cast<size_t>(rows.rows));
  for (int64_t first = 0; first < rows.rows; first += kBlockRows) {
    const VectorXd w =
        Kernels(Block(rows, first, kBlockRows), centres, ratio.width, stop) *
        theta;
    if (Stopped(stop, 0)) break;
    result.insert(result.end(), w.begin(), w.end());
  }
  return result;
}

}  // namespace steelyard::training
