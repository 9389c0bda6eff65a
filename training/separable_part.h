#ifndef STEELYARD_TRAINING_SEPARABLE_PART_H_
#define STEELYARD_TRAINING_SEPARABLE_PART_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "training/metric_table.h"
#include "training/tiles.h"

namespace steelyard::training {

// P6 of docs/science.md (Ji & Telgarsky 2019): signed rows z_i fall into a part
// that can be separated without hurting any row, and a rest on which the loss
// has a bounded minimum.  Row i is of the separable part when some theta has
//   z_j.theta >= 0 for all j,  z_i.theta > 0,
// and of the rest when some p >= 0 with p_i > 0 has sum_j p_j z_j = 0; it is
// one of the two, and which is found as the point of the cone of all rows that
// is nearest to -z_i: it is -z_i itself for the rest alone.
//
// 1 for a row of the separable part, 0 for one of the rest, [n].
// Errors: FailedPrecondition "undecided in double precision" where a distance
// is neither rounding (below 1e-12 ||z_i||) nor clear (above 1e-8 ||z_i||).
// Cost: at most d projections (cone_projection.h) for the rest, which is all
// that its rows span; mostly few for the others, at most one a row.
absl::StatusOr<std::vector<double>> FindSeparablePart(const Tiles& rows);

// theory/separable_rows: how many rows are of the separable part, n where all
// are.
class SeparableRows {
 public:
  // Where n rows times d features are above this and the rows are not
  // separable, the part is not sought.
  static constexpr int64_t kMostValues = 100'000;

  SeparableRows() = default;  // measures nothing
  // Measures nothing, for this reason.
  SeparableRows(std::string reason, MetricTable& table);
  // separable: whether all rows are known to be.
  SeparableRows(const Tiles& rows, bool separable, MetricTable& table);

  void Measure(std::vector<MetricValue>& values) const;
  // FindSeparablePart's answer; empty where there is none.
  const std::vector<double>& part() const { return part_; }

 private:
  std::optional<uint32_t> id_;  // nothing: absent
  std::vector<double> part_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SEPARABLE_PART_H_
