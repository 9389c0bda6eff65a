#include "training/losses.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "training/sum_tree.h"

namespace steelyard::training {
namespace {

// log(1 + e^-u), never overflowing before u does.
double Softplus(double minus_u) {
  return std::log1p(std::exp(-std::fabs(minus_u))) + std::max(minus_u, 0.0);
}

// ln(log(1 + e^-u)).
double LogLogistic(double u) {
  if (u < 0) return std::log(std::log1p(std::exp(u)) - u);
  const double e = std::exp(-u);
  // ln(ln(1 + e)) = ln e - e/2 + O(e^2), and e itself may be 0 here.
  if (u > 30) return -u - e / 2;
  return std::log(std::log1p(e));
}

// max(0, x), and a value that is none stays so.
double Positive(double x) { return x < 0 ? 0 : x; }

// What the left part of kPolynomial is divided by, so that l(beta) = 1.
double LeftScale(const Loss& loss) { return Softplus(-loss.beta); }

size_t ClassOf(bool classes, double label) {
  if (classes) return static_cast<size_t>(label);
  return label > 0 ? 1 : 0;
}

}  // namespace

double LossAt(const Loss& loss, double u) {
  switch (loss.kind) {
    case Loss::kExponential:
      return std::exp(-u);
    case Loss::kPolynomial:
      return u >= loss.beta ? std::pow(u - loss.beta + 1, -loss.alpha)
                            : Softplus(-u) / LeftScale(loss);
    case Loss::kHinge:
      return Positive(1 - u);
    case Loss::kSquaredHinge:
      return Positive(1 - u) * Positive(1 - u);
    case Loss::kFocal:
      return std::pow(SigmoidOfMinus(u), loss.gamma) * Softplus(-u);
    case Loss::kLogistic:
    case Loss::kSoftmaxCrossEntropy:
    case Loss::kSquared:  // has no margin
      break;
  }
  return Softplus(-u);
}

double PullAt(const Loss& loss, double u) {
  switch (loss.kind) {
    case Loss::kExponential:
      return std::exp(-u);
    case Loss::kPolynomial:
      return u >= loss.beta
                 ? loss.alpha * std::pow(u - loss.beta + 1, -loss.alpha - 1)
                 : SigmoidOfMinus(u) / LeftScale(loss);
    case Loss::kHinge:
      return u < 1 ? 1 : 0;
    case Loss::kSquaredHinge:
      return 2 * Positive(1 - u);
    case Loss::kFocal: {
      const double q = SigmoidOfMinus(u);
      const double own = loss.gamma * SigmoidOfMinus(-u) * Softplus(-u);
      return std::pow(q, loss.gamma) * (own + q);
    }
    case Loss::kLogistic:
    case Loss::kSoftmaxCrossEntropy:
    case Loss::kSquared:  // has no margin
      break;
  }
  return SigmoidOfMinus(u);
}

double LogPull(const Loss& loss, double u) {
  const double log_q = -Softplus(u);  // of 1 / (1 + e^u)
  switch (loss.kind) {
    case Loss::kExponential:
      return -u;
    case Loss::kPolynomial:
      return u >= loss.beta ? std::log(loss.alpha) -
                                  (loss.alpha + 1) * std::log1p(u - loss.beta)
                            : log_q - std::log(LeftScale(loss));
    case Loss::kHinge:
    case Loss::kSquaredHinge:
      return std::log(PullAt(loss, u));
    case Loss::kFocal: {
      // q^gamma (gamma p s + q), s = -ln p: s / q tends to 1 where q vanishes.
      const double ratio = std::exp(LogLogistic(u) - log_q);
      return (loss.gamma + 1) * log_q +
             std::log1p(loss.gamma * SigmoidOfMinus(-u) * ratio);
    }
    case Loss::kLogistic:
    case Loss::kSoftmaxCrossEntropy:
    case Loss::kSquared:  // has no margin
      break;
  }
  return log_q;
}

std::optional<double> KinkOf(const Loss& loss) {
  if (loss.kind == Loss::kPolynomial) return loss.beta;
  if (loss.kind == Loss::kHinge || loss.kind == Loss::kSquaredHinge) return 1;
  return std::nullopt;
}

bool IsConvex(const Loss& loss) { return loss.kind != Loss::kFocal; }

double SteepnessOf(const Loss& loss, double u) {
  if (loss.kind == Loss::kExponential) return 1;
  if (loss.kind == Loss::kSquaredHinge) return u < 1 ? 1 / (1 - u) : 0;
  const double reach = 1e-3 * std::max(1.0, std::fabs(u));
  double low = u - reach;
  double high = u + reach;
  if (const std::optional<double> kink = KinkOf(loss)) {
    (u >= *kink ? low : high) = u;
  }
  return (LogPull(loss, low) - LogPull(loss, high)) / (high - low);
}

double LogLoss(const Loss& loss, double u) {
  switch (loss.kind) {
    case Loss::kExponential:
      return -u;
    case Loss::kPolynomial:
      return u >= loss.beta ? -loss.alpha * std::log1p(u - loss.beta)
                            : LogLogistic(u) - std::log(LeftScale(loss));
    case Loss::kHinge:
      return std::log(Positive(1 - u));
    case Loss::kSquaredHinge:
      return 2 * std::log(Positive(1 - u));
    case Loss::kFocal:
      return LogLogistic(u) - loss.gamma * Softplus(u);
    case Loss::kLogistic:
    case Loss::kSoftmaxCrossEntropy:
    case Loss::kSquared:  // has no margin
      break;
  }
  return LogLogistic(u);
}

double LogMeanLoss(const Loss& loss, std::span<const double> log_weights,
                   std::span<const double> margins) {
  const auto term = [&](int64_t row) {
    const auto i = static_cast<size_t>(row);
    const double log_loss = LogLoss(loss, margins[i]);
    return log_weights.empty() ? log_loss : log_weights[i] + log_loss;
  };
  constexpr double kNothing = -std::numeric_limits<double>::infinity();
  const auto n = static_cast<int64_t>(margins.size());
  double largest = kNothing;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, term(i));
  if (largest == kNothing) {
    const bool sound = std::none_of(margins.begin(), margins.end(),
                                    [](double u) { return std::isnan(u); });
    return sound ? kNothing : std::numeric_limits<double>::quiet_NaN();
  }
  const double sum =
      SumOverRows(n, [&](int64_t i) { return std::exp(term(i) - largest); });
  return largest + std::log(sum / static_cast<double>(n));
}

double FactorOf(const Loss& loss, bool classes, double label) {
  const ClassMargins& margins = loss.margins;
  return margins.factors.empty() ? 1 : margins.factors[ClassOf(classes, label)];
}

RowShape ShapeOf(const Loss& loss, double label) {
  const ClassMargins& margins = loss.margins;
  const size_t own = ClassOf(false, label);
  RowShape shape;
  if (!margins.scales.empty()) shape.scale = margins.scales[own];
  if (!margins.offsets.empty()) {
    shape.offset = margins.offsets[own * 2 + (1 - own)];
  }
  shape.factor = FactorOf(loss, false, label);
  return shape;
}

std::vector<double> LogCoefficients(const Loss& loss, bool classes,
                                    std::span<const double> labels,
                                    std::span<const double> weights) {
  std::vector<double> logs;
  if (weights.empty() && loss.margins.factors.empty()) return logs;
  for (size_t i = 0; i < labels.size(); ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    logs.push_back(std::log(weight) +
                   std::log(FactorOf(loss, classes, labels[i])));
  }
  return logs;
}

}  // namespace steelyard::training
