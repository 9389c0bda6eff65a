#ifndef STEELYARD_TRAINING_EXACT_ERRORS_H_
#define STEELYARD_TRAINING_EXACT_ERRORS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/strings/string_view.h"
#include "training/metric_table.h"
#include "training/rows.h"
#include "training/trainer.h"

namespace steelyard::training {

// The chance that a row x ~ N(m, A) of the class `label`, -1 or +1, has the
// margin y f(x) <= 0, f(x) = theta . x + b:
//   Phi(-y f(m) / sqrt(theta' A theta)),
// 1 or 0 where the root is 0.  theta: [columns], then the bias b where there is
// one; finite.  Cost: d^2 with a covariance, else d.
double GaussianError(const GaussianPart& part, int64_t columns,
                     std::span<const double> theta);

// The exact errors of a linear model with one output on a set of rows that are
// drawn from Gaussians of the classes -1 and +1, as sampling more and more of
// them would have it:
//   NAME/error_exact           sum_k share_k e_k / sum_k share_k, e_k as above
//   NAME/balanced_error_exact  the mean of the same over each class alone
// and the same of what f becomes by Target::adjustments, as
// NAME/adjusted_error_exact and NAME/adjusted_balanced_error_exact.
class ExactErrors {
 public:
  // No part: none of the metrics.  Adds them to the table.  prefix: "NAME/" or
  // "NAME/adjusted_"; columns: d.
  ExactErrors(absl::string_view prefix, int64_t columns,
              std::vector<GaussianPart> parts, MetricTable& table);

  // Appends the values for f(x) + `added`.  theta: as for GaussianError.
  void Measure(std::span<const double> theta, double added,
               std::vector<MetricValue>& values) const;

  // That a set has none of these metrics, for this reason, where it has parts.
  static void AddAbsent(absl::string_view prefix,
                        const std::vector<GaussianPart>& parts,
                        absl::string_view reason, MetricTable& table);

 private:
  int64_t columns_;
  std::vector<GaussianPart> parts_;
  uint32_t first_id_;  // of error_exact; that of balanced_error_exact is next
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_EXACT_ERRORS_H_
