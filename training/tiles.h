#ifndef STEELYARD_TRAINING_TILES_H_
#define STEELYARD_TRAINING_TILES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "training/aligned.h"
#include "training/rows.h"

namespace steelyard::training {

using AlignedDoubles = AlignedArray<double>;

// The signed rows z_i = y_i (x_i, 1) of a linear model, in tiles of 8 rows in
// which feature j of the 8 rows stands side by side.  The last tile is filled
// up with zeros.
class Tiles {
 public:
  static constexpr int64_t kRows = 8;  // of a tile

  Tiles() = default;
  // The rows of `rows` named by `kept`, in that order; with `bias` a last
  // feature 1 (so the signed row ends in y_i).
  Tiles(const Rows& rows, std::span<const int64_t> kept, bool bias);

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }  // d, with the bias
  int64_t tiles() const { return (rows_ + kRows - 1) / kRows; }
  // [d, 8], aligned to 64 bytes.
  const double* tile(int64_t t) const {
    return data_.data() + t * kRows * columns_;
  }
  // z_ij
  double at(int64_t i, int64_t j) const {
    return tile(i / kRows)[j * kRows + i % kRows];
  }
  // The label of row i: -1 or +1.
  double label(int64_t i) const { return labels_[static_cast<size_t>(i)]; }
  // [rows]
  std::span<const double> labels() const { return labels_; }

  // The largest |z_ij|.
  double LargestValue() const;
  // The length of the longest row.
  double LongestRow() const;
  // Takes each value to the nearest float, which is infinite beyond a float's
  // range.
  void RoundToSingle();
  // The rows times 2^exponent.
  Tiles Scaled(int exponent) const;
  // Row i times factors[i], rounded; factors: [rows].
  Tiles Times(std::span<const double> factors) const;
  // The rows with these numbers, in that order.
  Tiles Picked(std::span<const int64_t> rows) const;

  // Writes z_i . theta, each a chain of products added over j, to margins:
  // [8 * tiles], aligned to 64 bytes; theta: [d].
  void Margins(const double* theta, double* margins) const;

  // Writes sum_i factor_i z_i, [d], by the tree of sum_tree.h.  factors:
  // [8 * tiles], 0 beyond the rows; partial: room for [d, 8]; all aligned to 64
  // bytes.
  void AddUp(const double* factors, double* partial, double* sum) const;

 private:
  int64_t rows_ = 0;
  int64_t columns_ = 0;
  AlignedDoubles data_;
  std::vector<double> labels_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_TILES_H_
