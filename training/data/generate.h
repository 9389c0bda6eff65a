#ifndef STEELYARD_TRAINING_DATA_GENERATE_H_
#define STEELYARD_TRAINING_DATA_GENERATE_H_

#include <cstdint>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "training/data/selection.h"
#include "training/rows.h"

// Rows that are drawn.  The numbers come from random.h and depend on nothing
// but seed, place and the generator itself: row i is the same whichever rows
// are picked.
namespace steelyard::training {

// Of one set: rows times features.
inline constexpr int64_t kMaxGeneratedValues = 100'000'000;
// Of the magnitude of each number below, so that every feature is finite.
inline constexpr double kMaxGeneratorNumber = 1e100;
inline constexpr int64_t kMaxGaussianClasses = 1'000;
inline constexpr int64_t kMaxCovarianceDimension = 256;
inline constexpr int64_t kMaxCoefficients = 100;
// Above the magnitude of every RandomStream::Normal().
inline constexpr double kMostNormal = 9;

// Two half circles that reach into each other, as scikit-learn's make_moons:
//   +1: (1 - cos a, 1/2 - sin a),   a = pi i / (positive - 1), i = 0, 1, ...
//   -1: (cos a, sin a),             a = pi i / (negative - 1)
// (a = 0 for a lone row), to both coordinates of which noise times a standard
// normal is added.  The rows labelled +1 come first.
struct Moons {
  int64_t positive = 0;  // rows, >= 0; one of the two >= 1
  int64_t negative = 0;
  double noise = 0;  // standard deviation, >= 0
};

// A circle within another, as scikit-learn's make_circles:
//   +1: factor (cos a, sin a),   a = 2 pi i / positive, i = 0, 1, ...
//   -1: (cos a, sin a),          a = 2 pi i / negative
// with noise and order as for Moons.
struct Circles {
  int64_t positive = 0;  // rows, >= 0; one of the two >= 1
  int64_t negative = 0;
  double noise = 0;   // standard deviation, >= 0
  double factor = 0;  // the inner radius, >= 0, < 1
};

// mean + C z with z standard normal and C the lower factor of the covariance,
// C C^T; or mean + standard_deviation z where there is none.
struct GaussianClass {
  int64_t label = 0;         // at most 2^53 in magnitude
  int64_t rows = 0;          // >= 1
  std::vector<double> mean;  // [d], d >= 1; with Gaussians::dimension fewer
  // [d, d] row-major, symmetric and positive semidefinite as FactorCovariance
  // has it, d <= kMaxCovarianceDimension; or empty.
  std::vector<double> covariance;
  double standard_deviation = 0;  // >= 0
};

// The classes in order, all of one d.
struct Gaussians {
  std::vector<GaussianClass> classes;  // 1 to kMaxGaussianClasses
  // d >= 1: shorter means go on with zeros; or 0: each mean has d values.
  int64_t dimension = 0;
};

// Labels y = +1, -1, +1, ... in turn, and
//   x = y (margin + |z_1|, z_2, ..., z_d)
// which is, class by class, a Gaussian of unit covariance around
// (y margin, 0, ..., 0) of which the half towards the other class is cut off:
// y x_1 >= margin in every row, exactly.
struct SeparableGaussians {
  int64_t rows = 0;       // >= 1
  int64_t dimension = 0;  // >= 1
  double margin = 0;      // > 0
};

// One feature x and a number y as its label, u and v standard normal:
//   x = mean + standard_deviation u
//   y = c_0 + x (c_1 + x (c_2 + ...)) + noise v     c: coefficients
// Every y is at most kMaxGeneratorNumber in magnitude: LargestLabel().  Labels
// of the selection: kNumbers.
struct Polynomial {
  int64_t rows = 0;                  // >= 1
  std::vector<double> coefficients;  // 1 to kMaxCoefficients
  double mean = 0;
  double standard_deviation = 1;  // >= 0
  double noise = 0;               // standard deviation, >= 0

  // sum_k |c_k| X^k + kMostNormal noise, X = |mean| + kMostNormal
  // standard_deviation: no |y| is larger.  May be infinite.
  double LargestLabel() const;
};

// Every feature between low and high, label +1: low + (high - low) u, u
// uniform.
struct UniformNoise {
  int64_t rows = 0;       // >= 1
  int64_t dimension = 0;  // >= 1
  double low = 0;
  double high = 1;  // > low
};

using Generator = std::variant<Moons, Circles, Gaussians, SeparableGaussians,
                               Polynomial, UniformNoise>;

// Draws the rows of `generator` and picks from them.  `place` says which set
// they are ("data", "test_sets.NAME"): sets with the same seed differ.
// Errors: InvalidArgument, naming the field that is not as stated above or too
// large (`noise: want ...`); a label that RowPicker refuses; no row picked.
absl::StatusOr<Rows> Generate(const Generator& generator, uint64_t seed,
                              absl::string_view place,
                              const RowSelection& selection);

// The lower triangular C, [d, d] row-major, with C C^T = `covariance`, A, by
// Cholesky without exchanges.  Rounding is allowed for by t = d 2^-44: a pivot
// between -t A_jj and t A_jj counts as 0, and so must what stands below it,
// within t sqrt(A_ii A_jj).
// Errors: InvalidArgument when the matrix is not symmetric to the bit, or not
// positive semidefinite, naming the element.
absl::StatusOr<std::vector<double>> FactorCovariance(
    const std::vector<double>& covariance, int64_t dimension);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_GENERATE_H_
