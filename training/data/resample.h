#ifndef STEELYARD_TRAINING_DATA_RESAMPLE_H_
#define STEELYARD_TRAINING_DATA_RESAMPLE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "training/rows.h"

// Rows drawn in the place of weights (docs/spec.md, "Resampling").  Each draw
// answers with the numbers of the rows drawn, ascending, a row drawn twice
// twice; its random numbers are those of the place "data.resampling".
namespace steelyard::training {

// As many draws as rows have a weight above 0, each with repetition, row i with
// probability w_i / sum w.  Row i is expected n w_i / sum w times, so that the
// mean loss of what is drawn has the weighted mean as its expectation.
// weights: finite, >= 0, sum > 0.
std::vector<int64_t> DrawMultinomial(std::span<const double> weights,
                                     uint64_t seed);

// Row i with probability w_i / max w, each on its own; empty where none stays.
std::vector<int64_t> DrawBernoulli(std::span<const double> weights,
                                   uint64_t seed);

// Of each class as many rows as the smallest has that has any, drawn without
// repetition: the first ones of RandomOrder, of the class k in the stream with
// the number k.  classes: of each row, [n], 0, 1, ...
std::vector<int64_t> UnderSample(std::span<const int64_t> classes,
                                 uint64_t seed);

// Of each class as many as the largest has: every row floor(most / count)
// times, and of the rest the first ones of RandomOrder once more.
std::vector<int64_t> OverSample(std::span<const int64_t> classes,
                                uint64_t seed);

// These rows, as often as they are named.
Rows TakeRows(const Rows& rows, std::span<const int64_t> numbers);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_RESAMPLE_H_
