#include "training/network.h"

#include <algorithm>
#include <cmath>

namespace steelyard::training {
namespace {

int64_t MostUnits(const std::vector<Layer>& layers) {
  int64_t most = 0;
  for (const Layer& layer : layers) most = std::max(most, layer.units);
  return most;
}

int64_t MostInputs(const std::vector<Layer>& layers, int64_t rows) {
  int64_t most = rows;  // over which a weight's gradient is summed
  for (const Layer& layer : layers) {
    most = std::max({most, layer.inputs, layer.units});
  }
  return most;
}

}  // namespace

std::vector<Layer> MakeLayers(const Architecture& architecture,
                              int64_t features) {
  std::vector<int64_t> units = architecture.hidden;
  units.push_back(architecture.outputs);
  std::vector<Layer> layers;
  int64_t inputs = features;
  int64_t place = 0;
  for (const int64_t count : units) {
    Layer layer = {.inputs = inputs,
                   .units = count,
                   .weights = place,
                   .biases = std::nullopt};
    place += inputs * count;
    if (architecture.biases == Biases::kPerLayer) {
      layer.biases = place;
      place += count;
    }
    layers.push_back(layer);
    inputs = count;
  }
  return layers;
}

int64_t CountParameters(const std::vector<Layer>& layers) {
  const Layer& last = layers.back();
  return last.biases ? *last.biases + last.units
                     : last.weights + last.inputs * last.units;
}

std::optional<int64_t> Homogeneity(const Architecture& architecture) {
  if (architecture.hidden.empty()) return 1;
  if (architecture.biases == Biases::kPerLayer) return std::nullopt;
  if (architecture.activation == Activation::kTanh) return std::nullopt;
  const int64_t power =
      architecture.activation == Activation::kQuadratic ? 2 : 1;
  int64_t degree = 1;
  for (size_t i = 0; i < architecture.hidden.size(); ++i) {
    degree = power * degree + 1;
  }
  return degree;
}

template <typename Real>
Network<Real>::Network(const Architecture& architecture, int64_t features,
                       int64_t most_rows)
    : activation_(architecture.activation),
      leak_(static_cast<Real>(architecture.leak)),
      layers_(MakeLayers(architecture, features)),
      most_rows_(most_rows),
      product_(MostInputs(layers_, most_rows)) {
  for (const Layer& layer : layers_) {
    values_.emplace_back(most_rows * layer.units);
    sums_.emplace_back(
        activation_ == Activation::kQuadratic ? most_rows * layer.units : 0);
  }
  for (AlignedArray<Real>& slopes : slopes_) {
    slopes = AlignedArray<Real>(most_rows * MostUnits(layers_));
  }
}

template <typename Real>
const Real* Network<Real>::Forward(const Real* theta, const Real* x,
                                   int64_t rows) {
  const Real* in = x;
  for (size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    Real* out = values_[l].data();
    for (int64_t i = 0; i < rows; ++i) {
      if (layer.biases) {
        std::copy_n(theta + *layer.biases, layer.units, out + i * layer.units);
      } else {
        std::fill_n(out + i * layer.units, layer.units, Real{0});
      }
    }
    product_.AddTo({in, layer.inputs, 1},
                   {theta + layer.weights, layer.units, 1}, rows, layer.units,
                   layer.inputs, out);
    if (l + 1 < layers_.size()) Activate(static_cast<int64_t>(l), rows);
    in = out;
  }
  return in;
}

template <typename Real>
void Network<Real>::Activate(int64_t layer, int64_t rows) {
  const auto l = static_cast<size_t>(layer);
  const int64_t count = rows * layers_[l].units;
  Real* a = values_[l].data();
  switch (activation_) {
    case Activation::kIdentity:
      return;
    case Activation::kRelu:
      for (int64_t i = 0; i < count; ++i) a[i] = a[i] > 0 ? a[i] : Real{0};
      return;
    case Activation::kLeakyRelu:
      for (int64_t i = 0; i < count; ++i) a[i] = a[i] > 0 ? a[i] : leak_ * a[i];
      return;
    case Activation::kTanh:
      for (int64_t i = 0; i < count; ++i) a[i] = std::tanh(a[i]);
      return;
    case Activation::kQuadratic:
      std::copy_n(a, count, sums_[l].data());
      for (int64_t i = 0; i < count; ++i) a[i] *= a[i];
      return;
  }
}

template <typename Real>
void Network<Real>::MultiplyByDerivative(int64_t layer, int64_t rows,
                                         Real* slopes) const {
  const auto l = static_cast<size_t>(layer);
  const int64_t count = rows * layers_[l].units;
  const Real* a = values_[l].data();
  const Real* z = sums_[l].data();
  switch (activation_) {
    case Activation::kIdentity:
      return;
    case Activation::kRelu:
      for (int64_t i = 0; i < count; ++i) {
        slopes[i] = a[i] > 0 ? slopes[i] : Real{0};
      }
      return;
    case Activation::kLeakyRelu:
      // A negative leak would hide z's sign: it is refused.
      for (int64_t i = 0; i < count; ++i) {
        slopes[i] = a[i] > 0 ? slopes[i] : leak_ * slopes[i];
      }
      return;
    case Activation::kTanh:
      for (int64_t i = 0; i < count; ++i) slopes[i] *= 1 - a[i] * a[i];
      return;
    case Activation::kQuadratic:
      for (int64_t i = 0; i < count; ++i) slopes[i] *= 2 * z[i];
      return;
  }
}

template <typename Real>
const Real* Network<Real>::SlopesBelow(size_t layer, const Real* theta,
                                       int64_t rows, const Real* above) {
  const Layer& own = layers_[layer];
  // [rows, inputs] = above weights'
  Real* below = slopes_[layer % 2].data();
  std::fill_n(below, rows * own.inputs, Real{0});
  product_.AddTo({above, own.units, 1}, {theta + own.weights, 1, own.units},
                 rows, own.inputs, own.units, below);
  MultiplyByDerivative(static_cast<int64_t>(layer) - 1, rows, below);
  return below;
}

template <typename Real>
void Network<Real>::AddGradient(const Real* theta, const Real* x, int64_t rows,
                                const Real* slopes, Real* gradient) {
  const Real* above = slopes;
  for (size_t l = layers_.size(); l-- > 0;) {
    const Layer& layer = layers_[l];
    const Real* in = l == 0 ? x : values_[l - 1].data();
    // [inputs, units] += in' above
    product_.AddTo({in, 1, layer.inputs}, {above, layer.units, 1}, layer.inputs,
                   layer.units, rows, gradient + layer.weights);
    if (layer.biases) {
      Real* sum = gradient + *layer.biases;
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < layer.units; ++j) {
          sum[j] += above[i * layer.units + j];
        }
      }
    }
    if (l > 0) above = SlopesBelow(l, theta, rows, above);
  }
}

// A layer's part of one row's gradient is in' above, and above for the biases.
template <typename Real>
void Network<Real>::WriteRowSquares(const Real* theta, const Real* x,
                                    int64_t rows, const Real* slopes,
                                    double* squares) {
  const auto square = [](const Real* row, int64_t count) {
    double sum = 0;
    for (int64_t j = 0; j < count; ++j) sum += double{row[j]} * double{row[j]};
    return sum;
  };
  std::fill_n(squares, rows, 0.0);
  const Real* above = slopes;
  for (size_t l = layers_.size(); l-- > 0;) {
    const Layer& layer = layers_[l];
    const Real* in = l == 0 ? x : values_[l - 1].data();
    for (int64_t i = 0; i < rows; ++i) {
      squares[i] += square(above + i * layer.units, layer.units) *
                    (square(in + i * layer.inputs, layer.inputs) +
                     (layer.biases ? 1 : 0));
    }
    if (l > 0) above = SlopesBelow(l, theta, rows, above);
  }
}

template class Network<float>;
template class Network<double>;

}  // namespace steelyard::training
