#include "training/far_field.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "Eigen/Dense"
#include "training/penalty.h"

namespace steelyard::training {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// Of the rate times a curvature: where steps come to rest; from 2 on they
// don't.
constexpr double kMostStable = 1.9;

}  // namespace

FarField::FarField(int64_t dimension, const Course& course)
    : dimension_(dimension), course_(course), theta_(dimension) {
  for (int j = 0; j < kMostTerms; ++j) slopes_.emplace_back(dimension);
}

void FarField::Begin(int64_t step) { piece_ = step; }

int64_t FarField::NextBreak(int64_t step) const {
  return std::min(NextBreakOf(course_.rate, step),
                  NextBreakOf(course_.weights, step));
}

double FarField::LogRate(double s, int ahead) const {
  return LogRateAt(course_.rate, {.log_step = s, .ahead = ahead}, piece_,
                   course_.steps);
}

double FarField::Strength(double s, int ahead) const {
  const auto* annealed = std::get_if<AnnealedWeights>(&course_.weights);
  if (annealed == nullptr || piece_ < annealed->from ||
      piece_ >= annealed->until) {
    // Not the strength at the break itself, but that of its piece.
    return StrengthAt(course_.weights, piece_);
  }
  const double strength =
      (std::exp(s) + ahead - static_cast<double>(annealed->from)) /
      static_cast<double>(annealed->until - annealed->from);
  // A break that is the largest number is never come to.
  return annealed->until == kNever ? std::min(strength, 1.0) : strength;
}

void FarField::Curvature(double log_factor, double strength,
                         std::span<const double> theta,
                         std::span<double> values, std::span<double> vectors) {
  constexpr double kReach = 1e-5;  // of the parameters' size
  const auto d = static_cast<Eigen::Index>(dimension_);
  const double reach =
      kReach * std::max(1.0, NormOf(dimension_, theta.data()) /
                                 std::sqrt(static_cast<double>(dimension_)));
  std::copy(theta.begin(), theta.end(), theta_.data());
  double* up = slopes_[0].data();
  double* down = slopes_[1].data();
  Eigen::MatrixXd hessian(d, d);
  for (Eigen::Index j = 0; j < d; ++j) {
    double& value = theta_.data()[j];
    const double before = value;
    value = before + reach;
    Slope(log_factor, strength, theta_.data(), up);
    value = before - reach;
    Slope(log_factor, strength, theta_.data(), down);
    value = before;
    for (Eigen::Index i = 0; i < d; ++i) {
      hessian(i, j) = (down[i] - up[i]) / (2 * reach);
    }
  }
  const Eigen::MatrixXd even = (hessian + hessian.transpose()) / 2;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(even);
  std::copy_n(eigen.eigenvalues().data(), d, values.begin());
  std::copy_n(eigen.eigenvectors().data(), d * d, vectors.begin());
}

void FarField::Modes(double s, int terms, std::span<const double> theta,
                     std::span<double> values, std::span<double> vectors) {
  Curvature(s + LogRate(s, 0), Strength(s, 0), theta, values, vectors);
  const double steepest = *std::max_element(values.begin(), values.end());
  for (double& h : values) {
    if (std::fabs(h) <= curvature_noise_ * steepest) h = least_bend_;
  }
  steepest_ = steepest * std::exp(-s - LogRate(s, 0));
  // Each step takes the part e^-s h of a mode: e^s ln(1 - e^-s h), as many
  // terms.
  const double step = std::exp(-s);
  for (double& value : values) {
    const double h = value;
    double power = h;
    double sum = 0;
    for (int term = 1; term <= terms; ++term) {
      sum -= power / term;
      power *= step * h;
    }
    value = sum;
  }
}

int64_t FarField::Carry(double s, double length, std::span<const double> theta,
                        std::span<double> v) {
  constexpr double kReach = 1e-7;  // of the parameters' size
  // What is left off adds its square to the length: modes are orthogonal.  But
  // fast ones grow by it, until it is taken up.
  constexpr double kEnough = 1e-4;
  constexpr int kMostPowers = 60;
  const auto slope_at = [&](double* slope) {
    Slope(s + LogRate(s, 0), Strength(s, 0), theta_.data(), slope);
  };
  const double reach = kReach * std::max(1.0, NormOf(dimension_, theta.data()));
  std::copy(theta.begin(), theta.end(), theta_.data());
  double* base = slopes_[0].data();
  double* near = slopes_[1].data();
  slope_at(base);
  std::vector<double> term(v.begin(), v.end());
  for (int k = 1; k <= kMostPowers; ++k) {
    const double way = reach / NormOf(dimension_, term.data());
    for (size_t j = 0; j < term.size(); ++j) {
      theta_.data()[j] = theta[j] + way * term[j];
    }
    slope_at(near);
    for (size_t j = 0; j < term.size(); ++j) {
      term[j] = (near[j] - base[j]) / way * length / k;
      v[j] += term[j];
    }
    const double added = NormOf(dimension_, term.data());
    if (!(added > kEnough * NormOf(dimension_, v.data()))) return k + 1;
  }
  return kMostPowers + 1;
}

bool FarField::Stable(double s) const {
  return steepest_ * std::exp(LogRate(s, 0)) < kMostStable;
}

double FarField::Length(const double* difference, double /*noise*/) const {
  return NormOf(dimension_, difference);
}

bool FarField::Constant() const {
  const auto* annealed = std::get_if<AnnealedWeights>(&course_.weights);
  return NextBreak(piece_) == kNever && piece_ >= course_.rate.warm_up_steps &&
         (annealed == nullptr || piece_ >= annealed->until);
}

bool FarField::Rests(double s, std::span<const double> theta) {
  std::copy(theta.begin(), theta.end(), theta_.data());
  double* slope = slopes_.front().data();
  Slope(s + LogRate(s, 0), Strength(s, 0), theta_.data(), slope);
  return NormOf(dimension(), slope) == 0;
}

FarField::Way FarField::TakeNewtonStep(double s, const Basin& basin,
                                       double steepest,
                                       std::span<double> place) {
  std::copy(place.begin(), place.end(), theta_.data());
  double* slope = slopes_.front().data();
  Slope(LogRate(s, 0), Strength(s, 0), theta_.data(), slope);
  const double noise =
      slope_noise_ * steepest * NormOf(dimension_, theta_.data());
  Way way;
  double moved = 0;
  double doubt = 0;
  for (int64_t k = 0; k < basin.count; ++k) {
    const double* mode = basin.vectors.data() + k * dimension_;
    double h = basin.values[static_cast<size_t>(k)];
    if (h <= curvature_noise_ * steepest) h = least_bend_;
    double along = 0;
    for (size_t j = 0; j < place.size(); ++j) along += mode[j] * slope[j];
    if (h == 0) {
      way.along_flat = std::max(way.along_flat, std::fabs(along));
      continue;
    }
    for (size_t j = 0; j < place.size(); ++j) place[j] += along / h * mode[j];
    moved += (along / h) * (along / h);
    doubt += (noise / h) * (noise / h);
  }
  way.length = std::sqrt(moved);
  way.doubt = std::sqrt(doubt);
  return way;
}

std::optional<double> FarField::Descend(double s, const Basin& basin,
                                        std::span<double> theta) {
  // Of less the last digits are not there.
  constexpr double kLeastStep = std::numeric_limits<double>::min() /
                                std::numeric_limits<double>::epsilon();
  constexpr double kRounding = 16 * std::numeric_limits<double>::epsilon();
  constexpr double kMostDoubt = 50;  // times what is allowed
  constexpr int kSteps = 3;
  double steepest = 0;
  double least = std::numeric_limits<double>::infinity();
  for (const double h : basin.values) {
    steepest = std::max(steepest, std::fabs(h));
    least = std::min(least, h);
  }
  if (!(steepest < kMostStable) || !(least >= -curvature_noise_ * steepest)) {
    return std::nullopt;
  }
  if (!(steepest > kLeastStep)) {
    return Rests(s, theta) ? std::optional(0.0) : std::nullopt;
  }
  Way way;
  std::vector<double> place(theta.begin(), theta.end());
  for (int step = 0; step < kSteps; ++step) {
    const double rounding =
        kRounding * steepest * NormOf(dimension_, place.data());
    way = TakeNewtonStep(s, basin, steepest, place);
    // What no Hessian shows is a second power of the way, or rounding; of
    // this, that it may move theta for ever, unless nothing does.
    if (!(way.length <= basin.allowed + way.doubt) ||
        !(way.doubt <= kMostDoubt * basin.allowed) ||
        way.along_flat > 10 * steepest * way.length * way.length + rounding ||
        (way.along_flat > 0 && !bounded_ &&
         rounding * std::exp(s) > basin.allowed)) {
      return std::nullopt;
    }
  }
  std::copy(place.begin(), place.end(), theta.begin());
  return way.doubt;
}

std::optional<double> FarField::Settle(double s, double allowed,
                                       std::span<double> theta) {
  if (!Constant()) return std::nullopt;
  std::vector<double> values(theta.size());
  std::vector<double> vectors(theta.size() * theta.size());
  Curvature(LogRate(s, 0), Strength(s, 0), theta, values, vectors);
  const std::optional<double> doubt =
      Descend(s, {dimension_, values, vectors, allowed}, theta);
  if (doubt) Hold();
  return doubt;
}

bool FarField::Swings(double t, std::span<const double> theta) {
  const double s = std::log(t);
  std::copy(theta.begin(), theta.end(), theta_.data());
  LongestRow(theta);
  Slope(LogRate(s, 0), Strength(s, 0), theta_.data(), slopes_.front().data());
  const double bound = RateBound();
  if (bound < 1) return false;
  if (dimension_ > kMostModes) return true;
  std::vector<double> values(theta.size());
  std::vector<double> vectors(theta.size() * theta.size());
  Curvature(LogRate(s, 0), Strength(s, 0), theta, values, vectors);
  return !(*std::max_element(values.begin(), values.end()) < 1);
}

void FarField::CheckSides(const std::optional<double>& kink,
                          std::span<const double> margins) {
  if (!kink) return;
  const bool first = sides_.empty();
  sides_.resize(margins.size());
  for (size_t i = 0; i < margins.size(); ++i) {
    const char side = margins[i] >= *kink ? 1 : 0;
    if (!first && side != sides_[i]) smooth_ = false;
    if (first) sides_[i] = side;
  }
}

bool FarField::TakeSteps(double t, int64_t count, std::span<double> theta) {
  bool turns = false;
  std::copy(theta.begin(), theta.end(), theta_.data());
  for (int64_t step = 0; step <= count; ++step) {
    // Of no step but this, so that where steps are cut changes nothing.
    const double s = std::log(t + static_cast<double>(step));
    double* slope = slopes_[0].data();
    Slope(LogRate(s, 0), Strength(s, 0), theta_.data(), slope);
    if (step > 0) {
      double* turn = slopes_[1].data();
      const double before = NormOf(dimension_, turn);
      for (int64_t j = 0; j < dimension_; ++j) turn[j] -= slope[j];
      turns = turns || (before > 0 && !(NormOf(dimension_, turn) < before));
    }
    if (step == count) break;
    for (int64_t j = 0; j < dimension_; ++j) theta_.data()[j] += slope[j];
    std::swap(slopes_[0], slopes_[1]);
  }
  std::copy_n(theta_.data(), theta.size(), theta.begin());
  return turns;
}

void FarField::Evaluate(double s, int terms, std::span<const double> theta,
                        std::span<double> field) {
  const int64_t d = dimension();
  const double step = std::exp(-s);
  std::copy(theta.begin(), theta.end(), theta_.data());
  double noise = 0;
  for (int k = 0; k < terms; ++k) {
    double* slope = slopes_[static_cast<size_t>(k)].data();
    Slope(s + LogRate(s, k), Strength(s, k), theta_.data(), slope);
    if (k == 0) {
      first_margin_ = least_margin_;
      noise = noise_;
    }
    for (int64_t j = 0; j < d; ++j) theta_.data()[j] += step * slope[j];
  }
  std::copy_n(slopes_.front().data(), d, field.begin());
  differences_.assign(1, Length(field.data(), noise));
  for (int k = 1; k < terms; ++k) {
    // Where Delta^(k-1) of G_j stood, Delta^k of it: the first is that of G_0.
    for (int i = 0; i + k < terms; ++i) {
      double* low = slopes_[static_cast<size_t>(i)].data();
      const double* high = slopes_[static_cast<size_t>(i) + 1].data();
      for (int64_t j = 0; j < d; ++j) low[j] = high[j] - low[j];
    }
    const double* difference = slopes_.front().data();
    noise *= 2;
    differences_.push_back(Length(difference, noise));
    const double factor = (k % 2 == 0 ? 1.0 : -1.0) / (k + 1);
    for (int64_t j = 0; j < d; ++j) {
      field[static_cast<size_t>(j)] += factor * difference[j];
    }
  }
}

}  // namespace steelyard::training
