#ifndef STEELYARD_TRAINING_NETWORK_INITIAL_H_
#define STEELYARD_TRAINING_NETWORK_INITIAL_H_

#include <cstdint>
#include <vector>

#include "training/network.h"
#include "training/network_problem.h"

namespace steelyard::training {

// Writes the parameters of step 0 to theta.  Random ones are drawn in double,
// in the order of the parameters, from a stream of the seed for each layer, and
// then rounded: single and double precision start from the same numbers.
template <typename Real>
void SetInitial(const Initial& initial, const std::vector<Layer>& layers,
                uint64_t seed, Real* theta);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_NETWORK_INITIAL_H_
