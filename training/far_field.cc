#include "training/far_field.h"

#include <algorithm>
#include <cmath>

#include "Eigen/Dense"
#include "training/losses.h"
#include "training/penalty.h"

namespace steelyard::training {
FarField::FarField(const Tiles& tiles, std::span<const double> coefficients,
                   const Loss& loss, double rate)
    : tiles_(tiles),
      loss_(loss),
      margins_(tiles.tiles() * Tiles::kRows),
      pull_(margins_.size()),
      partial_(tiles.columns() * Tiles::kRows),
      theta_(tiles.columns()) {
  for (int64_t i = 0; i < tiles.rows(); ++i) {
    const RowShape shape = ShapeOf(loss, tiles.label(i));
    log_pull_.push_back(std::log(coefficients[static_cast<size_t>(i)]) +
                        std::log(rate * shape.factor * shape.scale));
    double square = 0;
    for (int64_t j = 0; j < tiles.columns(); ++j) {
      square += tiles.at(i, j) * tiles.at(i, j);
    }
    squares_.push_back(square);
    if (loss.margins.none()) continue;
    scales_.push_back(shape.scale);
    offsets_.push_back(shape.offset);
  }
  for (int j = 0; j < kMostTerms; ++j) slopes_.emplace_back(tiles.columns());
}

void FarField::Pull(double s) {
  const auto n = static_cast<size_t>(tiles_.rows());
  const double* u = margins_.data();
  double* pull = pull_.data();
  if (loss_.kind == Loss::kExponential) {
    for (size_t i = 0; i < n; ++i) pull[i] = std::exp(s + log_pull_[i] - u[i]);
    return;
  }
  if (loss_.kind == Loss::kLogistic) {
    for (size_t i = 0; i < n; ++i) {
      const double far = std::exp(s + log_pull_[i] - std::max(u[i], 0.0));
      pull[i] = far / (1 + std::exp(-std::fabs(u[i])));
    }
    return;
  }
  for (size_t i = 0; i < n; ++i) {
    pull[i] = std::exp(s + log_pull_[i] + LogPull(loss_, u[i]));
  }
}

void FarField::Slope(double s, const double* theta, double* slope) {
  tiles_.Margins(theta, margins_.data());
  for (size_t i = 0; i < scales_.size(); ++i) {
    double& u = margins_.data()[i];
    u = scales_[i] * u - offsets_[i];
  }
  least_margin_ =
      *std::min_element(margins_.data(), margins_.data() + tiles_.rows());
  if (loss_.kind == Loss::kPolynomial && !(least_margin_ >= loss_.beta)) {
    smooth_ = false;
  }
  Pull(s);
  tiles_.AddUp(pull_.data(), partial_.data(), slope);
  ++gradients_;
}

// -d ln(-l'(u)) / du, as well as a Newton step needs it.
double FarField::Steepness(double u) const {
  if (loss_.kind == Loss::kExponential) return 1;
  const double reach = 1e-3 * std::max(1.0, std::fabs(u));
  return (LogPull(loss_, u - reach) - LogPull(loss_, u + reach)) / (2 * reach);
}

double FarField::RateBound() const {
  double sum = 0;
  for (size_t i = 0; i < squares_.size(); ++i) {
    const double scale = scales_.empty() ? 1 : scales_[i];
    sum +=
        pull_.data()[i] * scale * Steepness(margins_.data()[i]) * squares_[i];
  }
  return sum;
}

void FarField::Modes(double s, int terms, std::span<const double> theta,
                     std::span<double> values, std::span<double> vectors) {
  const auto d = static_cast<Eigen::Index>(dimension());
  std::copy(theta.begin(), theta.end(), theta_.data());
  Slope(s, theta_.data(), slopes_.front().data());
  // sum_i f_i z_i z_i', f = e^s eta c a D^2 l''.
  Eigen::MatrixXd scaled(d, tiles_.rows());
  for (Eigen::Index i = 0; i < tiles_.rows(); ++i) {
    const auto row = static_cast<size_t>(i);
    const double scale = scales_.empty() ? 1 : scales_[row];
    const double factor = std::sqrt(
        std::max(0.0, pull_.data()[i] * scale * Steepness(margins_.data()[i])));
    for (Eigen::Index j = 0; j < d; ++j)
      scaled(j, i) = factor * tiles_.at(i, j);
  }
  Eigen::MatrixXd hessian = Eigen::MatrixXd::Zero(d, d);
  hessian.selfadjointView<Eigen::Lower>().rankUpdate(scaled);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(hessian);
  // Each step takes the part e^-s h of a mode: e^s ln(1 - e^-s h), as many
  // terms.
  const double step = std::exp(-s);
  for (Eigen::Index k = 0; k < d; ++k) {
    const double h = eigen.eigenvalues()(k);
    double power = h;
    double sum = 0;
    for (int term = 1; term <= terms; ++term) {
      sum -= power / term;
      power *= step * h;
    }
    values[static_cast<size_t>(k)] = sum;
    for (Eigen::Index j = 0; j < d; ++j) {
      vectors[static_cast<size_t>(k * d + j)] = eigen.eigenvectors()(j, k);
    }
  }
}

void FarField::TakeSteps(int64_t count, std::span<double> theta) {
  double* slope = slopes_.front().data();
  for (int64_t step = 0; step < count; ++step) {
    std::copy(theta.begin(), theta.end(), theta_.data());
    Slope(0, theta_.data(), slope);
    for (size_t j = 0; j < theta.size(); ++j) theta[j] += slope[j];
  }
}

void FarField::Evaluate(double s, int terms, std::span<const double> theta,
                        std::span<double> field) {
  const int64_t d = dimension();
  const double step = std::exp(-s);
  double first = 0;
  std::copy(theta.begin(), theta.end(), theta_.data());
  for (int k = 0; k < terms; ++k) {
    double* slope = slopes_[static_cast<size_t>(k)].data();
    Slope(s, theta_.data(), slope);
    if (k == 0) first = least_margin_;
    for (int64_t j = 0; j < d; ++j) theta_.data()[j] += step * slope[j];
  }
  least_margin_ = first;
  std::copy_n(slopes_.front().data(), d, field.begin());
  differences_.assign(1, NormOf(d, field.data()));
  for (int k = 1; k < terms; ++k) {
    // Where Delta^(k-1) of G_j stood, Delta^k of it: the first is that of G_0.
    for (int i = 0; i + k < terms; ++i) {
      double* low = slopes_[static_cast<size_t>(i)].data();
      const double* high = slopes_[static_cast<size_t>(i) + 1].data();
      for (int64_t j = 0; j < d; ++j) low[j] = high[j] - low[j];
    }
    const double* difference = slopes_.front().data();
    differences_.push_back(NormOf(d, difference));
    const double factor = (k % 2 == 0 ? 1.0 : -1.0) / (k + 1);
    for (int64_t j = 0; j < d; ++j) {
      field[static_cast<size_t>(j)] += factor * difference[j];
    }
  }
}

}  // namespace steelyard::training
