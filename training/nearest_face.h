#ifndef STEELYARD_TRAINING_NEAREST_FACE_H_
#define STEELYARD_TRAINING_NEAREST_FACE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "training/corral.h"
#include "training/double_double.h"
#include "training/tiles.h"

namespace steelyard::training {

// The face of the rows' convex hull that is nearest to 0, found by Wolfe's walk
// (P. Wolfe, Finding the nearest point in a polytope, Mathematical Programming
// 11, 1976): from one face to a nearer one, over the row that lies farthest
// before the plane through the present point.
class NearestFace {
 public:
  // No row is 0, and the largest value is between 2^-300 and 2^300.  `rows`
  // must outlive this.
  explicit NearestFace(const Tiles& rows);

  // Walks in double precision on working sets, the 2 d lowest margins at a
  // time (64 where that is more); then over all rows with weights and margins
  // in twice double's digits, until no row lies before the plane by more than
  // 1e-13 ||point||^2 or rounding stops the walk.
  //
  // Cost: about 16 d^2 flops for each row that enters or leaves, and 2 n d for
  // each working set.
  void Find();

  const Corral& corral() const { return corral_; }
  // By the corral's member: > 0, sum 1.
  const std::vector<DoubleDouble>& p() const { return p_; }
  // How much the last correction moved a weight.
  double change() const { return change_; }
  // sum_i p_i z_i, [d], and its squared norm.
  const std::vector<DoubleDouble>& point() const { return point_; }
  const DoubleDouble& squares() const { return squares_; }
  // The least z_i . point, and how far rounding may have put it off.
  const DoubleDouble& least() const { return least_; }
  double least_error() const { return least_error_; }

  // ||z_i||, and the largest of them.
  double norm(int64_t i) const { return norms_[static_cast<size_t>(i)]; }
  double scale() const { return scale_; }
  // z_i . point, within least_error().
  DoubleDouble Product(int64_t i) const;
  // Rows with z_i . point at most `limit`, and perhaps others, ascending.
  std::vector<int64_t> Below(double limit) const;

 private:
  void WalkOnSets();
  // Walks on these rows alone; whether any entered the face.
  bool WalkOn(const Tiles& set, std::span<const int64_t> rows);
  std::vector<int64_t> WorkingSet() const;
  void Polish();
  void UpdatePoint();  // point_ and what follows from it, of p_

  std::vector<DoubleDouble> AffineMinimizer();
  void DescendToFace();
  void DropWeightless();
  void Drop(size_t place);  // a member of the corral and its weight
  // Adds a row to the face; where it lies in the members' hull, in place of a
  // member.  False where neither can be done; then p_ is to be minimised anew.
  bool Enter(int64_t row);
  double DoublesError(int64_t i) const;

  const Tiles& rows_;
  std::vector<double> norms_;
  const double scale_;
  AlignedDoubles products_;  // z_i . point as doubles, [8 * tiles]
  Corral corral_;
  std::vector<DoubleDouble> p_;
  bool careful_ = false;  // weights in twice double's digits
  double change_ = 0;
  std::vector<DoubleDouble> point_;
  DoubleDouble squares_;
  int64_t least_row_ = 0;
  DoubleDouble least_;
  double least_error_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_NEAREST_FACE_H_
