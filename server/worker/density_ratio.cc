#include "server/worker/density_ratio.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "server/worker/read_data.h"
#include "server/worker/read_files.h"
#include "support/status_macros.h"
#include "training/shift/gaussian_classes.h"
#include "training/shift/kliep.h"
#include "training/shift/least_squares_ratio.h"
#include "training/shift/logistic_ratio.h"
#include "training/shift/mean_matching.h"
#include "training/shift/nearest_ratio.h"

namespace steelyard::worker {
namespace {

using training::Features;
using training::Rows;
using training::StopCheck;
using Values = std::vector<double>;

Features FeaturesOf(const Rows& rows) {
  return {rows.rows, rows.columns, rows.features};
}

Values Exponentials(Values logs) {
  for (double& value : logs) value = std::exp(value);
  return logs;
}

// A ratio that is a function of the features.
absl::StatusOr<DensityRatio> Function(
    const Rows& source, StopCheck* stop,
    std::function<Values(const Features&)> ratio) {
  DensityRatio result;
  result.of = [ratio = std::move(ratio),
               stop](const Rows& rows) -> absl::StatusOr<Values> {
    Values values = ratio(FeaturesOf(rows));
    STEELYARD_RETURN_IF_ERROR(training::StatusOf(stop));
    return values;
  };
  STEELYARD_ASSIGN_OR_RETURN(result.train, result.of(source));
  return result;
}

// The candidates given, or some around the median distance of the rows.
absl::StatusOr<Values> WidthsOf(
    const google::protobuf::RepeatedField<double>& widths,
    const Features& source, const Features& target, StopCheck* stop) {
  if (!widths.empty()) return Values(widths.begin(), widths.end());
  STEELYARD_ASSIGN_OR_RETURN(const double median,
                             training::MedianDistance(source, target, stop));
  return Values{median / 4, median / 2, median, 2 * median};
}

absl::StatusOr<DensityRatio> Logistic(const v1::LogisticRatio& options,
                                      const Rows& source, const Rows& target,
                                      StopCheck* stop) {
  STEELYARD_ASSIGN_OR_RETURN(
      const training::LogisticRatio ratio,
      training::FitLogisticRatio(FeaturesOf(source), FeaturesOf(target),
                                 options.inverse_penalty(), stop));
  return Function(source, stop, [ratio](const Features& rows) {
    return Exponentials(training::LogRatios(ratio, rows));
  });
}

absl::StatusOr<DensityRatio> Kliep(const v1::KliepRatio& options,
                                   const Rows& source, const Rows& target,
                                   StopCheck* stop) {
  const Features from = FeaturesOf(source);
  const Features to = FeaturesOf(target);
  training::KliepOptions kliep;
  kliep.stop = stop;
  STEELYARD_ASSIGN_OR_RETURN(kliep.widths,
                             WidthsOf(options.widths(), from, to, stop));
  kliep.centres = training::ChooseCentres(
      to, static_cast<int64_t>(options.centres()), options.seed());
  const auto parts = static_cast<int64_t>(options.parts());
  if (kliep.widths.size() > 1 && parts > target.rows) {
    return absl::InvalidArgumentError(
        absl::StrCat("parts: want at most ", target.rows,
                     ", the rows of the target, got ", parts));
  }
  kliep.parts = training::DealParts(target.rows, parts, options.seed());
  STEELYARD_ASSIGN_OR_RETURN(training::KliepRatio ratio,
                             training::FitKliep(from, to, kliep));
  return Function(source, stop,
                  [ratio = std::move(ratio), stop](const Features& rows) {
                    return training::Ratios(ratio, rows, stop);
                  });
}

// uLSIF and RuLSIF.
template <typename Message>
absl::StatusOr<DensityRatio> Squares(const Message& options, double alpha,
                                     const Rows& source, const Rows& target,
                                     StopCheck* stop) {
  const Features from = FeaturesOf(source);
  const Features to = FeaturesOf(target);
  training::LeastSquaresOptions squares;
  squares.alpha = alpha;
  squares.stop = stop;
  squares.penalties = {options.penalties().begin(), options.penalties().end()};
  STEELYARD_ASSIGN_OR_RETURN(squares.widths,
                             WidthsOf(options.widths(), from, to, stop));
  squares.centres = training::ChooseCentres(
      to, static_cast<int64_t>(options.centres()), options.seed());
  STEELYARD_ASSIGN_OR_RETURN(training::LeastSquaresRatio ratio,
                             training::FitLeastSquaresRatio(from, to, squares));
  return Function(source, stop,
                  [ratio = std::move(ratio), stop](const Features& rows) {
                    return training::Ratios(ratio, rows, stop);
                  });
}

absl::StatusOr<DensityRatio> MeanMatching(const v1::MeanMatchingRatio& options,
                                          const Rows& source,
                                          const Rows& target, StopCheck* stop) {
  training::MeanMatchingOptions matching = {.width = options.width(),
                                            .bound = options.bound(),
                                            .ridge = options.ridge(),
                                            .stop = stop};
  if (options.has_slack()) matching.slack = options.slack();
  if (!options.has_width()) {
    STEELYARD_ASSIGN_OR_RETURN(
        matching.width,
        training::MedianDistance(FeaturesOf(source), FeaturesOf(target), stop));
  }
  STEELYARD_ASSIGN_OR_RETURN(
      training::MeanMatching result,
      training::MatchMeans(FeaturesOf(source), FeaturesOf(target), matching));
  return DensityRatio{.train = std::move(result.weights), .of = nullptr};
}

absl::StatusOr<DensityRatio> Nearest(const v1::NearestRatio& options,
                                     const Rows& source, const Rows& target,
                                     StopCheck* stop) {
  STEELYARD_ASSIGN_OR_RETURN(
      Values ratios,
      training::NearestRatios(FeaturesOf(source), FeaturesOf(target),
                              options.smoothing(), stop));
  return DensityRatio{.train = std::move(ratios), .of = nullptr};
}

// What rows of `data` are drawn from, of polynomials without their labels.
absl::StatusOr<std::vector<training::GaussianPart>> DensityOf(
    const v1::RunSpec& spec, const v1::Data& data) {
  if (!data.has_polynomial()) return PartsOf(spec, data);
  return std::vector<training::GaussianPart>{
      {.label = 0,
       .mean = {data.polynomial().mean()},
       .covariance = {},
       .standard_deviation = data.polynomial().standard_deviation()}};
}

absl::StatusOr<DensityRatio> Exact(const v1::RunSpec& spec, const Rows& source,
                                   StopCheck* stop) {
  STEELYARD_ASSIGN_OR_RETURN(const auto from, DensityOf(spec, spec.data()));
  STEELYARD_ASSIGN_OR_RETURN(const auto to,
                             DensityOf(spec, spec.target().data()));
  const bool labelled = !spec.data().has_polynomial();
  DensityRatio ratio;
  ratio.of = [from, to, labelled,
              stop](const Rows& rows) -> absl::StatusOr<Values> {
    const Values none(labelled ? 0 : rows.labels.size(), 0.0);
    STEELYARD_ASSIGN_OR_RETURN(
        Values logs,
        training::GaussianClassLogRatios(from, to, FeaturesOf(rows),
                                         labelled ? rows.labels : none, stop));
    return Exponentials(std::move(logs));
  };
  STEELYARD_ASSIGN_OR_RETURN(ratio.train, ratio.of(source));
  STEELYARD_ASSIGN_OR_RETURN(
      ratio.divergence,
      training::GaussianClassDivergence(from, to, source.columns));
  return ratio;
}

absl::StatusOr<DensityRatio> Estimate(const v1::RunSpec& spec,
                                      const Rows& source, const Rows& target,
                                      StopCheck* stop) {
  const v1::DensityRatioWeighting& ratio = spec.weighting().density_ratio();
  switch (ratio.estimator_case()) {
    case v1::DensityRatioWeighting::kLogistic:
      return Logistic(ratio.logistic(), source, target, stop);
    case v1::DensityRatioWeighting::kKliep:
      return Kliep(ratio.kliep(), source, target, stop);
    case v1::DensityRatioWeighting::kUlsif:
      return Squares(ratio.ulsif(), 0, source, target, stop);
    case v1::DensityRatioWeighting::kRulsif:
      return Squares(ratio.rulsif(), ratio.rulsif().alpha(), source, target,
                     stop);
    case v1::DensityRatioWeighting::kKmm:
      return MeanMatching(ratio.kmm(), source, target, stop);
    case v1::DensityRatioWeighting::kNearest:
      return Nearest(ratio.nearest(), source, target, stop);
    default:
      return Exact(spec, source, stop);
  }
}

// The key of the estimator that is chosen.
std::string NameOf(const v1::DensityRatioWeighting& ratio) {
  return ratio.GetDescriptor()
      ->FindFieldByNumber(ratio.estimator_case())
      ->name();
}

}  // namespace

absl::StatusOr<DensityRatio> ExactRatioOf(const v1::RunSpec& spec,
                                          const Rows& source, StopCheck* stop) {
  return Exact(spec, source, stop);
}

absl::StatusOr<DensityRatio> EstimateRatio(const v1::RunSpec& spec,
                                           const Rows& source,
                                           const Rows& target,
                                           StopCheck* stop) {
  const std::string path = absl::StrCat(
      "weighting.density_ratio.", NameOf(spec.weighting().density_ratio()));
  absl::StatusOr<DensityRatio> ratio = Estimate(spec, source, target, stop);
  absl::Status bad = ratio.status();
  if (absl::IsCancelled(bad)) return bad;
  for (size_t i = 0; bad.ok() && i < ratio->train.size(); ++i) {
    if (std::isfinite(ratio->train[i])) continue;
    bad = absl::InvalidArgumentError(absl::StrCat(
        "want ratios that a double holds, got ", ratio->train[i],
        " at training row ", i, ": the target is too far from it"));
  }
  if (bad.ok()) return ratio;
  const bool stored = IsStored(spec.data()) || IsStored(spec.target().data());
  const std::string message = absl::StrCat(path, ": ", bad.message());
  return stored ? absl::FailedPreconditionError(message)
                : absl::InvalidArgumentError(message);
}

}  // namespace steelyard::worker
