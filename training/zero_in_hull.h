#ifndef STEELYARD_TRAINING_ZERO_IN_HULL_H_
#define STEELYARD_TRAINING_ZERO_IN_HULL_H_

#include <cstdint>
#include <span>

#include "training/tiles.h"

namespace steelyard::training {

// Whether it is proved that some p_i >= 0, not all 0, have sum_i p_i z_i = 0
// exactly over the rows `members`: then no theta has z_i . theta > 0 for all of
// them.  False says nothing.
//
// With k members, k - 1 columns B of theirs are chosen in which the p of sum 1
// is the solution of a square system; X, its inverse as far as doubles go,
// bounds how far any p found lies from the exact one (S. M. Rump, Verification
// methods, Acta Numerica 19 (2010), theorem 10.2).  It is proved
//   - where the p found are fractions of small denominators that make every
//     column's sum 0 exactly: as of a row that is there with both labels;
//   - where the exact p of B are above 0 and every other column is, exactly, a
//     combination of B by doubles or small fractions: as are columns of zeros,
//     and one-hot columns that add up to the bias.
//
// members: distinct, none of these rows 0, k <= d + 1.
// Cost: about 6 k^2 (d + k) flops.
bool ProvesZeroInHull(const Tiles& rows, std::span<const int64_t> members);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_ZERO_IN_HULL_H_
