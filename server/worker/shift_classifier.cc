#include "server/worker/shift_classifier.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/shift/kliep.h"
#include "training/trainer.h"

namespace steelyard::worker {
namespace {

using training::Rows;
using Values = std::vector<double>;

constexpr int64_t kMostSteps = 1'000;
constexpr int64_t kStepsBetweenLooks = 10;

// The rows numbered `some`.
Rows Pick(const Rows& rows, const std::vector<size_t>& some) {
  const auto d = static_cast<size_t>(rows.columns);
  Rows picked;
  picked.rows = std::ssize(some);
  picked.columns = rows.columns;
  for (const size_t i : some) {
    const double* row = rows.features.data() + i * d;
    picked.features.insert(picked.features.end(), row, row + d);
    picked.labels.push_back(rows.labels[i]);
  }
  return picked;
}

// p(k | x) of each of `asked`, [rows, K], by a classifier fitted to `fitted`.
absl::StatusOr<Values> Posteriors(const ShiftClassifierOptions& options,
                                  Rows fitted, const Rows& asked) {
  training::NetworkProblem problem;
  const auto n = static_cast<double>(fitted.rows);
  // Of the few gradients that a step takes.
  const int64_t operations =
      10 * fitted.rows * (fitted.columns + 1) * options.classes;
  problem.train = std::move(fitted);
  problem.architecture.outputs = options.classes;
  problem.loss = training::Loss(training::Loss::kSoftmaxCrossEntropy);
  problem.penalty.strength = 1 / (2 * n * options.inverse_penalty);
  problem.rule = training::LbfgsRule();
  problem.rate.initial = 1;
  problem.initial = training::ZeroInitial();
  problem.precision = training::Precision::kDouble;
  problem.steps = kMostSteps;
  problem.schedule = training::EverySchedule{.steps = kStepsBetweenLooks};
  problem.early =
      training::EarlyStopping{.metric = "train/objective", .patience = 2};
  STEELYARD_ASSIGN_OR_RETURN(const std::unique_ptr<training::Trainer> trainer,
                             training::Trainer::Create(std::move(problem)));
  while (!trainer->done()) {
    if (training::Stopped(options.stop, operations)) {
      return options.stop->status();
    }
    STEELYARD_RETURN_IF_ERROR(trainer->Advance(1).status());
  }
  const auto k = static_cast<size_t>(options.classes);
  Values outputs(static_cast<size_t>(asked.rows) * k);
  trainer->Predict(asked.features, outputs);
  for (size_t first = 0; first < outputs.size(); first += k) {
    const std::span<double> row(outputs.data() + first, k);
    const double most = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (double& f : row) sum += f = std::exp(f - most);
    for (double& f : row) f /= sum;
  }
  return outputs;
}

// The class of the largest of each K posteriors, the first of equal ones.
std::vector<size_t> Predicted(const Values& posteriors, int64_t classes) {
  std::vector<size_t> predicted;
  for (auto row = posteriors.begin(); row != posteriors.end(); row += classes) {
    predicted.push_back(
        static_cast<size_t>(std::max_element(row, row + classes) - row));
  }
  return predicted;
}

// Of each row of the source.
absl::StatusOr<std::vector<int64_t>> PartsOfRows(
    const Rows& source, const ShiftClassifierOptions& options) {
  std::vector<int64_t> parts(source.labels.size());
  for (int64_t k = 0; k < options.classes; ++k) {
    std::vector<size_t> own;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (source.labels[i] == static_cast<double>(k)) own.push_back(i);
    }
    if (std::ssize(own) < options.parts) {
      return absl::InvalidArgumentError(absl::StrCat(
          "parts: want at most the rows of any class, got ", options.parts,
          " beside ", own.size(), " rows of class ", k));
    }
    const std::vector<int64_t> dealt =
        training::DealParts(std::ssize(own), options.parts, options.seed);
    for (size_t j = 0; j < own.size(); ++j) parts[own[j]] = dealt[j];
  }
  return parts;
}

}  // namespace

absl::StatusOr<ShiftPredictions> PredictShift(
    const Rows& source, const Rows& target,
    const ShiftClassifierOptions& options) {
  const auto k = static_cast<size_t>(options.classes);
  ShiftPredictions result = {.confusion = Values(k * k, 0),
                             .predicted = Values(k, 0),
                             .posteriors = {},
                             .class_rows = Values(k, 0)};
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<int64_t> parts,
                             PartsOfRows(source, options));
  for (int64_t part = 0; part < options.parts; ++part) {
    std::vector<size_t> own;
    std::vector<size_t> others;
    for (size_t i = 0; i < parts.size(); ++i) {
      (parts[i] == part ? own : others).push_back(i);
    }
    const Rows asked = Pick(source, own);
    STEELYARD_ASSIGN_OR_RETURN(
        const Values posteriors,
        Posteriors(options, Pick(source, others), asked));
    const std::vector<size_t> said = Predicted(posteriors, options.classes);
    for (size_t j = 0; j < said.size(); ++j) {
      const auto label = static_cast<size_t>(asked.labels[j]);
      ++result.confusion[said[j] * k + label];
      ++result.class_rows[label];
    }
  }
  Rows all = source;
  all.groups = {};
  STEELYARD_ASSIGN_OR_RETURN(result.posteriors,
                             Posteriors(options, std::move(all), target));
  for (const size_t said : Predicted(result.posteriors, options.classes)) {
    ++result.predicted[said];
  }
  return result;
}

}  // namespace steelyard::worker
