#include "training/fingerprint.h"

#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "training/hash64.h"

namespace steelyard::training {
namespace {

void Add(const Rows& rows, Hash64& hash) {
  hash.Add(rows.rows);
  hash.Add(rows.columns);
  hash.Add(rows.features);
  hash.Add(rows.labels);
  for (const int32_t number : rows.groups.numbers) hash.Add(int64_t{number});
  for (const std::string& name : rows.groups.names) {
    hash.Add(absl::string_view(name));
  }
}

void Add(const GaussianPart& part, Hash64& hash) {
  hash.Add(part.label);
  hash.Add(part.share);
  hash.Add(part.mean);
  hash.Add(part.covariance);
  hash.Add(part.standard_deviation);
}

void Add(const Schedule& schedule, Hash64& hash) {
  hash.Add(static_cast<uint64_t>(schedule.index()));
  if (const auto* log = std::get_if<LogSchedule>(&schedule)) {
    hash.Add(int64_t{log->points_per_decade});
  } else if (const auto* every = std::get_if<EverySchedule>(&schedule)) {
    hash.Add(every->steps);
  } else {
    hash.Add(std::get<AtSchedule>(schedule).steps);
  }
}

void Add(const std::optional<EarlyStopping>& early, Hash64& hash) {
  hash.Add(static_cast<uint64_t>(early.has_value()));
  if (!early.has_value()) return;
  hash.Add(absl::string_view(early->metric));
  hash.Add(early->patience);
  hash.Add(early->min_delta);
}

template <typename Problem>
void AddSets(const Problem& problem, Hash64& hash) {
  Add(problem.train, hash);
  hash.Add(static_cast<uint64_t>(problem.tests.size()));
  for (const TestSet& test : problem.tests) {
    hash.Add(absl::string_view(test.name));
    Add(test.rows, hash);
    for (const GaussianPart& part : test.parts) Add(part, hash);
    if (!test.target_weights.empty()) hash.Add(test.target_weights);
  }
  if (!problem.target) return;
  hash.Add(problem.target->weights);
  hash.Add(problem.target->adjustments);
}

void Add(const Loss& loss, Hash64& hash) {
  hash.Add(static_cast<uint64_t>(loss.kind));
  if (loss.kind == Loss::kPolynomial) {
    hash.Add(loss.alpha);
    hash.Add(loss.beta);
  }
  if (loss.kind == Loss::kFocal) hash.Add(loss.gamma);
  if (loss.margins.none()) return;
  hash.Add(loss.margins.scales);
  hash.Add(loss.margins.offsets);
  hash.Add(loss.margins.factors);
}

// The strength alone where nothing else is there: as it always was.
void Add(const Penalty& penalty, Hash64& hash) {
  hash.Add(penalty.strength);
  if (penalty.kind == Penalty::kSquare) return;
  hash.Add(static_cast<uint64_t>(penalty.kind));
  hash.Add(penalty.exponent);
}

// Nothing where weights always are what they are: as it always was.
void Add(const WeightSchedule& schedule, Hash64& hash) {
  if (std::holds_alternative<AlwaysWeighted>(schedule)) return;
  hash.Add(static_cast<uint64_t>(schedule.index()));
  if (const auto* deferred = std::get_if<DeferredWeights>(&schedule)) {
    hash.Add(deferred->from);
  } else if (const auto* annealed = std::get_if<AnnealedWeights>(&schedule)) {
    hash.Add(annealed->from);
    hash.Add(annealed->until);
  }
}

void Add(const Architecture& architecture, Hash64& hash) {
  hash.Add(architecture.hidden);
  hash.Add(architecture.outputs);
  hash.Add(static_cast<uint64_t>(architecture.activation));
  hash.Add(architecture.leak);
  hash.Add(static_cast<uint64_t>(architecture.biases));
}

void Add(const Batches& batches, Hash64& hash) {
  hash.Add(batches.size);
  hash.Add(static_cast<uint64_t>(batches.keep_last));
  hash.Add(static_cast<uint64_t>(batches.reduction));
}

void Add(const Rule& rule, Hash64& hash) {
  hash.Add(static_cast<uint64_t>(rule.index()));
  if (const auto* momentum = std::get_if<MomentumRule>(&rule)) {
    hash.Add(momentum->momentum);
    hash.Add(static_cast<uint64_t>(momentum->nesterov));
  } else if (const auto* adam = std::get_if<AdamRule>(&rule)) {
    hash.Add(adam->beta1);
    hash.Add(adam->beta2);
    hash.Add(adam->epsilon);
  } else if (const auto* lbfgs = std::get_if<LbfgsRule>(&rule)) {
    hash.Add(lbfgs->memory);
  }
}

void Add(const LearningRate& rate, Hash64& hash) {
  hash.Add(rate.initial);
  hash.Add(rate.warm_up_steps);
  hash.Add(static_cast<uint64_t>(rate.schedule.index()));
  if (const auto* falling = std::get_if<StepRate>(&rate.schedule)) {
    hash.Add(falling->at);
    hash.Add(falling->factor);
  } else if (const auto* power = std::get_if<PowerRate>(&rate.schedule)) {
    hash.Add(power->exponent);
  }
}

void Add(const Initial& initial, Hash64& hash) {
  hash.Add(static_cast<uint64_t>(initial.index()));
  if (const auto* normal = std::get_if<NormalInitial>(&initial)) {
    hash.Add(normal->standard_deviations);
  } else if (const auto* given = std::get_if<GivenInitial>(&initial)) {
    hash.Add(given->parameters);
  }
}

}  // namespace

uint64_t Fingerprint(const LinearProblem& problem) {
  Hash64 hash;
  hash.Add(absl::string_view(NumericsId()));
  AddSets(problem, hash);
  hash.Add(static_cast<uint64_t>(problem.bias));
  Add(problem.loss, hash);
  hash.Add(problem.weights);
  hash.Add(static_cast<uint64_t>(problem.normalization));
  Add(problem.weight_schedule, hash);
  Add(problem.penalty, hash);
  hash.Add(problem.learning_rate);
  if (!HasFixedStep(problem)) {
    Add({.initial = problem.learning_rate,
         .warm_up_steps = problem.warm_up_steps,
         .schedule = problem.rate_schedule},
        hash);
    hash.Add(static_cast<uint64_t>(problem.scale));
  }
  hash.Add(problem.steps);
  Add(problem.schedule, hash);
  Add(problem.early, hash);
  hash.Add(problem.weighted_below);
  if (problem.leap) {
    hash.Add(problem.leap->tolerance);
    hash.Add(problem.log10_steps);
  }
  if (problem.learned) {
    hash.Add(problem.learned->bound);
    hash.Add(problem.learned->learning_rate);
    hash.Add(static_cast<uint64_t>(problem.learned->maximize));
  }
  return hash.value();
}

uint64_t Fingerprint(const NetworkProblem& problem) {
  Hash64 hash;
  hash.Add(absl::string_view(NumericsId()));
  hash.Add(static_cast<uint64_t>(problem.precision));
  AddSets(problem, hash);
  if (problem.numbers) hash.Add(uint64_t{1});
  Add(problem.architecture, hash);
  Add(problem.loss, hash);
  hash.Add(problem.weights);
  hash.Add(static_cast<uint64_t>(problem.normalization));
  Add(problem.weight_schedule, hash);
  Add(problem.penalty, hash);
  hash.Add(problem.weight_decay);
  Add(problem.batches, hash);
  Add(problem.rule, hash);
  Add(problem.rate, hash);
  Add(problem.initial, hash);
  hash.Add(problem.seed);
  hash.Add(problem.steps);
  Add(problem.schedule, hash);
  Add(problem.early, hash);
  hash.Add(problem.weighted_below);
  if (problem.leap) {
    hash.Add(problem.leap->tolerance);
    hash.Add(problem.log10_steps);
  }
  return hash.value();
}

}  // namespace steelyard::training
