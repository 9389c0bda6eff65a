#ifndef STEELYARD_TRAINING_CLASS_AXIS_H_
#define STEELYARD_TRAINING_CLASS_AXIS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "training/metric_table.h"
#include "training/rows.h"

namespace steelyard::training {

// Where a linear model's boundary f = 0 lies on the line from the mean of the
// negative training rows to that of the positive ones, a being its direction
// and c its middle, v the model's parameters without the bias:
//   boundary/shift  -f(c) / (v.a): how far from c towards the positive class f
//                   is 0, in the unit of the features
//   boundary/angle  of v and a, 0 to pi
// Rows count once, whatever their weight, if it is above 0.  Where the axis is
// the boundary's own direction (v.a = 0) there is no shift.
class ClassAxis {
 public:
  ClassAxis() = default;  // measures nothing
  // Measures nothing, for this reason.
  ClassAxis(const char* reason, MetricTable& table);
  // kept: the rows that count; labels -1 and +1.  Absent where a class has no
  // row, or the means are the same.
  ClassAxis(const Rows& rows, std::span<const int64_t> kept, bool bias,
            MetricTable& table);

  // theta: [d], the bias last.
  void Measure(const double* theta, std::vector<MetricValue>& values) const;

 private:
  std::optional<uint32_t> shift_id_;  // angle's is the next; nothing: absent
  bool bias_ = false;
  std::vector<double> axis_;    // a, [d]
  std::vector<double> middle_;  // c, [d]
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_CLASS_AXIS_H_
