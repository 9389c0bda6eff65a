#include "training/shift/mean_matching.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/rows_check.h"
#include "training/shift/box_program.h"
#include "training/shift/gaussian_kernel.h"

namespace steelyard::training {
namespace {

// Of a sum, relative: the solver's own rounding.
constexpr double kSumRounding = 1e-12;

absl::Status Check(const Features& source, const Features& target,
                   const MeanMatchingOptions& options, double slack) {
  STEELYARD_RETURN_IF_ERROR(CheckSamples(source, target));
  if (source.rows > kMaxMatchedRows) {
    return Want("source",
                absl::StrCat("at most ", kMaxMatchedRows,
                             " rows for kernel mean matching"),
                source.rows);
  }
  STEELYARD_RETURN_IF_ERROR(
      CheckWithin("width", options.width, kMinWidth, kMaxWidth));
  STEELYARD_RETURN_IF_ERROR(CheckWithin("slack", slack, 0, 1));
  STEELYARD_RETURN_IF_ERROR(CheckWithin("ridge", options.ridge, 0, 1));
  STEELYARD_RETURN_IF_ERROR(
      CheckWithin("bound", options.bound, 1e-6, kMaxWeightBound));
  if (options.bound < 1 - slack) {
    return Want("bound",
                absl::StrCat("at least 1 - slack, ", 1 - slack,
                             ", the least mean of the weights"),
                options.bound);
  }
  return absl::OkStatus();
}

// K + ridge I and kappa.
BoxProgram ProgramOf(const Features& source, const Features& target,
                     const MeanMatchingOptions& options) {
  const auto n = static_cast<size_t>(source.rows);
  BoxProgram program = {.size = source.rows,
                        .quadratic = std::vector<double>(n * n),
                        .linear = std::vector<double>(n, 0.0),
                        .bound = options.bound,
                        .sum = std::nullopt,
                        .stop = options.stop};
  LogKernels(source, source, options.width, program.quadratic, options.stop);
  for (double& value : program.quadratic) value = std::exp(value);
  for (size_t i = 0; i < n; ++i) {
    program.quadratic[i * n + i] += options.ridge;
  }
  std::vector<double> kernels;
  for (int64_t first = 0; first < target.rows; first += kBlockRows) {
    const Features block = Block(target, first, kBlockRows);
    kernels.resize(static_cast<size_t>(block.rows) * n);
    LogKernels(block, source, options.width, kernels, options.stop);
    if (Stopped(options.stop, 0)) break;
    for (size_t k = 0; k < kernels.size(); ++k) {
      program.linear[k % n] += std::exp(kernels[k]);
    }
  }
  const double factor =
      static_cast<double>(source.rows) / static_cast<double>(target.rows);
  for (double& value : program.linear) value *= factor;
  return program;
}

double Sum(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

}  // namespace

absl::StatusOr<MeanMatching> MatchMeans(const Features& source,
                                        const Features& target,
                                        const MeanMatchingOptions& options) {
  const auto n = static_cast<double>(source.rows);
  const double slack =
      options.slack.value_or(source.rows >= 1 ? 1 - 1 / std::sqrt(n) : 0);
  STEELYARD_RETURN_IF_ERROR(Check(source, target, options, slack));
  BoxProgram program = ProgramOf(source, target, options);
  STEELYARD_RETURN_IF_ERROR(StatusOf(options.stop));
  STEELYARD_ASSIGN_OR_RETURN(BoxSolution solution, SolveBoxProgram(program));
  const double sum = Sum(solution.x);
  const double least = n * (1 - slack);
  const double most = n * (1 + slack);
  if (sum < least * (1 - kSumRounding) || sum > most * (1 + kSumRounding)) {
    program.sum = sum < least ? least : most;
    STEELYARD_ASSIGN_OR_RETURN(solution, SolveBoxProgram(program));
  }
  return MeanMatching{.weights = std::move(solution.x),
                      .residual = solution.residual};
}

}  // namespace steelyard::training
