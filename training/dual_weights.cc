#include "training/dual_weights.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "support/status_macros.h"
#include "training/hard_margin.h"
#include "training/linear_reference.h"
#include "training/tiles.h"

namespace steelyard::training {

absl::StatusOr<std::vector<double>> DualOptimalWeights(const Rows& rows,
                                                       bool bias,
                                                       double floor) {
  STEELYARD_RETURN_IF_ERROR(CheckReferenceSize(rows.rows, rows.columns));
  std::vector<int64_t> all(static_cast<size_t>(rows.rows));
  std::iota(all.begin(), all.end(), 0);
  STEELYARD_ASSIGN_OR_RETURN(const HardMargin solution,
                             SolveHardMargin(Tiles(rows, all, bias)));
  std::vector<double> weights = DualByRow(&solution, rows.rows);
  const auto n = static_cast<double>(rows.rows);
  for (double& weight : weights) weight = std::max(n * weight, floor);
  return weights;
}

}  // namespace steelyard::training
