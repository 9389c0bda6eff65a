#include "training/data/resample.h"

#include <algorithm>
#include <map>

#include "absl/strings/string_view.h"
#include "training/random.h"

namespace steelyard::training {
namespace {

constexpr absl::string_view kPlace = "data.resampling";

// The rows of each class that has any.
std::map<int64_t, std::vector<int64_t>> ByClass(
    std::span<const int64_t> classes) {
  std::map<int64_t, std::vector<int64_t>> rows;
  for (size_t i = 0; i < classes.size(); ++i) {
    rows[classes[i]].push_back(static_cast<int64_t>(i));
  }
  return rows;
}

// Appends `count` of them in a random order's first places.
void AppendDrawn(const std::vector<int64_t>& rows, size_t count, uint64_t seed,
                 int64_t number, std::vector<int64_t>& drawn) {
  RandomStream random(seed, kPlace, static_cast<uint64_t>(number));
  const std::vector<int64_t> order = RandomOrder(random, std::ssize(rows));
  for (size_t k = 0; k < count; ++k) {
    drawn.push_back(rows[static_cast<size_t>(order[k])]);
  }
}

}  // namespace

std::vector<int64_t> DrawMultinomial(std::span<const double> weights,
                                     uint64_t seed) {
  // Up to each row, of what is largest: no sum overflows.
  const double most = *std::max_element(weights.begin(), weights.end());
  std::vector<double> up_to;
  std::vector<int64_t> rows;
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    sum += weights[i] / most;
    up_to.push_back(sum);
    rows.push_back(static_cast<int64_t>(i));
  }
  RandomStream random(seed, kPlace);
  std::vector<int64_t> drawn;
  drawn.reserve(rows.size());
  for (size_t k = 0; k < rows.size(); ++k) {
    const auto found =
        std::upper_bound(up_to.begin(), up_to.end(), random.Uniform() * sum);
    // A product that rounds to the sum itself is the last row's.
    const auto place =
        std::min(static_cast<size_t>(found - up_to.begin()), rows.size() - 1);
    drawn.push_back(rows[place]);
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

std::vector<int64_t> DrawBernoulli(std::span<const double> weights,
                                   uint64_t seed) {
  const double most = *std::max_element(weights.begin(), weights.end());
  RandomStream random(seed, kPlace);
  std::vector<int64_t> drawn;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (random.Uniform() < weights[i] / most) {
      drawn.push_back(static_cast<int64_t>(i));
    }
  }
  return drawn;
}

std::vector<int64_t> UnderSample(std::span<const int64_t> classes,
                                 uint64_t seed) {
  const auto rows = ByClass(classes);
  size_t least = classes.size();
  for (const auto& [k, of_class] : rows) {
    least = std::min(least, of_class.size());
  }
  std::vector<int64_t> drawn;
  for (const auto& [k, of_class] : rows) {
    AppendDrawn(of_class, least, seed, k, drawn);
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

std::vector<int64_t> OverSample(std::span<const int64_t> classes,
                                uint64_t seed) {
  const auto rows = ByClass(classes);
  size_t most = 0;
  for (const auto& [k, of_class] : rows) most = std::max(most, of_class.size());
  std::vector<int64_t> drawn;
  drawn.reserve(most * rows.size());
  for (const auto& [k, of_class] : rows) {
    for (size_t time = 0; time < most / of_class.size(); ++time) {
      drawn.insert(drawn.end(), of_class.begin(), of_class.end());
    }
    AppendDrawn(of_class, most % of_class.size(), seed, k, drawn);
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

Rows TakeRows(const Rows& rows, std::span<const int64_t> numbers) {
  Rows taken;
  taken.rows = std::ssize(numbers);
  taken.columns = rows.columns;
  taken.groups.names = rows.groups.names;
  const auto d = static_cast<size_t>(rows.columns);
  taken.features.reserve(numbers.size() * d);
  taken.labels.reserve(numbers.size());
  for (const int64_t number : numbers) {
    const auto i = static_cast<size_t>(number);
    const auto row = rows.features.begin() + static_cast<std::ptrdiff_t>(i * d);
    taken.features.insert(taken.features.end(), row,
                          row + static_cast<std::ptrdiff_t>(d));
    taken.labels.push_back(rows.labels[i]);
    if (!rows.groups.numbers.empty()) {
      taken.groups.numbers.push_back(rows.groups.numbers[i]);
    }
  }
  return taken;
}

}  // namespace steelyard::training
