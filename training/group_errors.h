#ifndef STEELYARD_TRAINING_GROUP_ERRORS_H_
#define STEELYARD_TRAINING_GROUP_ERRORS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "training/metric_table.h"
#include "training/rows.h"
#include "training/trainer.h"

namespace steelyard::training {

// `text` as it stands in a metric's name: bytes other than [A-Za-z0-9-_.]
// become %XX.  Different texts stay different.
std::string MetricWord(absl::string_view text);

// The groups of the rows numbered `kept`, in this order; without the names that
// none of them has.
RowGroups KeptGroups(const RowGroups& groups, std::span<const int64_t> kept);

// The errors of the groups of one set of rows, where it has groups:
//   NAME/error/GROUP        the fraction of the group's rows of margin <= 0;
//                           in the order of the groups' names
//   NAME/worst_group_error  the largest of them
class GroupErrors {
 public:
  // Each of `groups` has a row.  Adds the metrics to the table.
  GroupErrors(absl::string_view set, const RowGroups& groups,
              MetricTable& table);

  // Adds the values.  margins: [n].
  void Measure(std::span<const double> margins,
               std::vector<MetricValue>& values) const;

  // That a set whose labels are no classes has none of these metrics.
  static void AddAbsent(absl::string_view set, const RowGroups& groups,
                        MetricTable& table);

 private:
  uint32_t first_id_;  // of the first group; that of the worst comes last
  size_t groups_;
  std::vector<int32_t> numbers_;  // of each row
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_GROUP_ERRORS_H_
