#include "training/shift/mixture_shares.h"

#include <algorithm>
#include <cmath>

#include "Eigen/Cholesky"
#include "absl/status/status.h"
#include "support/status_macros.h"
#include "training/shift/blocking.h"
#include "training/shift/features.h"

namespace steelyard::training {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int kMaxSteps = 200;
constexpr double kGoal = 1e-13;
constexpr double kBound = 1e-9;
constexpr double kNoShare = 1e-12;

class Mixture {
 public:
  Mixture(const std::vector<double>& densities, int64_t parts, StopCheck* stop)
      : densities_(densities.data(),
                   static_cast<Index>(densities.size()) / parts, parts),
        stop_(stop) {}

  Index parts() const { return densities_.cols(); }

  // G: mean_t a_t / (a_t . b).
  ArrayXd Gains(const ArrayXd& b) const {
    VectorXd gains = VectorXd::Zero(parts());
    ForEachBlock(4 * parts(), [&](const auto& block) {
      const VectorXd inverse = (block * b.matrix()).cwiseInverse();
      gains.noalias() += block.transpose() * inverse;
    });
    return gains.array() / static_cast<double>(densities_.rows());
  }

  // mean_t r_t r_t', r_t = a_t / (a_t . b): the second derivatives of -F, the
  // lower half.
  MatrixXd Curvature(const ArrayXd& b) const {
    MatrixXd curvature = MatrixXd::Zero(parts(), parts());
    ForEachBlock(parts() * parts(), [&](const auto& block) {
      const RowMatrix ratios =
          (block * b.matrix()).cwiseInverse().asDiagonal() * block;
      curvature.selfadjointView<Eigen::Lower>().rankUpdate(ratios.transpose());
    });
    return curvature / static_cast<double>(densities_.rows());
  }

 private:
  // `operations`: of a row.
  template <typename Visit>
  void ForEachBlock(Index operations, const Visit& visit) const {
    for (Index first = 0; first < densities_.rows(); first += kBlockRows) {
      const Index rows = std::min<Index>(kBlockRows, densities_.rows() - first);
      if (Stopped(stop_, rows * operations)) return;
      visit(densities_.middleRows(first, rows));
    }
  }

  Eigen::Map<const RowMatrix> densities_;
  StopCheck* const stop_;
};

// Where the method stands.
struct State {
  ArrayXd b;  // > 0
  ArrayXd z;  // > 0
};

// Of the conditions 1 - G(b) = z, b z = level.
double Residual(const State& at, const ArrayXd& gains, double level) {
  return std::sqrt((1 - gains - at.z).square().sum() +
                   (at.b * at.z - level).square().sum());
}

// The longest step up to 1 that leaves a part of each value.
double Room(const ArrayXd& value, const ArrayXd& move) {
  double room = 1;
  for (Index l = 0; l < value.size(); ++l) {
    if (move[l] < 0) room = std::min(room, -0.995 * value[l] / move[l]);
  }
  return room;
}

// One step of Newton's towards b z = level.  Whether it brought anything.
bool Advance(const Mixture& mixture, double level, State& at, ArrayXd& gains) {
  MatrixXd curvature = mixture.Curvature(at.b);
  // Parts that depend on others leave it singular but for the barrier.
  curvature.diagonal() *= 1 + 1e-13;
  curvature.diagonal() += (at.z / at.b).matrix();
  const Eigen::LLT<MatrixXd> factor(curvature);
  if (factor.info() != Eigen::Success) return false;
  const VectorXd right = (gains - 1 + level / at.b).matrix();
  const ArrayXd move_b = factor.solve(right).array();
  const ArrayXd move_z = (level - at.z * move_b) / at.b - at.z;
  const double before = Residual(at, gains, level);
  double length = std::min(Room(at.b, move_b), Room(at.z, move_z));
  for (; length > 1e-10; length /= 2) {
    const State next = {at.b + length * move_b, at.z + length * move_z};
    const ArrayXd next_gains = mixture.Gains(next.b);
    if (Residual(next, next_gains, level) <= (1 - 0.01 * length) * before) {
      at = next;
      gains = next_gains;
      return true;
    }
  }
  return false;
}

// By how much F at b, scaled to sum 1, may be below the maximum.
double Bound(const ArrayXd& b, const ArrayXd& gains) {
  return std::log(gains.maxCoeff() * b.sum());
}

}  // namespace

absl::StatusOr<std::vector<double>> MixtureShares(
    const std::vector<double>& densities, int64_t parts, StopCheck* stop) {
  FixBlocking();
  const Mixture mixture(densities, parts, stop);
  const Index count = mixture.parts();
  State at = {ArrayXd::Constant(count, 1 / static_cast<double>(count)),
              ArrayXd::Ones(count)};
  ArrayXd gains = mixture.Gains(at.b);
  State best = at;
  double bound = Bound(at.b, gains);
  for (int step = 0; step < kMaxSteps && bound > kGoal; ++step) {
    const double level = 0.1 * (at.b * at.z).mean();
    const bool advanced = Advance(mixture, level, at, gains);
    STEELYARD_RETURN_IF_ERROR(StatusOf(stop));
    if (!advanced) break;
    const double next = Bound(at.b, gains);
    if (next < bound) {
      bound = next;
      best = at;
    }
  }
  STEELYARD_RETURN_IF_ERROR(StatusOf(stop));
  if (!(bound <= kBound)) {
    return absl::FailedPreconditionError(
        "likelihood of shares: want parts that double precision can tell "
        "apart");
  }
  ArrayXd shares = best.b / best.b.sum();
  shares = (shares < kNoShare).select(0, shares);
  shares /= shares.sum();
  return std::vector<double>(shares.begin(), shares.end());
}

}  // namespace steelyard::training
