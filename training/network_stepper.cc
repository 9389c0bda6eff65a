#include "training/network_stepper.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/group_errors.h"
#include "training/losses.h"
#include "training/network_field.h"
#include "training/network_initial.h"
#include "training/output_losses.h"
#include "training/penalty.h"

namespace steelyard::training {
namespace {

NetworkProblem WithoutRows(const NetworkProblem& problem) {
  NetworkProblem options = problem;
  options.train = {};
  options.tests.clear();
  options.weights.clear();
  return options;
}

template <typename Real>
NetworkRows<Real> MakeRows(const std::string& name, const Rows& rows,
                           std::span<const int64_t> kept, bool constant) {
  NetworkRows<Real> made;
  made.name = name;
  made.rows = static_cast<int64_t>(kept.size());
  made.features = rows.columns + (constant ? 1 : 0);
  made.groups = KeptGroups(rows.groups, kept);
  made.values = AlignedArray<Real>(made.rows * made.features);
  Real* to = made.values.data();
  for (const int64_t i : kept) {
    const double* from = rows.features.data() + i * rows.columns;
    for (int64_t j = 0; j < rows.columns; ++j) {
      *to++ = static_cast<Real>(from[j]);
    }
    if (constant) *to++ = 1;
    made.labels.push_back(rows.labels[static_cast<size_t>(i)]);
  }
  return made;
}

template <typename Real>
std::vector<NetworkRows<Real>> MakeSets(const NetworkProblem& problem,
                                        const RowWeights& weights) {
  const bool constant = problem.architecture.biases == Biases::kConstantInput;
  std::vector<NetworkRows<Real>> sets;
  sets.push_back(
      MakeRows<Real>("train", problem.train, weights.kept, constant));
  sets.back().target_weights = KeptTargetWeights(problem.target, weights.kept);
  for (const TestSet& test : problem.tests) {
    std::vector<int64_t> all(static_cast<size_t>(test.rows.rows));
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
    sets.push_back(MakeRows<Real>(test.name, test.rows, all, constant));
    sets.back().parts = test.parts;
    sets.back().target_weights = test.target_weights;
  }
  const bool classes = problem.architecture.outputs > 1;
  for (NetworkRows<Real>& set : sets) {
    const bool train = &set == &sets.front();
    set.log_weights =
        LogCoefficients(problem.loss, classes, set.labels,
                        train ? weights.values : std::span<const double>());
  }
  return sets;
}

}  // namespace

template <typename Real>
NetworkStepper<Real>::NetworkStepper(const NetworkProblem& problem,
                                     const RowWeights& weights)
    : options_(WithoutRows(problem)),
      constant_(problem.architecture.biases == Biases::kConstantInput),
      weights_(weights.values),
      even_(weights.even),
      sets_(MakeSets<Real>(problem, weights)),
      order_(sets_[0].rows, problem.batches, problem.seed),
      network_(problem.architecture, sets_[0].features, kChunkRows),
      metrics_(problem, weights, sets_),
      rule_(problem.rule, problem.penalty, problem.weight_decay,
            network_.parameters()),
      theta_(network_.parameters()),
      gradient_(network_.parameters()),
      batch_(kChunkRows * sets_[0].features),
      slopes_(kChunkRows * network_.outputs()),
      labels_(kChunkRows),
      coefficients_(kChunkRows) {
  SetInitial(problem.initial, network_.layers(), problem.seed, theta_.data());
  if (const auto* lbfgs = std::get_if<LbfgsRule>(&problem.rule)) {
    lbfgs_.emplace(network_.parameters(), lbfgs->memory);
  }
  if constexpr (std::is_same_v<Real, double>) {
    if (!problem.leap) return;
    leaps_ = std::make_unique<Leaps>(
        std::make_unique<NetworkField>(problem, weights, sets_[0]),
        problem.leap->tolerance, problem.steps);
  }
}

template <typename Real>
double NetworkStepper<Real>::AddGradient(std::span<const int64_t> rows,
                                         double scale) {
  const NetworkRows<Real>& train = sets_[0];
  const auto count = static_cast<int64_t>(rows.size());
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = rows[static_cast<size_t>(i)];
    std::copy_n(train.row(row), train.features,
                batch_.data() + i * train.features);
    labels_[static_cast<size_t>(i)] = train.labels[static_cast<size_t>(row)];
    coefficients_[static_cast<size_t>(i)] = WeightOf(row) * scale;
  }
  const Real* outputs = network_.Forward(theta_.data(), batch_.data(), count);
  const double loss = SlopesOfLosses<Real>(
      options_.loss, outputs, network_.outputs(),
      std::span(labels_).first(rows.size()),
      std::span(coefficients_).first(rows.size()), slopes_.data());
  network_.AddGradient(theta_.data(), batch_.data(), count, slopes_.data(),
                       gradient_.data());
  return loss;
}

template <typename Real>
double NetworkStepper<Real>::TakeGradient(int64_t step) {
  const std::span<const int64_t> rows = order_.Rows(step);
  double divisor = static_cast<double>(rows.size());
  if (options_.batches.reduction == Reduction::kWeightedMean) {
    divisor = 0;
    for (const int64_t row : rows) divisor += WeightOf(row);
  }
  std::fill_n(gradient_.data(), gradient_.size(), Real{0});
  double loss = 0;
  for (size_t first = 0; first < rows.size(); first += kChunkRows) {
    const size_t count = std::min<size_t>(kChunkRows, rows.size() - first);
    loss += AddGradient(rows.subspan(first, count), 1 / divisor);
  }
  return loss;
}

template <typename Real>
void NetworkStepper<Real>::Iterate() {
  if constexpr (std::is_same_v<Real, double>) {
    const int64_t count = network_.parameters();
    // The gradient is taken at theta_; where the method stands is `at`.
    std::vector<double> at(theta_.data(), theta_.data() + count);
    const auto objective = [&](const double* theta, double* gradient) {
      std::copy_n(theta, count, theta_.data());
      const double loss = TakeGradient(0);
      if (options_.penalty.strength > 0) {
        AddPenalty(options_.penalty, count, theta_.data(), gradient_.data());
      }
      std::copy_n(gradient_.data(), count, gradient);
      return loss +
             PenaltyAt(options_.penalty, NormOf(count, theta), count, theta);
    };
    lbfgs_->Step(objective, at.data());
    std::copy_n(at.data(), count, theta_.data());
  }
}

template <typename Real>
absl::Status NetworkStepper<Real>::Run(int64_t step, int64_t count) {
  if constexpr (std::is_same_v<Real, double>) {
    if (leaps_) {
      return leaps_->Run(
          step, count, theta_.span(),
          [this](int64_t from, int64_t more) { return RunReal(from, more); });
    }
  }
  return RunReal(step, count);
}

template <typename Real>
absl::Status NetworkStepper<Real>::RunFar(double log_step) {
  if constexpr (std::is_same_v<Real, double>) {
    return leaps_->RunFar(log_step, theta_.span());
  }
  return Stepper::RunFar(log_step);
}

template <typename Real>
absl::Status NetworkStepper<Real>::RunReal(int64_t step, int64_t count) {
  for (const int64_t end = step + count; step < end; ++step) {
    strength_ = StrengthAt(options_.weight_schedule, step);
    if (lbfgs_) {
      Iterate();
      continue;
    }
    const double loss = TakeGradient(step);
    if (!std::isfinite(loss)) {
      return absl::OutOfRangeError(absl::StrCat(
          "step ", step + 1, ": loss of the batch: want a finite value, got ",
          loss, "; a smaller learning rate may help"));
    }
    rule_.Step(step, RateAt(options_.rate, step, options_.steps), theta_.data(),
               gradient_.data());
  }
  return absl::OkStatus();
}

template <typename Real>
absl::StatusOr<std::vector<MetricValue>> NetworkStepper<Real>::Measure(
    const StepTime& at) {
  STEELYARD_ASSIGN_OR_RETURN(std::vector<MetricValue> values,
                             metrics_.Measure(at, theta_.data(), network_));
  if (leaps_) leaps_->Measure(*metrics_.leap_id(), values);
  return values;
}

template <typename Real>
void NetworkStepper<Real>::ReadParameters(int64_t first,
                                          std::span<double> to) const {
  for (size_t j = 0; j < to.size(); ++j) {
    to[j] = double{theta_[first + static_cast<int64_t>(j)]} + 0.0;
  }
}

template <typename Real>
void NetworkStepper<Real>::Predict(std::span<const double> features,
                                   std::span<double> outputs) {
  const int64_t d = this->features();
  const int64_t k = network_.outputs();
  const int64_t rows = static_cast<int64_t>(outputs.size()) / k;
  const double* from = features.data();
  double* to = outputs.data();
  for (int64_t first = 0; first < rows; first += kChunkRows) {
    const int64_t count = std::min(kChunkRows, rows - first);
    Real* x = batch_.data();
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < d; ++j) *x++ = static_cast<Real>(*from++);
      if (constant_) *x++ = 1;
    }
    const Real* f = network_.Forward(theta_.data(), batch_.data(), count);
    for (int64_t i = 0; i < count * k; ++i) *to++ = double{f[i]} + 0.0;
  }
}

template <typename Real>
std::vector<HeldRows> NetworkStepper<Real>::held_rows() const {
  std::vector<HeldRows> held;
  for (const NetworkRows<Real>& set : sets_) {
    held.push_back(
        {.name = set.name, .rows = set.rows, .features = features()});
  }
  return held;
}

template <typename Real>
void NetworkStepper<Real>::ReadRows(size_t set, int64_t first,
                                    std::span<double> features,
                                    std::span<double> labels) const {
  const NetworkRows<Real>& rows = sets_[set];
  double* to = features.data();
  for (size_t i = 0; i < labels.size(); ++i) {
    const int64_t row = first + static_cast<int64_t>(i);
    labels[i] = rows.labels[static_cast<size_t>(row)];
    for (int64_t j = 0; j < this->features(); ++j) {
      *to++ = double{rows.row(row)[j]} + 0.0;
    }
  }
}

template <typename Real>
void NetworkStepper<Real>::ReadWeights(int64_t step, int64_t first,
                                       std::span<double> to) const {
  const double strength = StrengthAt(options_.weight_schedule, step);
  for (size_t i = 0; i < to.size(); ++i) {
    to[i] = Blend(even_, weights_[static_cast<size_t>(first) + i], strength);
  }
}

template <typename Real>
int64_t NetworkStepper<Real>::state_words() const {
  const int64_t bytes = theta_.size() * int64_t{sizeof(Real)};
  const int64_t more = lbfgs_   ? lbfgs_->state_words()
                       : leaps_ ? leaps_->state_words()
                                : 0;
  return (1 + std::ssize(rule_.slots())) * ((bytes + 7) / 8) + more;
}

template <typename Real>
void NetworkStepper<Real>::WriteState(std::span<uint64_t> words) const {
  const size_t bytes = static_cast<size_t>(theta_.size()) * sizeof(Real);
  const size_t each = (bytes + 7) / 8;
  std::memcpy(words.data(), theta_.data(), bytes);
  for (size_t i = 0; i < rule_.slots().size(); ++i) {
    std::memcpy(words.data() + (i + 1) * each, rule_.slots()[i].data(), bytes);
  }
  if (lbfgs_) lbfgs_->WriteState(words.subspan(each));
  if (leaps_) leaps_->WriteState(words.subspan(each));
}

template <typename Real>
absl::Status NetworkStepper<Real>::ReadState(const StepTime& /*at*/,
                                             std::span<const uint64_t> words) {
  const size_t bytes = static_cast<size_t>(theta_.size()) * sizeof(Real);
  const size_t each = (bytes + 7) / 8;
  if (lbfgs_ && !lbfgs_->ReadState(words.subspan(each))) {
    return absl::DataLossError("training state: want pairs, got others");
  }
  if (leaps_) {
    STEELYARD_RETURN_IF_ERROR(leaps_->ReadState(words.subspan(each)));
  }
  std::memcpy(theta_.data(), words.data(), bytes);
  for (size_t i = 0; i < rule_.slots().size(); ++i) {
    std::memcpy(rule_.slots()[i].data(), words.data() + (i + 1) * each, bytes);
  }
  return absl::OkStatus();
}

template class NetworkStepper<float>;
template class NetworkStepper<double>;

}  // namespace steelyard::training
