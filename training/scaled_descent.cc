#include "training/scaled_descent.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "training/penalty.h"

namespace steelyard::training {
namespace {

// Attempts of 2^(-1/10) each: to the least double and beyond.
constexpr int kMostAttempts = 12'000;

}  // namespace

ScaledDescent::ScaledDescent(const Tiles& tiles,
                             std::span<const double> coefficients,
                             const Loss& loss, StepScale scale)
    : tiles_(tiles),
      loss_(loss),
      scale_(scale),
      margins_(tiles.tiles() * Tiles::kRows),
      pull_(tiles.tiles() * Tiles::kRows),
      partial_(tiles.columns() * Tiles::kRows),
      sum_(tiles.columns()),
      before_(tiles.columns()),
      log_start_(std::numeric_limits<double>::quiet_NaN()) {
  for (int64_t i = 0; i < tiles.rows(); ++i) {
    shapes_.push_back(ShapeOf(loss, tiles.label(i)));
  }
  log_loss_.resize(shapes_.size());
  log_pull_.resize(shapes_.size());
  SetCoefficients(coefficients);
}

void ScaledDescent::SetCoefficients(std::span<const double> coefficients) {
  const auto n = static_cast<double>(shapes_.size());
  for (size_t i = 0; i < shapes_.size(); ++i) {
    const double c = coefficients[i];
    const double log_factor = std::log(shapes_[i].factor);
    log_loss_[i] = std::log(n * c) + log_factor;
    log_pull_[i] = std::log(c) + log_factor + std::log(shapes_[i].scale);
  }
}

void ScaledDescent::Restore(double log_factor, double log_start) {
  log_factor_ = log_factor;
  log_start_ = log_start;
}

double ScaledDescent::LogLossAt(const double* theta) {
  tiles_.Margins(theta, margins_.data());
  for (size_t i = 0; i < shapes_.size(); ++i) {
    double& u = margins_.data()[i];
    u = shapes_[i].scale * u - shapes_[i].offset;
  }
  return LogMeanLoss(loss_, log_loss_, {margins_.data(), shapes_.size()});
}

void ScaledDescent::Direction(double log_loss) {
  for (size_t i = 0; i < shapes_.size(); ++i) {
    pull_.data()[i] =
        std::exp(log_pull_[i] + LogPull(loss_, margins_.data()[i]) - log_loss);
  }
  tiles_.AddUp(pull_.data(), partial_.data(), sum_.data());
}

absl::Status ScaledDescent::Step(double rate, double* theta) {
  const double log_loss = LogLossAt(theta);
  if (!std::isfinite(log_loss)) {
    return absl::OutOfRangeError(absl::StrCat(
        "log_loss: want a finite value to scale the step by, got ", log_loss));
  }
  Direction(log_loss);
  if (scale_ == StepScale::kAdaptive) {
    return StepAdaptively(rate, log_loss, theta);
  }
  double length = rate;
  if (scale_ == StepScale::kGradientNorm) {
    const double norm = NormOf(sum_.size(), sum_.data());
    if (!(norm > 0)) {
      return absl::OutOfRangeError(
          "gradient: want one above 0 to scale the step by, got 0");
    }
    length = rate / norm;
  }
  for (int64_t j = 0; j < sum_.size(); ++j) theta[j] += length * sum_[j];
  return absl::OkStatus();
}

absl::Status ScaledDescent::StepAdaptively(double rate, double log_loss,
                                           double* theta) {
  const int64_t d = sum_.size();
  if (std::isnan(log_start_)) log_start_ = log_loss;
  std::copy_n(theta, d, before_.data());
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    // sum_ is g / L: eta (L_0 / L) g = eta L_0 sum_.
    const double length = rate * std::exp(log_factor_ + log_start_);
    for (int64_t j = 0; j < d; ++j) {
      theta[j] = before_[j] + length * sum_[j];
    }
    if (LogLossAt(theta) < log_loss) {
      log_factor_ += std::log(2.0) / 5;
      return absl::OkStatus();
    }
    log_factor_ -= std::log(2.0) / 10;
  }
  return absl::OutOfRangeError(
      "loss: want a step that lowers it, got none however small");
}

}  // namespace steelyard::training
