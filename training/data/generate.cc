#include "training/data/generate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/data/array.h"
#include "training/random.h"

namespace steelyard::training {
namespace {

constexpr double kPi = std::numbers::pi;

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// A number of rows with one label.
struct LabelCount {
  int64_t label;
  int64_t rows;
};

absl::Status CheckAtLeastZero(absl::string_view field, double value) {
  if (value >= 0 && value <= kMaxGeneratorNumber) return absl::OkStatus();
  return Wrong(field, ": want a value of 0 to ", kMaxGeneratorNumber, ", got ",
               value);
}

absl::Status CheckSize(const std::vector<LabelCount>& counts, int64_t columns) {
  int64_t rows = 0;
  for (const LabelCount& count : counts) {
    if (count.rows < 0 || count.rows > kMaxGeneratedValues) {
      return Wrong("want at most ", kMaxGeneratedValues, " rows, got ",
                   count.rows);
    }
    rows += count.rows;
  }
  if (rows == 0) return Wrong("want at least one row, got none");
  if (columns > kMaxGeneratedValues / rows) {
    return Wrong("want at most ", kMaxGeneratedValues, " values, got ", rows,
                 " rows of ", columns);
  }
  return absl::OkStatus();
}

// How many rows will be picked.
int64_t CountPicked(const std::vector<LabelCount>& counts,
                    const RowSelection& selection) {
  const RowPicker picker(selection);
  std::map<double, int64_t> rows;  // by what their label becomes
  for (const LabelCount& count : counts) {
    const absl::StatusOr<std::optional<double>> label =
        picker.Map(static_cast<double>(count.label));
    if (label.ok() && label->has_value()) rows[**label] += count.rows;
  }
  int64_t picked = 0;
  for (const auto& [label, of_label] : rows) {
    picked += std::min(of_label, selection.first_per_class);
  }
  return picked;
}

// The rows picked so far.
class Table {
 public:
  Table(const std::vector<LabelCount>& counts, int64_t columns,
        const RowSelection& selection)
      : picker_(selection) {
    rows_.columns = columns;
    const auto picked = static_cast<size_t>(CountPicked(counts, selection));
    rows_.labels.reserve(picked);
    rows_.features.reserve(picked * static_cast<size_t>(columns));
  }

  absl::Status Add(double label, std::span<const double> row) {
    STEELYARD_ASSIGN_OR_RETURN(const std::optional<double> wanted,
                               picker_.Pick(label));
    if (!wanted) return absl::OkStatus();
    rows_.labels.push_back(*wanted);
    rows_.features.insert(rows_.features.end(), row.begin(), row.end());
    return absl::OkStatus();
  }

  absl::StatusOr<Rows> Finish() {
    STEELYARD_RETURN_IF_ERROR(picker_.CheckSome());
    rows_.rows = picker_.rows();
    return std::move(rows_);
  }

 private:
  RowPicker picker_;
  Rows rows_;
};

// Draws one generator.
class Draw {
 public:
  Draw(uint64_t seed, absl::string_view place, const RowSelection& selection)
      : seed_(seed), place_(place), selection_(selection) {}

  absl::StatusOr<Rows> operator()(const Moons& moons) const {
    const auto point = [&](int64_t label, int64_t i) -> std::array<double, 2> {
      const int64_t count = label > 0 ? moons.positive : moons.negative;
      const double a = count > 1 ? kPi * static_cast<double>(i) /
                                       static_cast<double>(count - 1)
                                 : 0;
      if (label > 0) return {1 - std::cos(a), 0.5 - std::sin(a)};
      return {std::cos(a), std::sin(a)};
    };
    return DrawPlane(moons.positive, moons.negative, moons.noise, "moons",
                     point);
  }

  absl::StatusOr<Rows> operator()(const Circles& circles) const {
    if (!(circles.factor >= 0 && circles.factor < 1)) {
      return Wrong("factor: want a value of at least 0 and below 1, got ",
                   circles.factor);
    }
    const auto point = [&](int64_t label, int64_t i) -> std::array<double, 2> {
      const int64_t count = label > 0 ? circles.positive : circles.negative;
      const double a =
          2 * kPi * static_cast<double>(i) / static_cast<double>(count);
      const double radius = label > 0 ? circles.factor : 1;
      return {radius * std::cos(a), radius * std::sin(a)};
    };
    return DrawPlane(circles.positive, circles.negative, circles.noise,
                     "circles", point);
  }

  absl::StatusOr<Rows> operator()(const Gaussians& gaussians) const;
  absl::StatusOr<Rows> operator()(const SeparableGaussians& gaussians) const;
  absl::StatusOr<Rows> operator()(const Polynomial& polynomial) const;
  absl::StatusOr<Rows> operator()(const UniformNoise& noise) const;

 private:
  RandomStream Stream(absl::string_view name, uint64_t number = 0) const {
    return RandomStream(seed_, absl::StrCat(place_, ".", name), number);
  }

  // The rows of +1, then those of -1, of points in the plane and noise.
  template <typename Point>
  absl::StatusOr<Rows> DrawPlane(int64_t positive, int64_t negative,
                                 double noise, absl::string_view name,
                                 Point point) const {
    const std::vector<LabelCount> counts = {{1, positive}, {-1, negative}};
    STEELYARD_RETURN_IF_ERROR(CheckSize(counts, 2));
    STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero("noise", noise));
    Table table(counts, 2, selection_);
    RandomStream random = Stream(name);
    for (const LabelCount& count : counts) {
      for (int64_t i = 0; i < count.rows; ++i) {
        std::array<double, 2> row = point(count.label, i);
        for (double& x : row) x += noise * random.Normal();
        STEELYARD_RETURN_IF_ERROR(
            table.Add(static_cast<double>(count.label), row));
      }
    }
    return table.Finish();
  }

  const uint64_t seed_;
  const absl::string_view place_;
  const RowSelection& selection_;
};

absl::Status CheckNumber(absl::string_view field, double value) {
  if (std::abs(value) <= kMaxGeneratorNumber) return absl::OkStatus();
  return Wrong(field, ": want a value of at most ", kMaxGeneratorNumber,
               " in magnitude, got ", value);
}

absl::Status CheckNumbers(absl::string_view field,
                          const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i]) <= kMaxGeneratorNumber) continue;
    return CheckNumber(absl::StrCat(field, "[", i, "]"), values[i]);
  }
  return absl::OkStatus();
}

// `padded`: a shorter mean goes on with zeros.
absl::Status CheckClass(const GaussianClass& gaussian, int64_t dimension,
                        bool padded) {
  constexpr int64_t kMaxWhole = int64_t{1} << 53;
  if (gaussian.label > kMaxWhole || gaussian.label < -kMaxWhole) {
    return Wrong("label: want at most 2^53 in magnitude, got ", gaussian.label);
  }
  if (gaussian.rows < 1) {
    return Wrong("rows: want at least 1, got ", gaussian.rows);
  }
  if (gaussian.mean.empty() || std::ssize(gaussian.mean) > dimension ||
      (!padded && std::ssize(gaussian.mean) < dimension)) {
    return Wrong("mean: want ", padded ? "1 to " : "",
                 std::max(dimension, int64_t{1}), " values, got ",
                 gaussian.mean.size());
  }
  STEELYARD_RETURN_IF_ERROR(CheckNumbers("mean", gaussian.mean));
  if (gaussian.covariance.empty()) {
    return CheckAtLeastZero("standard_deviation", gaussian.standard_deviation);
  }
  if (dimension > kMaxCovarianceDimension ||
      std::ssize(gaussian.covariance) != dimension * dimension) {
    return Wrong("covariance: want ", dimension, " rows of ", dimension,
                 " values, of at most ", kMaxCovarianceDimension, ", got ",
                 gaussian.covariance.size(), " values");
  }
  return CheckNumbers("covariance", gaussian.covariance);
}

// Draws the rows of one class.
class GaussianDraw {
 public:
  // `factor`: of the covariance, or empty.
  GaussianDraw(const GaussianClass& gaussian, std::vector<double> factor,
               int64_t dimension)
      : gaussian_(gaussian),
        factor_(std::move(factor)),
        normals_(static_cast<size_t>(dimension)),
        row_(static_cast<size_t>(dimension)) {}

  std::span<const double> Next(RandomStream& random) {
    for (double& z : normals_) z = random.Normal();
    for (size_t j = 0; j < row_.size(); ++j) {
      const double mean = j < gaussian_.mean.size() ? gaussian_.mean[j] : 0;
      row_[j] = mean + Deviation(j);
    }
    return row_;
  }

 private:
  double Deviation(size_t j) const {
    if (factor_.empty()) return gaussian_.standard_deviation * normals_[j];
    double sum = 0;
    for (size_t k = 0; k <= j; ++k) {
      sum += factor_[j * row_.size() + k] * normals_[k];
    }
    return sum;
  }

  const GaussianClass& gaussian_;
  const std::vector<double> factor_;
  std::vector<double> normals_;
  std::vector<double> row_;
};

absl::StatusOr<Rows> Draw::operator()(const Gaussians& gaussians) const {
  const std::vector<GaussianClass>& classes = gaussians.classes;
  if (classes.empty() || std::ssize(classes) > kMaxGaussianClasses) {
    return Wrong("classes: want 1 to ", kMaxGaussianClasses, " classes, got ",
                 classes.size());
  }
  if (gaussians.dimension < 0) {
    return Wrong("dimension: want at least 1, got ", gaussians.dimension);
  }
  const bool padded = gaussians.dimension > 0;
  const int64_t dimension =
      padded ? gaussians.dimension : std::ssize(classes.front().mean);
  std::vector<LabelCount> counts;
  std::vector<std::vector<double>> factors;
  for (size_t c = 0; c < classes.size(); ++c) {
    const std::string field = absl::StrCat("classes[", c, "]");
    absl::Status checked = CheckClass(classes[c], dimension, padded);
    if (!checked.ok()) {
      return Wrong(field, ".", checked.message());
    }
    absl::StatusOr<std::vector<double>> factor =
        FactorCovariance(classes[c].covariance, dimension);
    if (!factor.ok()) {
      return Wrong(field, ".covariance", factor.status().message());
    }
    counts.push_back({classes[c].label, classes[c].rows});
    factors.push_back(*std::move(factor));
  }
  STEELYARD_RETURN_IF_ERROR(CheckSize(counts, dimension));
  Table table(counts, dimension, selection_);
  for (size_t c = 0; c < classes.size(); ++c) {
    RandomStream random = Stream("gaussians", c);
    GaussianDraw draw(classes[c], std::move(factors[c]), dimension);
    for (int64_t i = 0; i < classes[c].rows; ++i) {
      absl::Status added =
          table.Add(static_cast<double>(classes[c].label), draw.Next(random));
      if (!added.ok()) {
        return Within(absl::StrCat("classes[", c, "].label"), added);
      }
    }
  }
  return table.Finish();
}

absl::StatusOr<Rows> Draw::operator()(
    const SeparableGaussians& gaussians) const {
  if (gaussians.dimension < 1) {
    return Wrong("dimension: want at least 1, got ", gaussians.dimension);
  }
  if (!(gaussians.margin > 0 && gaussians.margin <= kMaxGeneratorNumber)) {
    return Wrong("margin: want a value > 0, at most ", kMaxGeneratorNumber,
                 ", got ", gaussians.margin);
  }
  const std::vector<LabelCount> counts = {
      {1, gaussians.rows - gaussians.rows / 2}, {-1, gaussians.rows / 2}};
  STEELYARD_RETURN_IF_ERROR(CheckSize(counts, gaussians.dimension));
  Table table(counts, gaussians.dimension, selection_);
  RandomStream random = Stream("separable_gaussians");
  std::vector<double> row(static_cast<size_t>(gaussians.dimension));
  for (int64_t i = 0; i < gaussians.rows; ++i) {
    const double label = i % 2 == 0 ? 1 : -1;
    for (double& x : row) x = random.Normal();
    row[0] = gaussians.margin + std::abs(row[0]);
    if (label < 0) {
      for (double& x : row) x = -x;
    }
    STEELYARD_RETURN_IF_ERROR(table.Add(label, row));
  }
  return table.Finish();
}

// c_0 + x (c_1 + x (c_2 + ...)).
double ValueAt(std::span<const double> coefficients, double x) {
  double value = 0;
  for (size_t k = coefficients.size(); k-- > 0;) {
    value = coefficients[k] + x * value;
  }
  return value;
}

absl::Status CheckPolynomial(const Polynomial& polynomial) {
  const std::vector<double>& coefficients = polynomial.coefficients;
  if (coefficients.empty() || std::ssize(coefficients) > kMaxCoefficients) {
    return Wrong("coefficients: want 1 to ", kMaxCoefficients, " values, got ",
                 coefficients.size());
  }
  STEELYARD_RETURN_IF_ERROR(CheckNumbers("coefficients", coefficients));
  STEELYARD_RETURN_IF_ERROR(CheckNumber("mean", polynomial.mean));
  STEELYARD_RETURN_IF_ERROR(
      CheckAtLeastZero("standard_deviation", polynomial.standard_deviation));
  STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero("noise", polynomial.noise));
  const double largest = polynomial.LargestLabel();
  if (largest <= kMaxGeneratorNumber) return absl::OkStatus();
  return Wrong("coefficients: want labels of at most ", kMaxGeneratorNumber,
               " in magnitude, got some that may reach ", largest);
}

absl::StatusOr<Rows> Draw::operator()(const Polynomial& polynomial) const {
  if (selection_.labels != LabelValues::kNumbers) {
    return Wrong(
        "want labels that are numbers, got another loss than squared, or "
        "classes");
  }
  STEELYARD_RETURN_IF_ERROR(CheckPolynomial(polynomial));
  const std::vector<LabelCount> counts = {{0, polynomial.rows}};
  STEELYARD_RETURN_IF_ERROR(CheckSize(counts, 1));
  Table table(counts, 1, selection_);
  RandomStream random = Stream("polynomial");
  for (int64_t i = 0; i < polynomial.rows; ++i) {
    const double x =
        polynomial.mean + polynomial.standard_deviation * random.Normal();
    const double y = ValueAt(polynomial.coefficients, x) +
                     polynomial.noise * random.Normal();
    STEELYARD_RETURN_IF_ERROR(table.Add(y, std::span(&x, 1)));
  }
  return table.Finish();
}

absl::StatusOr<Rows> Draw::operator()(const UniformNoise& noise) const {
  STEELYARD_RETURN_IF_ERROR(CheckNumber("low", noise.low));
  STEELYARD_RETURN_IF_ERROR(CheckNumber("high", noise.high));
  if (!(noise.low < noise.high)) {
    return Wrong("high: want a value above low, ", noise.low, ", got ",
                 noise.high);
  }
  if (noise.dimension < 1) {
    return Wrong("want at least 1 feature, got ", noise.dimension);
  }
  const std::vector<LabelCount> counts = {{1, noise.rows}};
  STEELYARD_RETURN_IF_ERROR(CheckSize(counts, noise.dimension));
  Table table(counts, noise.dimension, selection_);
  RandomStream random = Stream("uniform_noise");
  std::vector<double> row(static_cast<size_t>(noise.dimension));
  for (int64_t i = 0; i < noise.rows; ++i) {
    for (double& x : row) {
      x = noise.low + (noise.high - noise.low) * random.Uniform();
    }
    STEELYARD_RETURN_IF_ERROR(table.Add(1, row));
  }
  return table.Finish();
}

}  // namespace

double Polynomial::LargestLabel() const {
  std::vector<double> magnitudes;
  for (const double c : coefficients) magnitudes.push_back(std::abs(c));
  return ValueAt(magnitudes,
                 std::abs(mean) + kMostNormal * standard_deviation) +
         kMostNormal * noise;
}

absl::StatusOr<Rows> Generate(const Generator& generator, uint64_t seed,
                              absl::string_view place,
                              const RowSelection& selection) {
  return std::visit(Draw(seed, place, selection), generator);
}

absl::StatusOr<std::vector<double>> FactorCovariance(
    const std::vector<double>& covariance, int64_t dimension) {
  const auto d = static_cast<size_t>(dimension);
  std::vector<double> factor(covariance.size());
  if (covariance.empty()) return factor;
  const double t = static_cast<double>(dimension) * 0x1p-44;
  const auto element = [&](size_t i, size_t j) {
    return covariance[i * d + j];
  };
  const auto deviation = [&](size_t i) { return std::sqrt(element(i, i)); };
  for (size_t j = 0; j < d; ++j) {
    for (size_t i = j; i < d; ++i) {
      if (element(i, j) != element(j, i)) {
        return Wrong("[", i, "][", j, "]: want ", element(j, i), " as in [", j,
                     "][", i, "], got ", element(i, j));
      }
      double rest = element(i, j);
      for (size_t k = 0; k < j; ++k)
        rest -= factor[i * d + k] * factor[j * d + k];
      const double pivot = i == j ? rest : factor[j * d + j];
      const double slack = t * deviation(i) * deviation(j);
      // Not a number is refused too.
      const bool sound =
          i == j ? rest >= -slack : pivot > 0 || std::abs(rest) <= slack;
      if (!sound) {
        return Wrong("[", i, "][", j,
                     "]: want a positive semidefinite matrix, got one that is "
                     "not");
      }
      if (i == j) {
        factor[j * d + j] = rest > slack ? std::sqrt(rest) : 0;
      } else {
        factor[i * d + j] = pivot > 0 ? rest / pivot : 0;
      }
    }
  }
  return factor;
}

}  // namespace steelyard::training
