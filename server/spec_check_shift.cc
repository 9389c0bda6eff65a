#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

// The limits are the worker's: training/shift/.
namespace steelyard::server {
namespace {

constexpr char kRatio[] = "weighting.density_ratio";
constexpr char kShift[] = "weighting.label_shift";

class ShiftChecker {
 public:
  ShiftChecker(const v1::RunSpec& spec, std::vector<Fault>* faults)
      : spec_(spec), faults_(faults) {}

  void CheckRatio() {
    const v1::DensityRatioWeighting& ratio = spec_.weighting().density_ratio();
    WantTarget(kRatio, "to which the ratio is taken");
    CheckChoice(kRatio, ratio, faults_);
    if (ratio.has_exact()) CheckExact();
    if (ratio.has_logistic()) {
      WantWithin("logistic.inverse_penalty",
                 ratio.logistic().has_inverse_penalty(),
                 ratio.logistic().inverse_penalty(), 1e-10, 1e10);
    }
    if (ratio.has_kliep()) {
      CheckKernels("kliep", ratio.kliep());
      WantCount(FieldPath(kRatio, "kliep.parts"), ratio.kliep().has_parts(),
                ratio.kliep().parts(), 2, 100);
    }
    if (ratio.has_ulsif()) CheckSquares("ulsif", ratio.ulsif());
    if (ratio.has_rulsif()) {
      WantWithin("rulsif.alpha", true, ratio.rulsif().alpha(), 0, 0.99);
      CheckSquares("rulsif", ratio.rulsif());
    }
    if (ratio.has_kmm()) CheckMeanMatching(ratio.kmm());
    if (ratio.has_nearest()) {
      WantWithin("nearest.smoothing", true, ratio.nearest().smoothing(), 0,
                 1e6);
    }
  }

  void CheckLabelShift() {
    const v1::LabelShiftWeighting& shift = spec_.weighting().label_shift();
    WantTarget(kShift, "whose classes' shares are estimated");
    CheckChoice(kShift, shift, faults_);
    WantClasses(kShift, LabelsOf(spec_), faults_);
    WantWithin(FieldPath(kShift, "inverse_penalty"),
               shift.has_inverse_penalty(), shift.inverse_penalty(), 1e-10,
               1e10, "");
    WantCount(FieldPath(kShift, "parts"), shift.has_parts(), shift.parts(), 2,
              100);
  }

 private:
  void Add(std::string path, std::string message) {
    faults_->push_back({std::move(path), std::move(message)});
  }

  void WantTarget(const char* path, absl::string_view what) {
    if (spec_.target().has_data()) return;
    Add(path, absl::StrCat("want target.data, the rows ", what, ", got none"));
  }

  void WantWithin(const std::string& field, bool there, double value,
                  double low, double high, absl::string_view parent = kRatio) {
    if (!there || (value >= low && value <= high)) return;
    Add(parent.empty() ? field : FieldPath(std::string(parent), field),
        absl::StrCat("want a value of ", ShowNumber(low), " to ",
                     ShowNumber(high), ", got ", ShowNumber(value)));
  }

  void WantCount(std::string path, bool there, uint64_t value, uint64_t low,
                 uint64_t high) {
    if (!there || (value >= low && value <= high)) return;
    Add(std::move(path),
        absl::StrCat("want ", low, " to ", high, ", got ", value));
  }

  void CheckList(const std::string& field,
                 const google::protobuf::RepeatedField<double>& values,
                 double low, double high) {
    constexpr int kMostCandidates = 100;
    const std::string path = FieldPath(kRatio, field);
    if (values.size() > kMostCandidates) {
      return Add(path, absl::StrCat("want at most ", kMostCandidates,
                                    " values, got ", values.size()));
    }
    for (int k = 0; k < values.size(); ++k) {
      WantWithin(IndexPath(field, static_cast<size_t>(k)), true, values[k], low,
                 high);
    }
  }

  template <typename Message>
  void CheckKernels(const std::string& name, const Message& message) {
    CheckList(FieldPath(name, "widths"), message.widths(), 1e-100, 1e100);
    WantCount(absl::StrCat(kRatio, ".", name, ".centres"),
              message.has_centres(), message.centres(), 1, 1'000);
  }

  template <typename Message>
  void CheckSquares(const std::string& name, const Message& message) {
    CheckKernels(name, message);
    CheckList(FieldPath(name, "penalties"), message.penalties(), 1e-10, 1e10);
  }

  void CheckMeanMatching(const v1::MeanMatchingRatio& kmm) {
    constexpr double kMostBound = 1e6;
    WantWithin("kmm.width", kmm.has_width(), kmm.width(), 1e-100, 1e100);
    WantWithin("kmm.slack", kmm.has_slack(), kmm.slack(), 0, 1);
    WantWithin("kmm.ridge", kmm.has_ridge(), kmm.ridge(), 0, 1);
    const double least = kmm.has_slack() ? 1 - kmm.slack() : 0;
    if (!kmm.has_bound() || (kmm.bound() > 0 && kmm.bound() >= least &&
                             kmm.bound() <= kMostBound)) {
      return;
    }
    Add(FieldPath(kRatio, "kmm.bound"),
        absl::StrCat("want a value > 0, at least 1 - slack and at most ",
                     ShowNumber(kMostBound), ", got ",
                     ShowNumber(kmm.bound())));
  }

  static bool IsAltered(const v1::Data& data) {
    return data.has_take() || data.has_imbalance() || data.has_label_noise();
  }

  void CheckExact() {
    const v1::Data& source = spec_.data();
    const v1::Data& target = spec_.target().data();
    const std::string path = FieldPath(kRatio, "exact");
    const bool polynomial = source.has_polynomial() && target.has_polynomial();
    if (!spec_.target().has_data()) return;
    if (!polynomial && !(source.has_gaussians() && target.has_gaussians())) {
      return Add(path,
                 "want data and target.data both drawn from gaussians, or both "
                 "from polynomial, got others");
    }
    if (IsAltered(source) || IsAltered(target)) {
      return Add(path,
                 "want data without take, imbalance and label_noise, whose "
                 "density is known, got one of them");
    }
    if (polynomial) return CheckPolynomials(path, source, target);
    for (const v1::Data* data : {&source, &target}) {
      for (const v1::GaussianClass& gaussian : data->gaussians().classes()) {
        if (!gaussian.has_standard_deviation() ||
            gaussian.standard_deviation() != 0) {
          continue;
        }
        return Add(path, "want standard deviations > 0, got 0");
      }
    }
  }

  void CheckPolynomials(const std::string& path, const v1::Data& source,
                        const v1::Data& target) {
    const v1::PolynomialData& a = source.polynomial();
    const v1::PolynomialData& b = target.polynomial();
    const auto deviation = [](const v1::PolynomialData& polynomial) {
      return polynomial.has_standard_deviation()
                 ? polynomial.standard_deviation()
                 : 1;
    };
    if (a.noise() != b.noise() ||
        !std::equal(a.coefficients().begin(), a.coefficients().end(),
                    b.coefficients().begin(), b.coefficients().end())) {
      Add(path,
          "want polynomials of the same coefficients and noise, got "
          "others");
    } else if (!(deviation(a) > 0 && deviation(b) > 0)) {
      Add(path, "want standard deviations > 0, got 0");
    }
  }

  const v1::RunSpec& spec_;
  std::vector<Fault>* const faults_;
};

}  // namespace

void CheckShift(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const v1::Weighting& weighting = spec.weighting();
  if (weighting.has_density_ratio()) ShiftChecker(spec, faults).CheckRatio();
  if (weighting.has_label_shift()) ShiftChecker(spec, faults).CheckLabelShift();
}

}  // namespace steelyard::server
