#include "server/worker/draw_rows.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "support/status_macros.h"
#include "training/data/generate.h"

namespace steelyard::worker {
namespace {

// A number of a message that is far past every limit stays so.
int64_t Bounded(uint64_t count) {
  constexpr uint64_t kPast = uint64_t{1} << 40;
  return static_cast<int64_t>(std::min(count, kPast));
}

// A generator and the key of its draws.
struct Source {
  training::Generator generator;
  uint64_t seed;
};

absl::StatusOr<training::GaussianClass> ToClass(
    const v1::GaussianClass& message) {
  if (!message.has_label()) {
    return absl::InvalidArgumentError("label: want one, got nothing");
  }
  training::GaussianClass gaussian{
      .label = message.label(),
      .rows = Bounded(message.rows()),
      .mean = {message.mean().begin(), message.mean().end()},
      .covariance = {},
      .standard_deviation = message.standard_deviation()};
  if (message.spread_case() == v1::GaussianClass::SPREAD_NOT_SET) {
    return absl::InvalidArgumentError(
        "want covariance or standard_deviation, got nothing");
  }
  if (!message.has_covariance()) return gaussian;
  if (message.covariance().rows().empty()) {
    return absl::InvalidArgumentError("covariance: want rows, got none");
  }
  for (const v1::Row& row : message.covariance().rows()) {
    if (row.values_size() != message.covariance().rows_size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "covariance: want rows of ", message.covariance().rows_size(),
          " values, got one of ", row.values_size()));
    }
    gaussian.covariance.insert(gaussian.covariance.end(), row.values().begin(),
                               row.values().end());
  }
  return gaussian;
}

absl::StatusOr<training::Gaussians> ToGaussians(
    const v1::GaussiansData& message) {
  constexpr uint64_t kMost = training::kMaxGeneratedValues;
  if (message.has_dimension() &&
      (message.dimension() < 1 || message.dimension() > kMost)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dimension: want 1 to ", kMost, ", got ", message.dimension()));
  }
  training::Gaussians gaussians;
  gaussians.dimension = static_cast<int64_t>(message.dimension());
  for (int c = 0; c < message.classes_size(); ++c) {
    absl::StatusOr<training::GaussianClass> gaussian =
        ToClass(message.classes(c));
    if (!gaussian.ok()) {
      return Within(absl::StrCat("classes[", c, "]"), gaussian.status());
    }
    gaussians.classes.push_back(*std::move(gaussian));
  }
  return gaussians;
}

absl::StatusOr<Source> ToSource(const v1::GaussiansData& message) {
  STEELYARD_ASSIGN_OR_RETURN(training::Gaussians gaussians,
                             ToGaussians(message));
  return Source{std::move(gaussians), message.seed()};
}

absl::StatusOr<Source> ToSource(const v1::Data& data) {
  switch (data.source_case()) {
    case v1::Data::kMoons:
      return Source{
          training::Moons{.positive = Bounded(data.moons().positive()),
                          .negative = Bounded(data.moons().negative()),
                          .noise = data.moons().noise()},
          data.moons().seed()};
    case v1::Data::kCircles:
      return Source{
          training::Circles{.positive = Bounded(data.circles().positive()),
                            .negative = Bounded(data.circles().negative()),
                            .noise = data.circles().noise(),
                            .factor = data.circles().factor()},
          data.circles().seed()};
    case v1::Data::kGaussians:
      return ToSource(data.gaussians());
    case v1::Data::kSeparableGaussians: {
      const v1::SeparableGaussiansData& message = data.separable_gaussians();
      return Source{training::SeparableGaussians{
                        .rows = Bounded(message.rows()),
                        .dimension = Bounded(message.dimension()),
                        .margin = message.margin()},
                    message.seed()};
    }
    case v1::Data::kPolynomial: {
      const v1::PolynomialData& message = data.polynomial();
      return Source{training::Polynomial{
                        .rows = Bounded(message.rows()),
                        .coefficients = {message.coefficients().begin(),
                                         message.coefficients().end()},
                        .mean = message.mean(),
                        .standard_deviation = message.standard_deviation(),
                        .noise = message.noise()},
                    message.seed()};
    }
    default:
      break;
  }
  return absl::InvalidArgumentError(
      "want it in a test set alone, got it elsewhere");
}

}  // namespace

absl::StatusOr<training::Rows> DrawRows(
    const v1::Data& data, const std::string& field,
    const training::RowSelection& selection) {
  absl::StatusOr<Source> source = ToSource(data);
  absl::StatusOr<training::Rows> rows =
      source.ok() ? training::Generate(source->generator, source->seed, field,
                                       selection)
                  : source.status();
  if (rows.ok()) return rows;
  const std::string& key =
      data.GetDescriptor()->FindFieldByNumber(data.source_case())->name();
  return Within(key, rows.status());
}

absl::StatusOr<std::vector<training::GaussianPart>> DrawnParts(
    const v1::Data& data, const training::RowSelection& selection) {
  std::vector<training::GaussianPart> parts;
  if (!data.has_gaussians() || data.has_take()) return parts;
  STEELYARD_ASSIGN_OR_RETURN(training::Gaussians gaussians,
                             ToGaussians(data.gaussians()));
  const training::RowPicker picker(selection);
  for (training::GaussianClass& gaussian : gaussians.classes) {
    STEELYARD_ASSIGN_OR_RETURN(const std::optional<double> label,
                               picker.Map(static_cast<double>(gaussian.label)));
    if (!label) continue;
    parts.push_back({.label = *label,
                     .share = static_cast<double>(gaussian.rows),
                     .mean = std::move(gaussian.mean),
                     .covariance = std::move(gaussian.covariance),
                     .standard_deviation = gaussian.standard_deviation});
  }
  return parts;
}

absl::StatusOr<training::Rows> DrawNoise(const v1::UniformNoiseData& noise,
                                         const std::string& field,
                                         int64_t columns) {
  return training::Generate(training::UniformNoise{.rows = NoiseRows(noise),
                                                   .dimension = columns,
                                                   .low = noise.low(),
                                                   .high = noise.high()},
                            noise.seed(), field, training::RowSelection());
}

int64_t NoiseRows(const v1::UniformNoiseData& noise) {
  return Bounded(noise.rows());
}

TableSize DrawnSize(const v1::Data& data) {
  switch (data.source_case()) {
    case v1::Data::kMoons:
      return {
          Bounded(data.moons().positive()) + Bounded(data.moons().negative()),
          2};
    case v1::Data::kCircles:
      return {Bounded(data.circles().positive()) +
                  Bounded(data.circles().negative()),
              2};
    case v1::Data::kGaussians: {
      TableSize size;
      for (const v1::GaussianClass& gaussian : data.gaussians().classes()) {
        size.rows += Bounded(gaussian.rows());
        size.columns = std::max(size.columns, int64_t{gaussian.mean_size()});
      }
      if (data.gaussians().has_dimension()) {
        size.columns = Bounded(data.gaussians().dimension());
      }
      return size;
    }
    case v1::Data::kSeparableGaussians:
      return {Bounded(data.separable_gaussians().rows()),
              Bounded(data.separable_gaussians().dimension())};
    case v1::Data::kPolynomial:
      return {Bounded(data.polynomial().rows()), 1};
    default:
      return {};
  }
}

}  // namespace steelyard::worker
