#include "training/shift/box_program.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "Eigen/Cholesky"
#include "absl/status/status.h"
#include "support/status_macros.h"
#include "training/shift/blocking.h"

namespace steelyard::training {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kMaxSteps = 100;
constexpr int kMaxRepairs = 20;
constexpr double kRounding = 1e-11;
constexpr double kWorst = 1e-6;

// The Cholesky factor C of a matrix, in its place: that of Eigen's LLT to the
// bit, which can't be given up between its blocks of columns.
class Factor {
 public:
  Factor(Eigen::Ref<MatrixXd> matrix, StopCheck* stop)
      : matrix_(std::move(matrix)), ok_(Compute(stop)) {}

  // False where the matrix is not positive definite, or it was given up.
  bool ok() const { return ok_; }
  void SolveInPlace(VectorXd& x) const {
    matrix_.triangularView<Eigen::Lower>().solveInPlace(x);
    matrix_.adjoint().triangularView<Eigen::Upper>().solveInPlace(x);
  }
  VectorXd Solve(VectorXd x) const {
    SolveInPlace(x);
    return x;
  }

 private:
  bool Compute(StopCheck* stop) {
    using Unblocked = Eigen::internal::llt_inplace<double, Eigen::Lower>;
    constexpr Index kUnblocked = 32;
    const Index n = matrix_.rows();
    if (n < kUnblocked) return Unblocked::unblocked(matrix_) == -1;
    const Index width = std::clamp<Index>(n / 8 / 16 * 16, 8, 128);
    for (Index k = 0; k < n; k += width) {
      const Index own = std::min(width, n - k);
      const Index rest = n - k - own;
      if (Stopped(stop, own * rest * rest)) return false;
      Eigen::Block<Eigen::Ref<MatrixXd>> corner(matrix_, k, k, own, own);
      Eigen::Block<Eigen::Ref<MatrixXd>> below(matrix_, k + own, k, rest, own);
      Eigen::Block<Eigen::Ref<MatrixXd>> right(matrix_, k + own, k + own, rest,
                                               rest);
      if (Unblocked::unblocked(corner) >= 0) return false;
      if (rest == 0) break;
      corner.adjoint()
          .triangularView<Eigen::Upper>()
          .solveInPlace<Eigen::OnTheRight>(below);
      right.selfadjointView<Eigen::Lower>().rankUpdate(below, -1.0);
    }
    return true;
  }

  Eigen::Ref<MatrixXd> matrix_;
  const bool ok_;
};

// A point with its multipliers.
struct Point {
  ArrayXd x;      // > 0
  ArrayXd room;   // bound - x > 0
  ArrayXd low;    // of x >= 0, > 0
  ArrayXd high;   // of x <= bound, > 0
  double nu = 0;  // of the sum
};

class Solver {
 public:
  explicit Solver(const BoxProgram& program)
      : program_(program),
        q_(program.quadratic.data(), program.size, program.size),
        k_(program.linear.data(), program.size),
        work_(program.size, program.size) {}

  bool Stop() const { return Stopped(program_.stop, q_.size()); }

  Point Interior();
  // The point with coordinates at their bounds and the others solved for;
  // unchanged where that fails.
  BoxSolution Repaired(const Point& point);

 private:
  double n() const { return static_cast<double>(q_.rows()); }
  // A multiplier is compared with it.
  double scale() const { return std::max(1.0, k_.cwiseAbs().maxCoeff()); }

  Point Start() const;
  // Towards complementarity `level`, less `products` of the step before.
  Point Direction(const Point& at, const ArrayXd& slope, const Factor& factor,
                  double level, const Point* before) const;
  // Solves for the coordinates of `free`; false where their matrix has no
  // factor.
  bool SolveFree(const std::vector<Index>& free, ArrayXd& x, double& nu);
  double Residual(const ArrayXd& x, double nu) const;

  const BoxProgram& program_;
  const Eigen::Map<const MatrixXd> q_;
  const Eigen::Map<const VectorXd> k_;
  MatrixXd work_;  // what is factored
};

Point Solver::Start() const {
  const double x =
      program_.sum ? *program_.sum / n() : std::min(1.0, program_.bound / 2);
  // A sum may ask for the bound itself.
  const double room = std::max(program_.bound - x, 1e-3 * program_.bound);
  return {.x = ArrayXd::Constant(q_.rows(), x),
          .room = ArrayXd::Constant(q_.rows(), room),
          .low = ArrayXd::Constant(q_.rows(), scale()),
          .high = ArrayXd::Constant(q_.rows(), scale())};
}

Point Solver::Direction(const Point& at, const ArrayXd& slope,
                        const Factor& factor, double level,
                        const Point* before) const {
  ArrayXd low = level - at.x * at.low;
  ArrayXd high = level - at.room * at.high;
  if (before != nullptr) {
    low -= before->x * before->low;
    high -= before->room * before->high;
  }
  // room = bound - x, up to what Start() had to add.
  const ArrayXd lost = program_.bound - at.x - at.room;
  const ArrayXd right = -slope + low / at.x - (high - at.high * lost) / at.room;
  Point move;
  move.x = factor.Solve(right.matrix()).array();
  if (program_.sum) {
    const ArrayXd along = factor.Solve(VectorXd::Ones(q_.rows())).array();
    move.nu = (*program_.sum - at.x.sum() - move.x.sum()) / along.sum();
    move.x += move.nu * along;
  }
  move.room = lost - move.x;
  move.low = (low - at.low * move.x) / at.x;
  move.high = (high - at.high * move.room) / at.room;
  return move;
}

// The longest step up to 1 that leaves a part of each value.
double Room(const ArrayXd& value, const ArrayXd& move, double part) {
  double room = 1;
  for (Index i = 0; i < value.size(); ++i) {
    if (move[i] < 0) room = std::min(room, -part * value[i] / move[i]);
  }
  return room;
}

double Room(const Point& at, const Point& move, double part) {
  return std::min({Room(at.x, move.x, part), Room(at.room, move.room, part),
                   Room(at.low, move.low, part),
                   Room(at.high, move.high, part)});
}

Point Moved(const Point& at, const Point& move, double length) {
  return {.x = at.x + length * move.x,
          .room = at.room + length * move.room,
          .low = at.low + length * move.low,
          .high = at.high + length * move.high,
          .nu = at.nu + length * move.nu};
}

// The mean of what complementarity asks to be 0.
double Gap(const Point& at) {
  return ((at.x * at.low).mean() + (at.room * at.high).mean()) / 2;
}

Point Solver::Interior() {
  Point at = Start();
  for (int step = 0; step < kMaxSteps && !Stop(); ++step) {
    const ArrayXd slope =
        (q_ * at.x.matrix() - k_).array() - at.low + at.high - at.nu;
    const double gap = Gap(at);
    if (gap <= 1e-20 * scale() &&
        slope.abs().maxCoeff() <= kRounding * scale()) {
      break;
    }
    work_ = q_;
    // What rounding may have made of a singular Q's least eigenvalues.
    work_.diagonal() *= 1 + 1e-15 * n();
    work_.diagonal() += (at.low / at.x + at.high / at.room).matrix();
    const Factor factor(work_, program_.stop);
    if (!factor.ok()) break;
    const Point predicted = Direction(at, slope, factor, 0, nullptr);
    const double left = Gap(Moved(at, predicted, Room(at, predicted, 1))) / gap;
    const Point move =
        Direction(at, slope, factor, left * left * left * gap, &predicted);
    const double length = Room(at, move, 0.995);
    if (!(length > 1e-10)) break;
    at = Moved(at, move, length);
  }
  return at;
}

bool Solver::SolveFree(const std::vector<Index>& free, ArrayXd& x, double& nu) {
  const auto count = static_cast<Index>(free.size());
  auto matrix = work_.topLeftCorner(count, count);
  for (Index b = 0; b < count; ++b) {
    for (Index a = 0; a < count; ++a) {
      matrix(a, b) =
          q_(free[static_cast<size_t>(a)], free[static_cast<size_t>(b)]);
    }
  }
  const Factor factor(matrix, program_.stop);
  if (!factor.ok()) return false;
  const VectorXd along = factor.Solve(VectorXd::Ones(count));
  // The second time corrects what rounding left of the first.
  for (int time = 0; time < 2; ++time) {
    const VectorXd slope = q_ * x.matrix() - k_;
    VectorXd move(count);
    for (Index a = 0; a < count; ++a) {
      move[a] = nu - slope[free[static_cast<size_t>(a)]];
    }
    factor.SolveInPlace(move);
    if (program_.sum) {
      const double more = (*program_.sum - x.sum() - move.sum()) / along.sum();
      nu += more;
      move += more * along;
    }
    for (Index a = 0; a < count; ++a) {
      x[free[static_cast<size_t>(a)]] += move[a];
    }
  }
  return true;
}

double Solver::Residual(const ArrayXd& x, double nu) const {
  const ArrayXd slope = (q_ * x.matrix() - k_).array() - nu;
  const ArrayXd there =
      (x - slope / q_.diagonal().array()).max(0).min(program_.bound);
  double residual = (x - there).abs().maxCoeff();
  if (program_.sum) {
    residual = std::max(residual, std::fabs(x.sum() - *program_.sum) / n());
  }
  return residual;
}

BoxSolution Solver::Repaired(const Point& point) {
  const double bound = program_.bound;
  ArrayXd best = point.x.min(bound);
  double residual = Residual(best, point.nu);
  ArrayXd x = point.x;
  double nu = point.nu;
  for (Index i = 0; i < x.size(); ++i) {
    if (point.x[i] < point.low[i]) x[i] = 0;
    if (point.room[i] < point.high[i]) x[i] = bound;
  }
  for (int time = 0; time < kMaxRepairs && !Stop(); ++time) {
    std::vector<Index> free;
    for (Index i = 0; i < x.size(); ++i) {
      if (x[i] > 0 && x[i] < bound) free.push_back(i);
    }
    if (!free.empty() && !SolveFree(free, x, nu)) break;
    const ArrayXd slope = (q_ * x.matrix() - k_).array() - nu;
    bool changed = false;
    for (const Index i : free) {
      const double inside = std::clamp(x[i], 0.0, bound);
      changed = changed || inside != x[i];
      x[i] = inside;
    }
    const double now = Residual(x, nu);
    // To rounding as good is better: its bounds are held to the bit.
    if (now <= std::max(residual, kRounding * x.maxCoeff())) {
      residual = now;
      best = x;
    }
    // Off its bound goes what would rather be inside.
    for (Index i = 0; i < x.size(); ++i) {
      const double size = kRounding * scale();
      if ((x[i] == 0 && slope[i] < -size) ||
          (x[i] == bound && slope[i] > size)) {
        x[i] = std::clamp(x[i] - slope[i] / q_(i, i), 1e-6 * bound,
                          (1 - 1e-6) * bound);
        changed = true;
      }
    }
    if (!changed) break;
  }
  return {.x = {best.begin(), best.end()}, .residual = residual};
}

}  // namespace

absl::StatusOr<BoxSolution> SolveBoxProgram(const BoxProgram& program) {
  FixBlocking();
  Solver solver(program);
  BoxSolution solution = solver.Repaired(solver.Interior());
  STEELYARD_RETURN_IF_ERROR(StatusOf(program.stop));
  const double largest =
      *std::max_element(solution.x.begin(), solution.x.end());
  if (solution.residual <= kWorst * largest) return solution;
  return absl::FailedPreconditionError(
      "quadratic program: want a matrix that double precision can solve");
}

}  // namespace steelyard::training
