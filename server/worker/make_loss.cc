#include "server/worker/make_loss.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "support/status_macros.h"
#include "training/class_margins.h"

namespace steelyard::worker {
namespace {

using training::ClassMargins;
using training::LabelValues;
using training::Loss;
using Doubles = google::protobuf::RepeatedField<double>;

absl::Status CheckFinite(absl::string_view field, double value) {
  if (std::isfinite(value)) return absl::OkStatus();
  return Wrong(field, ": want a finite value, got ", value);
}

absl::Status CheckThere(absl::string_view field, bool there) {
  if (there) return absl::OkStatus();
  return Wrong(field, ": want a value, got nothing");
}

absl::StatusOr<Loss> MakePolyTailed(const v1::PolyTailedLoss& tailed) {
  STEELYARD_RETURN_IF_ERROR(
      CheckAboveZero("loss.poly_tailed.alpha", tailed.alpha()));
  if (!(std::fabs(tailed.beta()) <= 700)) {
    return Wrong("loss.poly_tailed.beta: want a value of -700 to 700, got ",
                 tailed.beta());
  }
  Loss loss = Loss::kPolynomial;
  loss.alpha = tailed.alpha();
  loss.beta = tailed.beta();
  return loss;
}

absl::StatusOr<Loss> MakeFocal(const v1::FocalLoss& focal) {
  STEELYARD_RETURN_IF_ERROR(
      CheckAtLeastZero("loss.focal.gamma", focal.gamma()));
  Loss loss = Loss::kFocal;
  loss.gamma = focal.gamma();
  return loss;
}

// The rows of each class that count.
// Errors: InvalidArgument when a class has none.
absl::StatusOr<std::vector<int64_t>> CountClasses(
    const TrainingRows& rows, const std::vector<double>& weights) {
  const bool signs = rows.labels == LabelValues::kSigns;
  std::vector<int64_t> counts(static_cast<size_t>(rows.classes), 0);
  for (size_t i = 0; i < rows.train.labels.size(); ++i) {
    if (!weights.empty() && weights[i] == 0) continue;
    const double label = rows.train.labels[i];
    ++counts[static_cast<size_t>(signs ? (label > 0 ? 1 : 0) : label)];
  }
  for (size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > 0) continue;
    return Wrong(
        "loss: want rows of each class, whose numbers it takes, got "
        "none labelled ",
        signs ? (k == 0 ? "-1" : "+1") : absl::StrCat(k));
  }
  return counts;
}

absl::Status CheckValues(const std::string& field, const Doubles& values,
                         int64_t classes) {
  if (!values.empty() && values.size() != classes) {
    return Wrong(field, ": want ", classes, " values, got ", values.size());
  }
  for (int i = 0; i < values.size(); ++i) {
    STEELYARD_RETURN_IF_ERROR(
        CheckAboveZero(absl::StrCat(field, "[", i, "]"), values[i]));
  }
  return absl::OkStatus();
}

absl::StatusOr<ClassMargins> Pairwise(const v1::PairwiseMarginLoss& loss,
                                      int64_t classes) {
  const std::string path = "loss.pairwise_margin.";
  STEELYARD_RETURN_IF_ERROR(
      CheckValues(path + "scales", loss.scales(), classes));
  STEELYARD_RETURN_IF_ERROR(
      CheckValues(path + "factors", loss.factors(), classes));
  ClassMargins margins;
  margins.scales.assign(loss.scales().begin(), loss.scales().end());
  margins.factors.assign(loss.factors().begin(), loss.factors().end());
  if (!loss.has_offsets()) return margins;
  if (loss.offsets().rows_size() != classes) {
    return Wrong(path, "offsets: want ", classes, " rows, got ",
                 loss.offsets().rows_size());
  }
  for (const v1::Row& row : loss.offsets().rows()) {
    if (row.values_size() != classes) {
      return Wrong(path, "offsets: want ", classes, " values in each row, got ",
                   row.values_size());
    }
    for (const double value : row.values()) {
      STEELYARD_RETURN_IF_ERROR(CheckFinite(path + "offsets", value));
      margins.offsets.push_back(value);
    }
  }
  return margins;
}

absl::StatusOr<ClassMargins> Scaled(absl::string_view field, double gamma,
                                    double tau,
                                    const std::vector<int64_t>& counts) {
  STEELYARD_RETURN_IF_ERROR(
      CheckAtLeastZero(absl::StrCat(field, ".gamma"), gamma));
  STEELYARD_RETURN_IF_ERROR(CheckFinite(absl::StrCat(field, ".tau"), tau));
  ClassMargins margins = training::VectorScaling(gamma, tau, counts);
  for (const double scale : margins.scales) {
    if (scale > 0) continue;
    return Wrong(field,
                 ".gamma: want one that leaves every class a multiplier "
                 "> 0, got ",
                 gamma);
  }
  return margins;
}

absl::StatusOr<ClassMargins> Ldam(const v1::LdamLoss& ldam,
                                  const std::vector<int64_t>& counts) {
  STEELYARD_RETURN_IF_ERROR(
      CheckAtLeastZero("loss.ldam.max_margin", ldam.max_margin()));
  STEELYARD_RETURN_IF_ERROR(CheckAboveZero("loss.ldam.scale", ldam.scale()));
  return training::LabelDistributionAware(ldam.max_margin(), ldam.scale(),
                                          counts);
}

}  // namespace

absl::StatusOr<Loss> MakeLoss(const v1::Loss& loss) {
  switch (loss.kind_case()) {
    case v1::Loss::kExponential:
      return Loss(Loss::kExponential);
    case v1::Loss::kLogistic:
      return Loss(Loss::kLogistic);
    case v1::Loss::kSquared:
      return Loss(Loss::kSquared);
    case v1::Loss::kSoftmaxCrossEntropy:
      return Loss(Loss::kSoftmaxCrossEntropy);
    case v1::Loss::kPolyTailed:
      return MakePolyTailed(loss.poly_tailed());
    case v1::Loss::kHinge:
      return Loss(Loss::kHinge);
    case v1::Loss::kSquaredHinge:
      return Loss(Loss::kSquaredHinge);
    case v1::Loss::kFocal:
      return MakeFocal(loss.focal());
    case v1::Loss::kLdam:
    case v1::Loss::kLogitAdjusted:
    case v1::Loss::kCdt:
    case v1::Loss::kVs:
    case v1::Loss::kPairwiseMargin:
      return Loss(Loss::kLogistic);  // of several classes the softmax's
    case v1::Loss::KIND_NOT_SET:
      break;
  }
  return Wrong(
      "loss: want one of exponential, logistic, squared, "
      "softmax_cross_entropy, poly_tailed, hinge, squared_hinge, "
      "focal, ldam, logit_adjusted, cdt, vs, pairwise_margin, got "
      "nothing");
}

absl::StatusOr<ClassMargins> MarginsOf(const v1::Loss& loss,
                                       const TrainingRows& rows,
                                       const std::vector<double>& weights) {
  if (loss.has_pairwise_margin()) {
    return Pairwise(loss.pairwise_margin(), rows.classes);
  }
  if (!loss.has_ldam() && !loss.has_logit_adjusted() && !loss.has_cdt() &&
      !loss.has_vs()) {
    return ClassMargins();
  }
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<int64_t> counts,
                             CountClasses(rows, weights));
  if (loss.has_ldam()) return Ldam(loss.ldam(), counts);
  if (loss.has_logit_adjusted()) {
    return Scaled("loss.logit_adjusted", 0, loss.logit_adjusted().tau(),
                  counts);
  }
  if (loss.has_cdt()) {
    STEELYARD_RETURN_IF_ERROR(
        CheckThere("loss.cdt.gamma", loss.cdt().has_gamma()));
    return Scaled("loss.cdt", loss.cdt().gamma(), 0, counts);
  }
  STEELYARD_RETURN_IF_ERROR(CheckThere("loss.vs.gamma", loss.vs().has_gamma()));
  STEELYARD_RETURN_IF_ERROR(CheckThere("loss.vs.tau", loss.vs().has_tau()));
  return Scaled("loss.vs", loss.vs().gamma(), loss.vs().tau(), counts);
}

}  // namespace steelyard::worker
