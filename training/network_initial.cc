#include "training/network_initial.h"

#include <cmath>
#include <variant>

#include "training/random.h"

namespace steelyard::training {
namespace {

double StandardDeviation(const Initial& initial, const Layer& layer,
                         size_t number) {
  const auto inputs = static_cast<double>(layer.inputs);
  const auto units = static_cast<double>(layer.units);
  if (std::holds_alternative<HeInitial>(initial)) return std::sqrt(2 / inputs);
  if (std::holds_alternative<XavierInitial>(initial)) {
    return std::sqrt(2 / (inputs + units));
  }
  const auto* normal = std::get_if<NormalInitial>(&initial);
  return normal != nullptr ? normal->standard_deviations[number] : 0;
}

}  // namespace

template <typename Real>
void SetInitial(const Initial& initial, const std::vector<Layer>& layers,
                uint64_t seed, Real* theta) {
  const int64_t count = CountParameters(layers);
  if (const auto* given = std::get_if<GivenInitial>(&initial)) {
    for (int64_t j = 0; j < count; ++j) {
      theta[j] = static_cast<Real>(given->parameters[static_cast<size_t>(j)]);
    }
    return;
  }
  for (int64_t j = 0; j < count; ++j) theta[j] = 0;
  if (std::holds_alternative<ZeroInitial>(initial)) return;
  for (size_t l = 0; l < layers.size(); ++l) {
    const Layer& layer = layers[l];
    const double deviation = StandardDeviation(initial, layer, l);
    RandomStream random(seed, "initial parameters", l);
    for (int64_t j = 0; j < layer.inputs * layer.units; ++j) {
      theta[layer.weights + j] = static_cast<Real>(deviation * random.Normal());
    }
  }
}

template void SetInitial<float>(const Initial&, const std::vector<Layer>&,
                                uint64_t, float*);
template void SetInitial<double>(const Initial&, const std::vector<Layer>&,
                                 uint64_t, double*);

}  // namespace steelyard::training
