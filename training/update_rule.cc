#include "training/update_rule.h"

#include <cmath>
#include <variant>

#include "training/penalty.h"

namespace steelyard::training {
namespace {

// How many arrays each rule remembers.
size_t SlotsOf(const Rule& rule) {
  if (std::holds_alternative<AdamRule>(rule)) return 2;
  return std::holds_alternative<MomentumRule>(rule) ? 1 : 0;
}

template <typename Real>
void StepPlain(double rate, int64_t count, const Real* g, Real* theta) {
  const auto r = static_cast<Real>(rate);
  for (int64_t j = 0; j < count; ++j) theta[j] -= r * g[j];
}

template <typename Real>
void StepMomentum(const MomentumRule& rule, double rate, int64_t count,
                  const Real* g, Real* v, Real* theta) {
  const auto r = static_cast<Real>(rate);
  const auto mu = static_cast<Real>(rule.momentum);
  for (int64_t j = 0; j < count; ++j) v[j] = mu * v[j] + g[j];
  if (rule.nesterov) {
    for (int64_t j = 0; j < count; ++j) theta[j] -= r * (g[j] + mu * v[j]);
  } else {
    for (int64_t j = 0; j < count; ++j) theta[j] -= r * v[j];
  }
}

template <typename Real>
void StepAdam(const AdamRule& rule, int64_t step, double rate, int64_t count,
              const Real* g, Real* m, Real* v, Real* theta) {
  const auto t = static_cast<double>(step + 1);
  const auto r = static_cast<Real>(rate / (1 - std::pow(rule.beta1, t)));
  const auto root = static_cast<Real>(std::sqrt(1 - std::pow(rule.beta2, t)));
  const auto b1 = static_cast<Real>(rule.beta1);
  const auto b2 = static_cast<Real>(rule.beta2);
  const auto epsilon = static_cast<Real>(rule.epsilon);
  for (int64_t j = 0; j < count; ++j) {
    m[j] = b1 * m[j] + (1 - b1) * g[j];
    v[j] = b2 * v[j] + (1 - b2) * (g[j] * g[j]);
    theta[j] -= r * (m[j] / (std::sqrt(v[j]) / root + epsilon));
  }
}

}  // namespace

template <typename Real>
UpdateRule<Real>::UpdateRule(const Rule& rule, const Penalty& penalty,
                             double weight_decay, int64_t parameters)
    : rule_(rule),
      penalty_(penalty),
      weight_decay_(weight_decay),
      parameters_(parameters) {
  for (size_t i = 0; i < SlotsOf(rule); ++i) slots_.emplace_back(parameters);
}

template <typename Real>
void UpdateRule<Real>::Step(int64_t step, double rate, Real* theta,
                            Real* gradient) {
  if (penalty_.strength > 0) {
    AddPenalty(penalty_, parameters_, theta, gradient);
  }
  if (weight_decay_ != 0) {
    const auto keep = static_cast<Real>(1 - rate * weight_decay_);
    for (int64_t j = 0; j < parameters_; ++j) theta[j] *= keep;
  }
  if (const auto* momentum = std::get_if<MomentumRule>(&rule_)) {
    StepMomentum(*momentum, rate, parameters_, gradient, slots_[0].data(),
                 theta);
  } else if (const auto* adam = std::get_if<AdamRule>(&rule_)) {
    StepAdam(*adam, step, rate, parameters_, gradient, slots_[0].data(),
             slots_[1].data(), theta);
  } else {
    StepPlain(rate, parameters_, gradient, theta);
  }
}

template class UpdateRule<float>;
template class UpdateRule<double>;

}  // namespace steelyard::training
