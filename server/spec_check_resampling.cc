#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

// Rows that are drawn, and weights that are trained.  The limits are the
// worker's: server/worker/resampled_rows.cc, server/worker/make_trainer.cc.
namespace steelyard::server {
namespace {

constexpr char kLearned[] = "weighting.learned";

void CheckLearned(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const v1::Weighting& weighting = spec.weighting();
  const v1::LearnedWeighting& learned = weighting.learned();
  const auto want = [&](bool right, const char* field, const char* what,
                        double got) {
    if (right) return;
    faults->push_back({FieldPath(kLearned, field),
                       absl::StrCat("want ", what, ", got ", ShowNumber(got))});
  };
  want(learned.bound() > 1 && learned.bound() <= 1e100, "bound",
       "a value > 1 and at most 1e100", learned.bound());
  want(std::isfinite(learned.learning_rate()) && learned.learning_rate() > 0,
       "learning_rate", "a finite value > 0", learned.learning_rate());
  if (!v1::LearningGoal_IsValid(learned.goal())) {
    faults->push_back(
        {FieldPath(kLearned, "goal"),
         absl::StrCat("want minimize or maximize, got the number ",
                      static_cast<int>(learned.goal()))});
  }
  if (!IsLinearDescent(spec)) {
    faults->push_back(
        {kLearned,
         "want it with a linear model, labels of +1 and -1, a loss of margins "
         "and gradient_descent from zeros in double precision"});
  }
  const bool alone =
      weighting.relative() == 0 &&
      (!weighting.has_power() || weighting.power() == 1) &&
      !weighting.has_clip() && !weighting.has_dual_path() &&
      (!weighting.has_schedule() || weighting.schedule().has_always()) &&
      !spec.has_resampling() && !spec.has_target();
  if (!alone) {
    faults->push_back({kLearned,
                       "want it without relative, power, clip, dual_path, "
                       "schedule, resampling and target"});
  }
  if (spec.normalization() == v1::NORMALIZATION_MIN_ONE) {
    faults->push_back(
        {"normalization",
         "want none, mean_one or sum_one with learned weights, got min_one"});
  }
}

}  // namespace

bool IsLinearDescent(const v1::RunSpec& spec) {
  const bool linear = !spec.has_model() || spec.model().has_linear();
  const bool zeros = !spec.has_initial() || spec.initial().has_zeros();
  return linear && zeros && spec.optimizer().has_gradient_descent() &&
         LabelsOf(spec) == LabelKind::kSigns && !spec.loss().has_squared() &&
         spec.precision() != v1::PRECISION_SINGLE;
}

void CheckResampling(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  if (spec.weighting().has_learned()) CheckLearned(spec, faults);
  if (!spec.has_resampling()) return;
  const v1::Resampling& resampling = spec.resampling();
  CheckChoice("resampling", resampling, faults);
  // What a target asks of the training rows is of all of them.
  if (spec.has_target()) {
    faults->push_back({"resampling", "want it without target"});
  }
  if (resampling.has_under() || resampling.has_over()) {
    WantClasses(resampling.has_under() ? "resampling.under" : "resampling.over",
                LabelsOf(spec), faults);
    return;
  }
  const v1::WeightSchedule& schedule = spec.weighting().schedule();
  if (schedule.has_deferred() || schedule.has_annealed()) {
    faults->push_back(
        {"weighting.schedule", "want always where the weights become rows"});
  }
}

}  // namespace steelyard::server
