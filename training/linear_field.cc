#include "training/linear_field.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "Eigen/Dense"
#include "training/losses.h"
#include "training/penalty.h"

namespace steelyard::training {
namespace {

// What rounding does to a sum of pulls, beside its terms.
constexpr double kRounding = 16 * std::numeric_limits<double>::epsilon();

// Orthonormal directions of what the rows of part 0 span, one after the other.
std::vector<double> SpanOfRest(const Tiles& tiles,
                               std::span<const double> part) {
  constexpr double kIndependent = 1e-10;  // of rows of length 1
  std::vector<int64_t> rest;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] == 0) rest.push_back(static_cast<int64_t>(i));
  }
  if (rest.empty()) return {};
  const auto d = static_cast<Eigen::Index>(tiles.columns());
  Eigen::MatrixXd rows(d, static_cast<Eigen::Index>(rest.size()));
  for (Eigen::Index i = 0; i < rows.cols(); ++i) {
    for (Eigen::Index j = 0; j < d; ++j) {
      rows(j, i) = tiles.at(rest[static_cast<size_t>(i)], j);
    }
    const double length = rows.col(i).norm();
    if (length > 0) rows.col(i) /= length;
  }
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(rows);
  qr.setThreshold(kIndependent);
  const Eigen::MatrixXd q =
      qr.householderQ() * Eigen::MatrixXd::Identity(d, qr.rank());
  return {q.data(), q.data() + q.size()};
}

}  // namespace

LinearField::LinearField(const Tiles& tiles, const RowWeights& weights,
                         const Objective& objective,
                         std::span<const double> part, const Course& course)
    : FarField(tiles.columns(), course),
      tiles_(tiles),
      weights_(weights),
      objective_(objective),
      part_(part.begin(), part.end()),
      margins_(tiles.tiles() * Tiles::kRows),
      pull_(margins_.size()),
      partial_(tiles.columns() * Tiles::kRows) {
  curvature_noise_ = 1e-13;
  slope_noise_ = 0;  // rows round along themselves
  bounded_ = penalized() || objective.loss.kind == Loss::kSquaredHinge;
  for (int64_t i = 0; i < tiles.rows(); ++i) {
    const RowShape shape = ShapeOf(objective.loss, tiles.label(i));
    shapes_.push_back(std::log(shape.factor * shape.scale));
    double square = 0;
    for (int64_t j = 0; j < tiles.columns(); ++j) {
      square += tiles.at(i, j) * tiles.at(i, j);
    }
    squares_.push_back(square);
    longest_ = std::max(longest_, shape.scale * std::sqrt(square));
    if (objective.loss.margins.none()) continue;
    scales_.push_back(shape.scale);
    offsets_.push_back(shape.offset);
  }
  log_pull_.resize(shapes_.size());
  if (bounded_) return;
  span_ = SpanOfRest(tiles, part_);
  if (span_.empty()) return;
  part_pull_ = AlignedDoubles(pull_.size());
  rest_ = AlignedDoubles(dimension());
  off_.resize(static_cast<size_t>(dimension()));
}

void LinearField::SetStrength(double strength) {
  if (strength == strength_) return;
  strength_ = strength;
  const auto n = static_cast<double>(shapes_.size());
  for (size_t i = 0; i < shapes_.size(); ++i) {
    const double weight = Blend(weights_.even, weights_.values[i], strength);
    log_pull_[i] = Moves(i) && squares_[i] > 0
                       ? std::log(weight / n) + shapes_[i]
                       : -std::numeric_limits<double>::infinity();
  }
}

void LinearField::Margins(const double* theta) {
  tiles_.Margins(theta, margins_.data());
  for (size_t i = 0; i < scales_.size(); ++i) {
    double& u = margins_.data()[i];
    u = scales_[i] * u - offsets_[i];
  }
  const std::span<const double> rows(margins_.data(), shapes_.size());
  least_margin_ = *std::min_element(rows.begin(), rows.end());
  CheckSides(KinkOf(objective_.loss), rows);
}

void LinearField::Pull(double log_factor) {
  const auto n = static_cast<size_t>(tiles_.rows());
  const double* u = margins_.data();
  double* pull = pull_.data();
  if (objective_.loss.kind == Loss::kExponential) {
    for (size_t i = 0; i < n; ++i) {
      pull[i] = std::exp(log_factor + log_pull_[i] - u[i]);
    }
    return;
  }
  if (objective_.loss.kind == Loss::kLogistic) {
    for (size_t i = 0; i < n; ++i) {
      const double far =
          std::exp(log_factor + log_pull_[i] - std::max(u[i], 0.0));
      pull[i] = far / (1 + std::exp(-std::fabs(u[i])));
    }
    return;
  }
  for (size_t i = 0; i < n; ++i) {
    pull[i] =
        std::exp(log_factor + log_pull_[i] + LogPull(objective_.loss, u[i]));
  }
}

void LinearField::LeaveSpan(double* vector) const {
  const auto d = static_cast<size_t>(dimension());
  for (size_t first = 0; first < span_.size(); first += d) {
    double along = 0;
    for (size_t j = 0; j < d; ++j) along += span_[first + j] * vector[j];
    for (size_t j = 0; j < d; ++j) vector[j] -= along * span_[first + j];
  }
}

void LinearField::AddUpParts(double size, double* slope) {
  constexpr double kLeft = 16;
  double* pull = part_pull_.data();
  double gross = 0;
  for (size_t i = 0; i < part_.size(); ++i) {
    pull[i] = part_[i] == 0 ? pull_.data()[i] : 0;
    // What theta rounds, or a Newton step leaves of it, pulls back at about the
    // row's own rate.
    const double length = std::sqrt(squares_[i]);
    gross += pull[i] * length * (1 + kLeft * length * size);
  }
  noise_ = kRounding * gross;
  tiles_.AddUp(pull, partial_.data(), rest_.data());
  for (size_t i = 0; i < part_.size(); ++i) pull[i] = pull_.data()[i] - pull[i];
  tiles_.AddUp(pull, partial_.data(), slope);
  if (held()) return LeaveSpan(slope);
  std::copy_n(rest_.data(), off_.size(), off_.begin());
  LeaveSpan(off_.data());
  if (settling_) std::fill_n(slope, off_.size(), 0.0);
  for (size_t j = 0; j < off_.size(); ++j) {
    slope[j] += rest_.data()[j] - off_[j];
  }
}

double LinearField::Length(const double* difference, double noise) const {
  const double length = NormOf(dimension(), difference);
  if (noise == 0) return length;
  if (span_.empty()) return length <= noise ? 0 : length;
  std::vector<double> off(difference, difference + dimension());
  LeaveSpan(off.data());
  const double outside = NormOf(dimension(), off.data());
  const double within =
      std::sqrt(std::max(0.0, (length - outside) * (length + outside)));
  return within <= noise ? outside : length;
}

void LinearField::Slope(double log_factor, double strength, const double* theta,
                        double* slope) {
  SetStrength(strength);
  Margins(theta);
  Pull(log_factor);
  if (span_.empty()) {
    tiles_.AddUp(pull_.data(), partial_.data(), slope);
  } else {
    AddUpParts(NormOf(dimension(), theta), slope);
  }
  if (penalized()) {
    const double factor = std::exp(log_factor);
    const double shrink =
        factor * ShrinkOf(objective_.penalty, dimension(), theta);
    for (int64_t j = 0; j < dimension(); ++j) slope[j] -= shrink * theta[j];
    // What pulls and what shrinks cancel where it rests.
    double gross = shrink * NormOf(dimension(), theta);
    for (size_t i = 0; i < squares_.size(); ++i) {
      gross += pull_.data()[i] * std::sqrt(squares_[i]);
    }
    noise_ = kRounding * gross;
    const Bend bend = PenaltyBend(theta);
    least_bend_ = factor * (bend.even + std::min(0.0, bend.along));
    bend_ = factor * (bend.even + std::max(0.0, bend.along));
  }
}

bool LinearField::contracts() const { return IsConvex(objective_.loss); }

double LinearField::RateBound() const {
  double sum = bend_;
  for (size_t i = 0; i < squares_.size(); ++i) {
    if (!(pull_.data()[i] > 0)) continue;
    sum += pull_.data()[i] * scale(i) *
           SteepnessOf(objective_.loss, margins_.data()[i]) * squares_[i];
  }
  return sum;
}

double LinearField::ToKink(std::span<const double> theta,
                           std::span<const double> field) {
  const std::optional<double> kink = KinkOf(objective_.loss);
  double least = std::numeric_limits<double>::infinity();
  if (!kink) return least;
  AlignedDoubles speeds(margins_.size());
  AlignedDoubles room(dimension());
  std::copy(field.begin(), field.end(), room.data());
  tiles_.Margins(room.data(), speeds.data());
  std::copy(theta.begin(), theta.end(), room.data());
  Margins(room.data());
  for (size_t i = 0; i < shapes_.size(); ++i) {
    const double way = *kink - margins_.data()[i];
    const double speed = scale(i) * speeds.data()[i];
    if (way * speed > 0) least = std::min(least, way / speed);
  }
  return least;
}

LinearField::Bend LinearField::PenaltyBend(const double* theta) const {
  const Penalty& penalty = objective_.penalty;
  if (penalty.strength == 0) return {};
  const double even = ShrinkOf(penalty, dimension(), theta);
  if (penalty.kind == Penalty::kSquare) return {.even = even};
  return {.even = even, .along = (penalty.exponent - 2) * even};
}

void LinearField::Curvature(double log_factor, double strength,
                            std::span<const double> theta,
                            std::span<double> values,
                            std::span<double> vectors) {
  SetStrength(strength);
  const auto d = static_cast<Eigen::Index>(dimension());
  AlignedDoubles at(d);
  std::copy(theta.begin(), theta.end(), at.data());
  Margins(at.data());
  Pull(log_factor);
  // sum_i f_i z_i z_i', f = e^log_factor c a D^2 l''.
  Eigen::MatrixXd scaled(d, tiles_.rows());
  for (Eigen::Index i = 0; i < tiles_.rows(); ++i) {
    const auto row = static_cast<size_t>(i);
    const double pull = pull_.data()[i];
    const double square =
        pull > 0 ? pull * scale(row) *
                       SteepnessOf(objective_.loss, margins_.data()[i])
                 : 0;
    const double factor = std::sqrt(std::max(0.0, square));
    for (Eigen::Index j = 0; j < d; ++j)
      scaled(j, i) = factor * tiles_.at(i, j);
    if (held()) LeaveSpan(scaled.col(i).data());
  }
  Eigen::MatrixXd hessian = Eigen::MatrixXd::Zero(d, d);
  hessian.selfadjointView<Eigen::Lower>().rankUpdate(scaled);
  if (penalized()) {
    const double factor = std::exp(log_factor);
    const Bend bend = PenaltyBend(at.data());
    const Eigen::Map<const Eigen::VectorXd> direction(at.data(), d);
    const double square = direction.squaredNorm();
    hessian.diagonal().array() += factor * bend.even;
    if (square > 0 && bend.along != 0) {
      hessian.selfadjointView<Eigen::Lower>().rankUpdate(
          direction, factor * bend.along / square);
    }
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(hessian);
  std::copy_n(eigen.eigenvalues().data(), d, values.begin());
  std::copy_n(eigen.eigenvectors().data(), d * d, vectors.begin());
}

std::optional<double> LinearField::Settle(double s, double allowed,
                                          std::span<double> theta) {
  if (bounded_ || part_.empty()) return FarField::Settle(s, allowed, theta);
  if (!Constant() || span_.empty() || settled_ > 0) return std::nullopt;
  // The rest's own Hessian within its span.
  const auto d = static_cast<Eigen::Index>(dimension());
  const auto m = static_cast<Eigen::Index>(span_.size()) / d;
  const Eigen::Map<const Eigen::MatrixXd> span(span_.data(), d, m);
  Eigen::MatrixXd hessian = Eigen::MatrixXd::Zero(m, m);
  Eigen::VectorXd other = Eigen::VectorXd::Zero(m);  // what the others pull
  SetStrength(Strength(s, 0));
  AlignedDoubles at(d);
  std::copy(theta.begin(), theta.end(), at.data());
  Margins(at.data());
  Pull(LogRate(s, 0));
  Eigen::VectorXd row(d);
  for (size_t i = 0; i < part_.size(); ++i) {
    const auto number = static_cast<int64_t>(i);
    for (Eigen::Index j = 0; j < d; ++j) row(j) = tiles_.at(number, j);
    const Eigen::VectorXd within = span.transpose() * row;
    const double pull = pull_.data()[number];
    if (part_[i] != 0) {
      other += pull * within;
      continue;
    }
    const double bend =
        pull * scale(i) * SteepnessOf(objective_.loss, margins_.data()[number]);
    hessian += bend * within * within.transpose();
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(hessian);
  const double least = eigen.eigenvalues()(0);
  if (!(least > curvature_noise_ * eigen.eigenvalues()(m - 1)) ||
      !(other.norm() <= least * allowed)) {
    return std::nullopt;
  }
  const Eigen::MatrixXd modes = span * eigen.eigenvectors();
  settling_ = true;
  const std::optional<double> doubt =
      Descend(s,
              {m,
               {eigen.eigenvalues().data(), static_cast<size_t>(m)},
               {modes.data(), static_cast<size_t>(modes.size())},
               allowed},
              theta);
  settling_ = false;
  if (doubt) Hold();
  return doubt;
}

void LinearField::Hold() {
  const bool all = std::find(part_.begin(), part_.end(), 1) == part_.end();
  if (bounded_ || all) return FarField::Hold();
  settled_ = static_cast<int64_t>(span_.size()) / dimension();
  strength_ = -1;
}

void LinearField::Release() {
  FarField::Release();
  strength_ = -1;
}

}  // namespace steelyard::training
