#ifndef STEELYARD_TRAINING_EXPORT_H_
#define STEELYARD_TRAINING_EXPORT_H_

// Marks what the shared library shows; all else is hidden, Eigen above all.
#define STEELYARD_TRAINING_EXPORT __attribute__((visibility("default")))

#endif  // STEELYARD_TRAINING_EXPORT_H_
