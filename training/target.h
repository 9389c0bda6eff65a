#ifndef STEELYARD_TRAINING_TARGET_H_
#define STEELYARD_TRAINING_TARGET_H_

#include <optional>
#include <string>
#include <vector>

#include "training/shift/divergence.h"

namespace steelyard::training {

// The test set whose rows are the target's own.
inline constexpr char kTargetSet[] = "target";

// Where a model is to be good, beside where its rows come from: what takes
// means over a set of rows to means over the target.
struct Target {
  // w_i >= 0 of each training row, before any is left out, on any scale; empty:
  // not known.  Those of test sets stand there.
  std::vector<double> weights;
  // Why a set has none: of the training rows, of all others.
  std::string train_reason;
  std::string test_reason;
  std::optional<Divergence> divergence;
  // Why there is none.
  std::string divergence_reason;
  // ln( p_t(k) / p(k) ) of each class k, [K], p being the prior that the
  // weighted training rows have: added to f_k (of signs, -1 first, their
  // difference to f) it makes the prior the target's.  Finite; empty: not
  // known.
  std::vector<double> adjustments;
  // Why there are none, where p_t(k) is known.
  std::string adjustment_reason;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_TARGET_H_
