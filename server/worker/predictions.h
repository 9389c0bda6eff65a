#ifndef STEELYARD_SERVER_WORKER_PREDICTIONS_H_
#define STEELYARD_SERVER_WORKER_PREDICTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "training/trainer.h"

namespace steelyard::worker {

// What the model says of the rows of a set, as CSV: `row` (from 0 on), `label`,
// the outputs (`output`, or `output_K` for each class K), and `predicted` where
// labels are classes:
//   one output   1 or -1, as its sign, and 0 where it is 0
//   several      the class of the largest, and -1 where two are
// so that the rows in which `predicted` is not `label` are those that
// NAME/error counts.  Numbers in the fewest digits that give them back.
//
// `set`: as in Trainer::held_rows.
// Errors: ResourceExhausted when it has more than `limit_bytes`.
absl::StatusOr<std::string> PredictionsCsv(training::Trainer& trainer,
                                           size_t set, int64_t limit_bytes);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_PREDICTIONS_H_
