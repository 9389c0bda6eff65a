#ifndef STEELYARD_TRAINING_DATA_ALTER_ROWS_H_
#define STEELYARD_TRAINING_DATA_ALTER_ROWS_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "training/rows.h"

// What is done to rows once they are there.  To training rows in this order: a
// part of them becomes a test set, one class becomes rarer, labels become
// wrong.
//
// A fraction f of n rows is floor(f n + 1/2) of them.  Rows drawn are the first
// ones of RandomOrder; where it is drawn by class, the class +1 has the
// stream's number 0 and -1 the number 1, and the class k the number k.  Rows
// that stay keep their order.
namespace steelyard::training {

// Moves the fraction of each class, or of all rows where labels are numbers,
// drawn by `seed` (place "data.split"), out of `rows` and returns it.
// fraction > 0, < 1.
// Errors: InvalidArgument when one of the two would be without rows.
absl::StatusOr<Rows> SplitOff(double fraction, uint64_t seed,
                              LabelValues labels, Rows& rows);

// Keeps the first rows of each class, as many as there can be, so that there
// are `ratio` times as many of +1 as of -1: of p and n rows
//   floor(ratio n + 1/2) and n   where p > ratio n,
//   p and floor(p / ratio + 1/2)  else (n at most).
// ratio finite, > 0.
// Errors: InvalidArgument when a class would be without rows.
absl::Status MakeUnequal(double ratio, Rows& rows);

// The same of K classes, which become rarer one by one: of the class k the
// first floor(n r^(-k / (K - 1)) + 1/2) rows, all where it has no more, n being
// the rows of the largest class.  ratio r finite, >= 1; K >= 2.
// Errors: InvalidArgument when a class would be without rows.
absl::Status MakeLongTailed(double ratio, int64_t classes, Rows& rows);

// Gives the fraction of all rows, drawn by `seed` (place "data.label_noise"),
// the other label; of K classes the label y + 1 + floor((K - 1) u) modulo K, u
// uniform, drawn from the stream's number 1 for these rows in their order.
// 0 <= fraction <= 1; K = 2 for signs.
void FlipSymmetric(double fraction, uint64_t seed, LabelValues labels,
                   int64_t classes, Rows& rows);

// The same fraction of each class: as many of every hundred change from +1 to
// -1 as from -1 to +1; of K classes k becomes k + 1, and K - 1 becomes 0.
void FlipPair(double fraction, uint64_t seed, LabelValues labels,
              int64_t classes, Rows& rows);

// Adds `shift` to the features of every row: one value to all of them, or [d].
// shift: 1 or d values of at most 1e100 in magnitude, so that features stay
// finite.
void ShiftFeatures(std::span<const double> shift, Rows& rows);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_ALTER_ROWS_H_
