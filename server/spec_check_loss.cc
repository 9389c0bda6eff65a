#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"

// The numbers of a loss.  The limits are the worker's:
// server/worker/make_loss.cc, training/problem_check.cc.
namespace steelyard::server {
namespace {

constexpr double kMostBeta = 700;
constexpr char kPairwise[] = "loss.pairwise_margin";

class LossChecker {
 public:
  LossChecker(const v1::RunSpec& spec, std::vector<Fault>* faults)
      : spec_(spec), faults_(faults) {}

  void Check() {
    const v1::Loss& loss = spec_.loss();
    WantAboveZero("poly_tailed.alpha", loss.poly_tailed().has_alpha(),
                  loss.poly_tailed().alpha());
    const double beta = loss.poly_tailed().beta();
    Want(std::fabs(beta) <= kMostBeta, "poly_tailed.beta",
         "a value of -700 to 700", ShowNumber(beta));
    WantAtLeastZero("focal.gamma", loss.focal().gamma());
    WantAtLeastZero("ldam.max_margin", loss.ldam().max_margin());
    WantAboveZero("ldam.scale", loss.ldam().has_scale(), loss.ldam().scale());
    WantFinite("logit_adjusted.tau", loss.logit_adjusted().tau());
    WantThere(loss.has_cdt() && !loss.cdt().has_gamma(), "cdt.gamma");
    WantAtLeastZero("cdt.gamma", loss.cdt().gamma());
    WantThere(loss.has_vs() && !loss.vs().has_gamma(), "vs.gamma");
    WantAtLeastZero("vs.gamma", loss.vs().gamma());
    WantThere(loss.has_vs() && !loss.vs().has_tau(), "vs.tau");
    WantFinite("vs.tau", loss.vs().tau());
    if (loss.has_pairwise_margin()) CheckPairwise(loss.pairwise_margin());
  }

 private:
  void Want(bool right, absl::string_view field, absl::string_view want,
            const std::string& got) {
    if (right) return;
    faults_->push_back(
        {FieldPath("loss", field), absl::StrCat("want ", want, ", got ", got)});
  }
  void WantThere(bool missing, absl::string_view field) {
    Want(!missing, field, "a value", "nothing");
  }
  void WantFinite(absl::string_view field, double value) {
    Want(std::isfinite(value), field, "a finite value", ShowNumber(value));
  }
  void WantAtLeastZero(absl::string_view field, double value) {
    Want(std::isfinite(value) && value >= 0, field, "a finite value >= 0",
         ShowNumber(value));
  }
  void WantAboveZero(absl::string_view field, bool there, double value) {
    Want(!there || (std::isfinite(value) && value > 0), field,
         "a finite value > 0", ShowNumber(value));
  }

  void CheckPairwise(const v1::PairwiseMarginLoss& loss) {
    const int classes = LabelsOf(spec_) == LabelKind::kClasses
                            ? spec_.data().classes().each_size()
                            : 2;
    CheckValues("scales", loss.scales(), classes);
    CheckValues("factors", loss.factors(), classes);
    if (!loss.has_offsets()) return;
    const std::string path = FieldPath(kPairwise, "offsets");
    const auto& rows = loss.offsets().rows();
    if (rows.size() != classes) {
      faults_->push_back(
          {path, absl::StrCat("want ", classes,
                              " rows, one for each class, got ", rows.size())});
    }
    ElementFaults wrong(path, faults_);
    for (int i = 0; i < rows.size(); ++i) {
      const std::string row = IndexPath(path, static_cast<size_t>(i));
      if (rows[i].values_size() != classes) {
        wrong.Add(row, absl::StrCat("want ", classes, " values, got ",
                                    rows[i].values_size()));
      }
      for (int j = 0; j < rows[i].values_size(); ++j) {
        if (std::isfinite(rows[i].values(j))) continue;
        wrong.Add(IndexPath(row, static_cast<size_t>(j)),
                  absl::StrCat("want a finite value, got ",
                               ShowNumber(rows[i].values(j))));
      }
    }
  }

  void CheckValues(absl::string_view field,
                   const google::protobuf::RepeatedField<double>& values,
                   int classes) {
    const std::string path = FieldPath(kPairwise, field);
    if (!values.empty() && values.size() != classes) {
      faults_->push_back(
          {path,
           absl::StrCat("want ", classes, " values, one for each class, got ",
                        values.size())});
    }
    ElementFaults wrong(path, faults_);
    for (int i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i]) && values[i] > 0) continue;
      wrong.Add(
          IndexPath(path, static_cast<size_t>(i)),
          absl::StrCat("want a finite value > 0, got ", ShowNumber(values[i])));
    }
  }

  const v1::RunSpec& spec_;
  std::vector<Fault>* const faults_;
};

}  // namespace

void CheckLoss(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  LossChecker(spec, faults).Check();
}

void CheckLossOf(const v1::RunSpec& spec, const KnownRows& train,
                 std::vector<Fault>* faults) {
  const v1::Loss& loss = spec.loss();
  const bool counts = loss.has_ldam() || loss.has_logit_adjusted() ||
                      loss.has_cdt() || loss.has_vs();
  if (!counts || !train.counts) return;
  if (train.counts->positive > 0 && train.counts->negative > 0) return;
  faults->push_back(
      {"loss",
       absl::StrCat("want rows of each class, whose numbers it takes, got none "
                    "labelled ",
                    train.counts->positive > 0 ? "-1" : "+1")});
}

}  // namespace steelyard::server
