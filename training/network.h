#ifndef STEELYARD_TRAINING_NETWORK_H_
#define STEELYARD_TRAINING_NETWORK_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "training/aligned.h"
#include "training/matrix_product.h"
#include "training/network_problem.h"

namespace steelyard::training {

// One layer's place among the parameters.
struct Layer {
  int64_t inputs = 0;
  int64_t units = 0;
  int64_t weights = 0;            // where [inputs, units] begins
  std::optional<int64_t> biases;  // where [units] begins
};

// The layers of a network on `features` features (the constant one counted).
std::vector<Layer> MakeLayers(const Architecture& architecture,
                              int64_t features);
int64_t CountParameters(const std::vector<Layer>& layers);

// The degree a with f(c theta, x) = c^a f(theta, x) for c > 0; nothing where
// there is none.
std::optional<int64_t> Homogeneity(const Architecture& architecture);

// More rows are taken in chunks of so many, whose gradients are added in order.
inline constexpr int64_t kChunkRows = 256;

// f(theta, x) and its gradient, for some rows at a time.  A row's outputs have
// the same bits whatever rows are beside it.  No allocation after it is made.
template <typename Real>
class Network {
 public:
  // For at most `most_rows` rows at a time.
  Network(const Architecture& architecture, int64_t features,
          int64_t most_rows);

  const std::vector<Layer>& layers() const { return layers_; }
  int64_t parameters() const { return CountParameters(layers_); }
  int64_t outputs() const { return layers_.back().units; }
  int64_t most_rows() const { return most_rows_; }

  // theta: [parameters]; x: [rows, features].  The result, [rows, outputs],
  // holds until the next call.
  const Real* Forward(const Real* theta, const Real* x, int64_t rows);

  // After Forward of the same arguments: adds dL/dtheta to `gradient`,
  // [parameters]; slopes: dL/df, [rows, outputs].
  void AddGradient(const Real* theta, const Real* x, int64_t rows,
                   const Real* slopes, Real* gradient);

  // After Forward of the same arguments: writes the squared length of each
  // row's part of that gradient, [rows]; a third of a gradient's cost.
  void WriteRowSquares(const Real* theta, const Real* x, int64_t rows,
                       const Real* slopes, double* squares);

  // What the units of a layer gave at the last Forward, [rows, units].
  const Real* values(size_t layer) const { return values_[layer].data(); }

 private:
  void Activate(int64_t layer, int64_t rows);
  // dL/dz of the layer below `layer` >= 1, [rows, inputs]; above: of `layer`,
  // [rows, units].  Holds until the next but one of these calls.
  const Real* SlopesBelow(size_t layer, const Real* theta, int64_t rows,
                          const Real* above);
  // Turns dL/da of a hidden layer into dL/dz.
  void MultiplyByDerivative(int64_t layer, int64_t rows, Real* slopes) const;

  const Activation activation_;
  const Real leak_;
  const std::vector<Layer> layers_;
  const int64_t most_rows_;
  MatrixProduct<Real> product_;
  std::vector<AlignedArray<Real>> values_;  // a of each layer, [rows, units]
  std::vector<AlignedArray<Real>> sums_;    // z of quadratic ones
  AlignedArray<Real> slopes_[2];            // dL/dz of two layers
};

extern template class Network<float>;
extern template class Network<double>;

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_NETWORK_H_
