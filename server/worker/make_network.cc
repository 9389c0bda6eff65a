#include "server/worker/make_network.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "server/worker/make_loss.h"
#include "support/status_macros.h"

namespace steelyard::worker {
namespace {

using training::Architecture;
using training::NetworkProblem;

constexpr int kMostHidden = 63;
constexpr uint64_t kMostParameters = 100'000'000;
constexpr auto kMostSteps =
    static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

absl::Status CheckBelowOne(absl::string_view field, double value) {
  if (value >= 0 && value < 1) return absl::OkStatus();
  return Wrong(field, ": want a value >= 0 and < 1, got ", value);
}

absl::Status SetHidden(const google::protobuf::RepeatedField<uint64_t>& hidden,
                       const std::string& field, Architecture& architecture) {
  if (hidden.empty() || hidden.size() > kMostHidden) {
    return Wrong(field, ".hidden: want 1 to ", kMostHidden, " layers, got ",
                 hidden.size());
  }
  for (int l = 0; l < hidden.size(); ++l) {
    if (hidden[l] < 1 || hidden[l] > kMostParameters) {
      return Wrong(field, ".hidden[", l, "]: want 1 to ", kMostParameters,
                   " units, got ", hidden[l]);
    }
    architecture.hidden.push_back(static_cast<int64_t>(hidden[l]));
  }
  return absl::OkStatus();
}

absl::Status SetBiases(v1::Biases biases, const std::string& field,
                       Architecture& architecture) {
  switch (biases) {
    case v1::BIASES_PER_LAYER:
      architecture.biases = training::Biases::kPerLayer;
      return absl::OkStatus();
    case v1::BIASES_NONE:
      architecture.biases = training::Biases::kNone;
      return absl::OkStatus();
    case v1::BIASES_CONSTANT_INPUT:
      architecture.biases = training::Biases::kConstantInput;
      return absl::OkStatus();
    default:
      break;
  }
  return Wrong(field, ".biases: want per_layer, none or constant_input, got ",
               "number ", static_cast<int>(biases));
}

absl::Status SetActivation(const v1::MlpModel& mlp,
                           Architecture& architecture) {
  if (mlp.has_leak()) {
    STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero("model.mlp.leak", mlp.leak()));
    if (mlp.activation() != v1::ACTIVATION_LEAKY_RELU) {
      return Wrong("model.mlp.leak: want it with leaky_relu alone");
    }
    architecture.leak = mlp.leak();
  }
  switch (mlp.activation()) {
    case v1::ACTIVATION_RELU:
      architecture.activation = training::Activation::kRelu;
      return absl::OkStatus();
    case v1::ACTIVATION_LEAKY_RELU:
      architecture.activation = training::Activation::kLeakyRelu;
      return absl::OkStatus();
    case v1::ACTIVATION_TANH:
      architecture.activation = training::Activation::kTanh;
      return absl::OkStatus();
    case v1::ACTIVATION_QUADRATIC:
      architecture.activation = training::Activation::kQuadratic;
      return absl::OkStatus();
    default:
      break;
  }
  return Wrong(
      "model.mlp.activation: want relu, leaky_relu, tanh or "
      "quadratic, got number ",
      static_cast<int>(mlp.activation()));
}

absl::Status SetModel(const v1::Model& model, NetworkProblem& problem) {
  Architecture& architecture = problem.architecture;
  architecture.activation = training::Activation::kIdentity;
  switch (model.kind_case()) {
    case v1::Model::kLinear:
      architecture.biases = !model.linear().has_bias() || model.linear().bias()
                                ? training::Biases::kConstantInput
                                : training::Biases::kNone;
      return absl::OkStatus();
    case v1::Model::kMlp:
      STEELYARD_RETURN_IF_ERROR(
          SetHidden(model.mlp().hidden(), "model.mlp", architecture));
      STEELYARD_RETURN_IF_ERROR(
          SetBiases(model.mlp().biases(), "model.mlp", architecture));
      return SetActivation(model.mlp(), architecture);
    case v1::Model::kDeepLinear:
      STEELYARD_RETURN_IF_ERROR(SetHidden(model.deep_linear().hidden(),
                                          "model.deep_linear", architecture));
      return SetBiases(model.deep_linear().biases(), "model.deep_linear",
                       architecture);
    case v1::Model::KIND_NOT_SET:
      break;
  }
  return Wrong("model: want linear, mlp or deep_linear, got nothing");
}

absl::Status SetSchedule(const v1::LearningRateSchedule& schedule,
                         const std::string& field,
                         training::LearningRate& rate) {
  if (schedule.warm_up_steps() > kMostSteps) {
    return Wrong(field, ".warm_up_steps: want at most ", kMostSteps, ", got ",
                 schedule.warm_up_steps());
  }
  rate.warm_up_steps = static_cast<int64_t>(schedule.warm_up_steps());
  if (schedule.has_cosine()) rate.schedule = training::CosineRate{};
  if (schedule.has_power()) {
    STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero(
        absl::StrCat(field, ".power.exponent"), schedule.power().exponent()));
    rate.schedule =
        training::PowerRate{.exponent = schedule.power().exponent()};
  }
  if (!schedule.has_step()) return absl::OkStatus();
  training::StepRate falling;
  falling.factor = schedule.step().factor();
  STEELYARD_RETURN_IF_ERROR(
      CheckAboveZero(absl::StrCat(field, ".step.factor"), falling.factor));
  if (schedule.step().at().empty()) {
    return Wrong(field, ".step.at: want at least one step, got none");
  }
  uint64_t before = 0;
  for (const uint64_t at : schedule.step().at()) {
    if (at < before || at > kMostSteps) {
      return Wrong(field, ".step.at: want steps in ascending order, got ", at,
                   " after ", before);
    }
    before = at;
    falling.at.push_back(static_cast<int64_t>(at));
  }
  rate.schedule = std::move(falling);
  return absl::OkStatus();
}

// What Sgd and Adam have in common.
template <typename Message>
absl::Status SetBatches(const Message& message, const std::string& field,
                        NetworkProblem& problem) {
  problem.rate.initial = message.learning_rate();
  STEELYARD_RETURN_IF_ERROR(CheckAboveZero(
      absl::StrCat(field, ".learning_rate"), problem.rate.initial));
  STEELYARD_RETURN_IF_ERROR(SetSchedule(
      message.schedule(), absl::StrCat(field, ".schedule"), problem.rate));
  if (message.batch_size() > kMostSteps) {
    return Wrong(field, ".batch_size: want at most the training rows, got ",
                 message.batch_size());
  }
  problem.batches.size = static_cast<int64_t>(message.batch_size());
  problem.batches.keep_last = message.keep_last();
  problem.weight_decay = message.weight_decay();
  STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero(
      absl::StrCat(field, ".weight_decay"), problem.weight_decay));
  switch (message.reduction()) {
    case v1::REDUCTION_BATCH_MEAN:
      problem.batches.reduction = training::Reduction::kBatchMean;
      return absl::OkStatus();
    case v1::REDUCTION_WEIGHTED_MEAN:
      problem.batches.reduction = training::Reduction::kWeightedMean;
      return absl::OkStatus();
    default:
      break;
  }
  return Wrong(field, ".reduction: want batch_mean or weighted_mean, got ",
               "number ", static_cast<int>(message.reduction()));
}

absl::Status SetSgd(const v1::Sgd& sgd, NetworkProblem& problem) {
  STEELYARD_RETURN_IF_ERROR(SetBatches(sgd, "optimizer.sgd", problem));
  STEELYARD_RETURN_IF_ERROR(
      CheckBelowOne("optimizer.sgd.momentum", sgd.momentum()));
  if (sgd.momentum() > 0) {
    problem.rule = training::MomentumRule{.momentum = sgd.momentum(),
                                          .nesterov = sgd.nesterov()};
  } else if (sgd.nesterov()) {
    return Wrong("optimizer.sgd.nesterov: want momentum > 0 beside it, got 0");
  }
  return absl::OkStatus();
}

absl::Status SetAdam(const v1::Adam& adam, NetworkProblem& problem) {
  STEELYARD_RETURN_IF_ERROR(SetBatches(adam, "optimizer.adam", problem));
  STEELYARD_RETURN_IF_ERROR(
      CheckBelowOne("optimizer.adam.beta1", adam.beta1()));
  STEELYARD_RETURN_IF_ERROR(
      CheckBelowOne("optimizer.adam.beta2", adam.beta2()));
  STEELYARD_RETURN_IF_ERROR(
      CheckAboveZero("optimizer.adam.epsilon", adam.epsilon()));
  problem.rule = training::AdamRule{
      .beta1 = adam.beta1(), .beta2 = adam.beta2(), .epsilon = adam.epsilon()};
  return absl::OkStatus();
}

absl::Status SetLbfgs(const v1::Lbfgs& lbfgs, NetworkProblem& problem) {
  if (lbfgs.memory() < 1 || lbfgs.memory() > 100) {
    return Wrong("optimizer.lbfgs.memory: want 1 to 100, got ", lbfgs.memory());
  }
  problem.rate.initial = 1;
  problem.rule =
      training::LbfgsRule{.memory = static_cast<int64_t>(lbfgs.memory())};
  return absl::OkStatus();
}

absl::Status SetOptimizer(const v1::Optimizer& optimizer,
                          NetworkProblem& problem) {
  switch (optimizer.kind_case()) {
    case v1::Optimizer::kGradientDescent:
      problem.rate.initial = optimizer.gradient_descent().learning_rate();
      STEELYARD_RETURN_IF_ERROR(CheckAboveZero(
          "optimizer.gradient_descent.learning_rate", problem.rate.initial));
      return SetSchedule(optimizer.gradient_descent().schedule(),
                         "optimizer.gradient_descent.schedule", problem.rate);
    case v1::Optimizer::kSgd:
      return SetSgd(optimizer.sgd(), problem);
    case v1::Optimizer::kAdam:
      return SetAdam(optimizer.adam(), problem);
    case v1::Optimizer::kLbfgs:
      return SetLbfgs(optimizer.lbfgs(), problem);
    case v1::Optimizer::KIND_NOT_SET:
      break;
  }
  return Wrong(
      "optimizer: want gradient_descent, sgd, adam or lbfgs, got nothing");
}

absl::Status SetNormal(const v1::NormalInitial& normal,
                       NetworkProblem& problem) {
  const std::string field = "initial.normal.standard_deviations";
  const auto& deviations = normal.standard_deviations();
  const size_t layers = problem.architecture.hidden.size() + 1;
  if (static_cast<size_t>(deviations.size()) != layers) {
    return Wrong(field, ": want ", layers, ", one for each layer, got ",
                 deviations.size());
  }
  for (int l = 0; l < deviations.size(); ++l) {
    STEELYARD_RETURN_IF_ERROR(
        CheckAtLeastZero(absl::StrCat(field, "[", l, "]"), deviations[l]));
  }
  problem.initial = training::NormalInitial{
      .standard_deviations = {deviations.begin(), deviations.end()}};
  return absl::OkStatus();
}

absl::Status SetInitial(const v1::Initial& initial, NetworkProblem& problem) {
  switch (initial.kind_case()) {
    case v1::Initial::kZeros:
      problem.initial = training::ZeroInitial{};
      return absl::OkStatus();
    case v1::Initial::kHe:
      problem.initial = training::HeInitial{};
      return absl::OkStatus();
    case v1::Initial::kXavier:
      problem.initial = training::XavierInitial{};
      return absl::OkStatus();
    case v1::Initial::kNormal:
      return SetNormal(initial.normal(), problem);
    case v1::Initial::kParameters: {
      const auto& values = initial.parameters().values();
      for (int j = 0; j < values.size(); ++j) {
        if (std::isfinite(values[j])) continue;
        return Wrong("initial.parameters.values[", j,
                     "]: want a finite value, got ", values[j]);
      }
      problem.initial =
          training::GivenInitial{.parameters = {values.begin(), values.end()}};
      return absl::OkStatus();
    }
    case v1::Initial::KIND_NOT_SET:
      break;
  }
  return Wrong(
      "initial: want zeros, he, xavier, normal or parameters, got "
      "nothing");
}

absl::Status SetPrecision(v1::Precision precision, NetworkProblem& problem) {
  switch (precision) {
    case v1::PRECISION_DOUBLE:
      problem.precision = training::Precision::kDouble;
      return absl::OkStatus();
    case v1::PRECISION_SINGLE:
      problem.precision = training::Precision::kSingle;
      return absl::OkStatus();
    default:
      break;
  }
  return Wrong("precision: want double or single, got number ",
               static_cast<int>(precision));
}

}  // namespace

absl::StatusOr<NetworkProblem> MakeNetwork(const v1::RunSpec& spec) {
  NetworkProblem problem;
  STEELYARD_RETURN_IF_ERROR(SetModel(spec.model(), problem));
  STEELYARD_ASSIGN_OR_RETURN(problem.loss, MakeLoss(spec.loss()));
  STEELYARD_RETURN_IF_ERROR(SetOptimizer(spec.optimizer(), problem));
  STEELYARD_RETURN_IF_ERROR(SetInitial(spec.initial(), problem));
  STEELYARD_RETURN_IF_ERROR(SetPrecision(spec.precision(), problem));
  problem.seed = spec.seed();
  return problem;
}

}  // namespace steelyard::worker
