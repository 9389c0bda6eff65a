#include "training/network_field.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "training/losses.h"
#include "training/output_losses.h"
#include "training/penalty.h"
#include "training/sum_tree.h"

namespace steelyard::training {
namespace {

FarField::Course CourseOf(const NetworkProblem& problem) {
  return {.rate = problem.rate,
          .weights = problem.weight_schedule,
          .steps = problem.steps};
}

// |phi'| and |phi''| where a hidden unit gives a = phi(z).
struct UnitBend {
  double first = 1;
  double second = 0;
};

UnitBend BendOfUnit(Activation activation, double a) {
  if (activation == Activation::kTanh) {
    const double first = 1 - a * a;
    return {.first = first, .second = 2 * std::fabs(a) * first};
  }
  if (activation == Activation::kQuadratic) {
    return {.first = 2 * std::sqrt(a), .second = 2};
  }
  return {};
}

}  // namespace

NetworkField::NetworkField(const NetworkProblem& problem,
                           const RowWeights& weights,
                           const NetworkRows<double>& train)
    : FarField(
          CountParameters(MakeLayers(problem.architecture, train.features)),
          CourseOf(problem)),
      loss_(problem.loss),
      penalty_(problem.penalty),
      reduction_(problem.batches.reduction),
      activation_(problem.architecture.activation),
      train_(train),
      weights_(weights.values),
      even_(weights.even),
      network_(problem.architecture, train.features,
               std::min(kChunkRows, train.rows)),
      log_coefficients_(weights_.size()),
      margins_(weights_.size()),
      pulls_(weights_.size()),
      squares_(weights_.size()),
      bends_(weights_.size()),
      slopes_(network_.most_rows() * network_.outputs()) {
  // What rows of a linear model leave flat, none of them pulls along.
  const bool linear = network_.layers().size() == 1;
  if (linear) slope_noise_ = 0;
  const bool ends =
      loss_.kind == Loss::kSquared || loss_.kind == Loss::kSquaredHinge;
  bounded_ = penalty_.strength > 0 || (ends && linear);
  for (const Layer& layer : network_.layers()) {
    norms_.emplace_back(static_cast<size_t>(layer.inputs));
  }
  const std::vector<double>& scales = loss_.margins.scales;
  if (!scales.empty()) {
    steepest_scale_ = *std::max_element(scales.begin(), scales.end());
  }
}

bool NetworkField::contracts() const {
  return network_.layers().size() == 1 && IsConvex(loss_);
}

void NetworkField::SetStrength(double strength) {
  if (strength == strength_) return;
  strength_ = strength;
  const auto weight = [&](int64_t row) {
    return Blend(even_, weights_[static_cast<size_t>(row)], strength);
  };
  const double divisor = reduction_ == Reduction::kWeightedMean
                             ? SumOverRows(train_.rows, weight)
                             : static_cast<double>(train_.rows);
  for (int64_t i = 0; i < train_.rows; ++i) {
    log_coefficients_[static_cast<size_t>(i)] = std::log(weight(i) / divisor);
  }
}

template <typename Visit>
void NetworkField::ForEachChunk(const double* theta, Visit visit) {
  for (int64_t first = 0; first < train_.rows; first += network_.most_rows()) {
    const int64_t count = std::min(network_.most_rows(), train_.rows - first);
    visit(static_cast<size_t>(first), static_cast<size_t>(count),
          network_.Forward(theta, train_.row(first), count));
  }
}

void NetworkField::Slope(double log_factor, double strength,
                         const double* theta, double* slope) {
  SetStrength(strength);
  log_factor_ = log_factor;
  std::fill_n(slope, dimension(), 0.0);
  const std::span<const double> labels = train_.labels;
  const std::span<const double> log_coefficients = log_coefficients_;
  ForEachChunk(theta, [&](size_t first, size_t count, const double* outputs) {
    WriteFarSlopes(loss_, outputs, network_.outputs(),
                   {.labels = labels.subspan(first, count),
                    .log_coefficients = log_coefficients.subspan(first, count),
                    .log_factor = log_factor},
                   {.slopes = slopes_.data(),
                    .margins = &margins_[first],
                    .pulls = &pulls_[first]});
    const auto row = static_cast<int64_t>(first);
    network_.AddGradient(theta, train_.row(row), static_cast<int64_t>(count),
                         slopes_.data(), slope);
  });
  CheckSides(KinkOf(loss_), margins_);
  // Of f - y none is too small.
  least_margin_ = loss_.kind == Loss::kSquared
                      ? 0
                      : *std::min_element(margins_.begin(), margins_.end());
  double shrink = 0;
  if (penalty_.strength > 0) {
    shrink = std::exp(log_factor) * ShrinkOf(penalty_, dimension(), theta);
    const bool steeper = penalty_.kind == Penalty::kPower;
    least_bend_ = shrink * (steeper ? std::min(1.0, penalty_.exponent - 1) : 1);
    bend_ = shrink * (steeper ? std::max(1.0, penalty_.exponent - 1) : 1);
  }
  for (int64_t j = 0; j < dimension(); ++j) {
    slope[j] = -slope[j] - shrink * theta[j];
  }
}

// The Hessian is sum_i p_i (k_i g_i g_i' - u_i''), with the pull p, its
// steepness k, the gradient g and the second derivative u'' of the row's u;
// beside kSquared, where p k is 2 c.
double NetworkField::RateBound() const {
  double sum = bend_;
  for (size_t i = 0; i < pulls_.size(); ++i) {
    if (loss_.kind == Loss::kSquared) {
      sum += 2 * std::exp(log_factor_ + log_coefficients_[i]) * squares_[i];
    } else if (pulls_[i] > 0) {
      sum += pulls_[i] * SteepnessOf(loss_, margins_[i]) * squares_[i];
    }
    sum += pulls_[i] * bends_[i];
  }
  return std::isfinite(sum) ? sum : std::numeric_limits<double>::max();
}

double NetworkField::LongestRow(std::span<const double> theta) {
  for (size_t l = 0; l < norms_.size(); ++l) {
    const Layer& layer = network_.layers()[l];
    const double* weights = theta.data() + layer.weights;
    for (double& norm : norms_[l]) {
      norm = NormOf(layer.units, weights);
      weights += layer.units;
    }
  }
  const int64_t k = network_.outputs();
  const std::span<const double> labels = train_.labels;
  ForEachChunk(
      theta.data(), [&](size_t first, size_t count, const double* outputs) {
        WriteMarginSlopes(loss_, outputs, k, labels.subspan(first, count),
                          slopes_.data());
        const double* x = train_.row(static_cast<int64_t>(first));
        for (size_t i = 0; i < count; ++i) {
          const auto row = static_cast<int64_t>(i);
          bends_[first + i] =
              BendOf(row, x + row * train_.features, slopes_.data() + row * k);
        }
        network_.WriteRowSquares(theta.data(), x, static_cast<int64_t>(count),
                                 slopes_.data(), &squares_[first]);
      });
  const double most = *std::max_element(squares_.begin(), squares_.end());
  return std::sqrt(std::min(most, std::numeric_limits<double>::max()));
}

// Layer by layer, from bounds r and t of the first and second derivatives of
// its inputs z along v = (V_1, ..., V_L), ||v|| = 1, a being its values, W the
// next layer's weights and ' the derivative along v:
//   z' = V a + W a',  z'' = 2 V a' + W a'',  a' = phi' z',
//   a'' = phi'' z'^2 + phi' z'',  2 ||V_l|| ||(V_1 ... V_l-1)|| <= 1.
// W's norm is Frobenius's.  Exact of two linear layers; where weights are of
// rank one, as they come to be, near it.
double NetworkField::BendOf(int64_t row, const double* x,
                            const double* slopes) const {
  const std::vector<Layer>& layers = network_.layers();
  const auto length = [&](size_t l, const double* values) {
    const double own = NormOf(layers[l].inputs, values);
    return layers[l].biases ? std::hypot(own, 1) : own;
  };
  double r = length(0, x);
  double t = 0;
  for (size_t l = 1; l < layers.size(); ++l) {
    const double* values = network_.values(l - 1) + row * layers[l].inputs;
    double steepest = 0;  // phi'
    double passed = 0;    // ||W phi'||^2
    double bent = 0;      // ||W phi'' v^2||, ||v|| = 1
    for (size_t j = 0; j < norms_[l].size(); ++j) {
      const UnitBend unit = BendOfUnit(activation_, values[j]);
      const double through = unit.first * norms_[l][j];
      steepest = std::max(steepest, unit.first);
      passed += through * through;
      bent = std::max(bent, unit.second * norms_[l][j]);
    }
    t = steepest * r + bent * r * r + std::sqrt(passed) * t;
    r = std::hypot(length(l, values), std::sqrt(passed) * r);
  }
  const int64_t k = network_.outputs();
  const double bend = NormOf(k, slopes) * t;
  if (k <= 2) return bend;
  // What the other classes' shares add is a variance of D f'.
  return bend + steepest_scale_ * steepest_scale_ * r * r;
}

void NetworkField::Margins(const double* theta, std::span<double> margins) {
  const int64_t k = network_.outputs();
  ForEachChunk(theta, [&](size_t first, size_t count, const double* outputs) {
    for (size_t i = first; i < first + count; ++i) {
      margins[i] = LossMargin(loss_, outputs, k, train_.labels[i]);
      outputs += k;
    }
  });
}

double NetworkField::ToKink(std::span<const double> theta,
                            std::span<const double> field) {
  constexpr double kReach = 1e-6;  // of theta
  const std::optional<double> kink = KinkOf(loss_);
  double least = std::numeric_limits<double>::infinity();
  const double speed = NormOf(dimension(), field.data());
  if (!kink || !(speed > 0)) return least;
  const double way =
      kReach * std::max(1.0, NormOf(dimension(), theta.data())) / speed;
  std::vector<double> further(theta.begin(), theta.end());
  for (size_t j = 0; j < further.size(); ++j) further[j] += way * field[j];
  std::vector<double> margins(pulls_.size());
  std::vector<double> ahead(pulls_.size());
  Margins(theta.data(), margins);
  Margins(further.data(), ahead);
  CheckSides(kink, margins);
  for (size_t i = 0; i < margins.size(); ++i) {
    const double left = *kink - margins[i];
    const double rate = (ahead[i] - margins[i]) / way;
    if (left * rate > 0) least = std::min(least, left / rate);
  }
  return least;
}

}  // namespace steelyard::training
