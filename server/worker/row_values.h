#ifndef STEELYARD_SERVER_WORKER_ROW_VALUES_H_
#define STEELYARD_SERVER_WORKER_ROW_VALUES_H_

#include <string>

#include "server/worker/run_artifacts.h"
#include "training/trainer.h"

// NPY files of a float64 for each row that is trained on, [n], those of weight
// 0 left out, in the order of the data.  `trainer` outlives the plans.
namespace steelyard::worker {

// The weights as normalised; where they change, those of the next step.
PlannedArtifact PlanWeights(const std::string& name,
                            training::Trainer& trainer);

// The margins m_i as the model stands: y f, of several classes the own output
// less the largest of the others.
PlannedArtifact PlanMargins(const std::string& name,
                            training::Trainer& trainer);

// p*, of a trainer that has one.
PlannedArtifact PlanDual(const std::string& name, training::Trainer& trainer);

// Which rows are of the separable part (1 or 0), of a trainer that knows.
PlannedArtifact PlanSeparable(const std::string& name,
                              training::Trainer& trainer);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_ROW_VALUES_H_
