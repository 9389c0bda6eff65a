#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/worker/density_ratio.h"
#include "server/worker/failure.h"
#include "support/status_macros.h"
#include "training/shift/gaussian_kernel.h"
#include "training/shift/least_squares_ratio.h"
#include "training/shift/logistic_ratio.h"
#include "training/shift/mean_matching.h"
#include "training/shift/nearest_ratio.h"

namespace steelyard::worker {
namespace {

constexpr char kPath[] = "weighting.density_ratio.";

absl::Status WantWithin(const std::string& field, double value, double low,
                        double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return Wrong(kPath, field, ": want a value of ", low, " to ", high, ", got ",
               value);
}

absl::Status CheckList(const std::string& field,
                       const google::protobuf::RepeatedField<double>& values,
                       double low, double high) {
  if (values.size() > training::kMaxCandidates) {
    return Wrong(kPath, field, ": want at most ", training::kMaxCandidates,
                 " values, got ", values.size());
  }
  for (int k = 0; k < values.size(); ++k) {
    STEELYARD_RETURN_IF_ERROR(
        WantWithin(absl::StrCat(field, "[", k, "]"), values[k], low, high));
  }
  return absl::OkStatus();
}

absl::Status CheckCount(const std::string& field, bool there, uint64_t value,
                        uint64_t low, uint64_t high) {
  if (!there || (value >= low && value <= high)) return absl::OkStatus();
  return Wrong(kPath, field, ": want ", low, " to ", high, ", got ", value);
}

// What the estimators by kernels around rows of the target have in common.
template <typename Message>
absl::Status CheckKernels(const std::string& name, const Message& message) {
  STEELYARD_RETURN_IF_ERROR(CheckList(name + ".widths", message.widths(),
                                      training::kMinWidth,
                                      training::kMaxWidth));
  return CheckCount(name + ".centres", message.has_centres(), message.centres(),
                    1, training::kMaxCentres);
}

absl::Status CheckMeanMatching(const v1::MeanMatchingRatio& kmm) {
  if (kmm.has_width()) {
    STEELYARD_RETURN_IF_ERROR(WantWithin(
        "kmm.width", kmm.width(), training::kMinWidth, training::kMaxWidth));
  }
  const double slack = kmm.has_slack() ? kmm.slack() : 0;
  STEELYARD_RETURN_IF_ERROR(WantWithin("kmm.slack", slack, 0, 1));
  STEELYARD_RETURN_IF_ERROR(WantWithin("kmm.ridge", kmm.ridge(), 0, 1));
  if (!kmm.has_bound()) return absl::OkStatus();
  // Without a slack the rows say what it is: at most 1.
  const double least = kmm.has_slack() ? 1 - slack : 0;
  if (kmm.bound() > 0 && kmm.bound() >= least &&
      kmm.bound() <= training::kMaxWeightBound) {
    return absl::OkStatus();
  }
  return Wrong(kPath,
               "kmm.bound: want a value > 0, at least 1 - slack and at "
               "most ",
               training::kMaxWeightBound, ", got ", kmm.bound());
}

template <typename Message>
absl::Status CheckSquares(const std::string& name, const Message& message) {
  STEELYARD_RETURN_IF_ERROR(CheckKernels(name, message));
  return CheckList(name + ".penalties", message.penalties(),
                   training::kMinRidge, training::kMaxRidge);
}

absl::Status CheckEstimator(const v1::DensityRatioWeighting& ratio) {
  switch (ratio.estimator_case()) {
    case v1::DensityRatioWeighting::kExact:
      return absl::OkStatus();
    case v1::DensityRatioWeighting::kLogistic:
      if (!ratio.logistic().has_inverse_penalty()) return absl::OkStatus();
      return WantWithin(
          "logistic.inverse_penalty", ratio.logistic().inverse_penalty(),
          training::kMinInversePenalty, training::kMaxInversePenalty);
    case v1::DensityRatioWeighting::kKliep:
      STEELYARD_RETURN_IF_ERROR(CheckKernels("kliep", ratio.kliep()));
      return CheckCount("kliep.parts", ratio.kliep().has_parts(),
                        ratio.kliep().parts(), 2, 100);
    case v1::DensityRatioWeighting::kUlsif:
      return CheckSquares("ulsif", ratio.ulsif());
    case v1::DensityRatioWeighting::kRulsif:
      STEELYARD_RETURN_IF_ERROR(
          WantWithin("rulsif.alpha", ratio.rulsif().alpha(), 0, 0.99));
      return CheckSquares("rulsif", ratio.rulsif());
    case v1::DensityRatioWeighting::kKmm:
      return CheckMeanMatching(ratio.kmm());
    case v1::DensityRatioWeighting::kNearest:
      return WantWithin("nearest.smoothing", ratio.nearest().smoothing(), 0,
                        training::kMaxSmoothing);
    case v1::DensityRatioWeighting::ESTIMATOR_NOT_SET:
      break;
  }
  return Wrong(
      "weighting.density_ratio: want exact, logistic, kliep, ulsif, "
      "rulsif, kmm or nearest, got nothing");
}

bool IsAltered(const v1::Data& data) {
  return data.has_take() || data.has_imbalance() || data.has_label_noise();
}

// That both are polynomials with one y(x).
bool AreOnePolynomial(const v1::PolynomialData& a,
                      const v1::PolynomialData& b) {
  return a.noise() == b.noise() &&
         std::equal(a.coefficients().begin(), a.coefficients().end(),
                    b.coefficients().begin(), b.coefficients().end());
}

absl::Status CheckExact(const v1::RunSpec& spec) {
  const std::string path = absl::StrCat(kPath, "exact: ");
  const v1::Data& source = spec.data();
  const v1::Data& target = spec.target().data();
  const bool polynomial = source.has_polynomial() && target.has_polynomial();
  if (!polynomial && !(source.has_gaussians() && target.has_gaussians())) {
    return Wrong(path,
                 "want data and target.data both drawn from gaussians, or "
                 "both from polynomial, got others");
  }
  if (IsAltered(source) || IsAltered(target)) {
    return Wrong(path,
                 "want data without take, imbalance and label_noise, whose "
                 "density is known, got one of them");
  }
  if (!polynomial) return absl::OkStatus();
  if (!AreOnePolynomial(source.polynomial(), target.polynomial())) {
    return Wrong(path,
                 "want polynomials of the same coefficients and noise, "
                 "got others");
  }
  if (source.polynomial().standard_deviation() > 0 &&
      target.polynomial().standard_deviation() > 0) {
    return absl::OkStatus();
  }
  return Wrong(path, "want standard deviations > 0, got 0");
}

}  // namespace

absl::Status CheckDensityRatio(const v1::RunSpec& spec) {
  if (!spec.target().has_data()) {
    return Wrong(
        "weighting.density_ratio: want target.data, the rows to which "
        "the ratio is taken, got none");
  }
  STEELYARD_RETURN_IF_ERROR(CheckEstimator(spec.weighting().density_ratio()));
  return spec.weighting().density_ratio().has_exact() ? CheckExact(spec)
                                                      : absl::OkStatus();
}

bool HasExactRatio(const v1::RunSpec& spec) {
  return spec.target().has_data() && CheckExact(spec).ok();
}

}  // namespace steelyard::worker
