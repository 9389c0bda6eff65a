#ifndef STEELYARD_TRAINING_SHIFT_BLOCKING_H_
#define STEELYARD_TRAINING_SHIFT_BLOCKING_H_

namespace steelyard::training {

// Tells Eigen the sizes of the processor's caches, the same on every machine:
// in blocks of which it takes products, and with them the order of its sums,
// follow from these.  Whatever takes a product of matrices or a Cholesky factor
// calls it first.  Thread-safe.
void FixBlocking();

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_BLOCKING_H_
