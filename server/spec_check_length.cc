#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

// When a run is evaluated, and how often.
namespace steelyard::server {
namespace {

class EvaluateChecker {
 public:
  EvaluateChecker(const v1::RunSpec& spec, int64_t most_samples,
                  std::vector<Fault>* faults)
      : spec_(spec), most_samples_(most_samples), faults_(faults) {}

  void Check() {
    const v1::Evaluate& evaluate = spec_.evaluate();
    if (evaluate.has_log() || !spec_.has_evaluate()) CheckLog(evaluate.log());
    if (IsFar() && !evaluate.has_log()) {
      if (evaluate.has_every() || evaluate.has_at()) {
        Add("evaluate", absl::StrCat("want log with stop.log10_steps above ",
                                     kMostNearLog10, ", got ",
                                     evaluate.has_every() ? "every" : "at"));
      }
    } else {
      if (evaluate.has_every()) CheckEvery(evaluate.every());
      if (evaluate.has_at()) CheckAt(evaluate.at());
    }
    CheckThresholds(evaluate.weighted_below());
  }

 private:
  void Add(std::string path, std::string message) {
    faults_->push_back({std::move(path), std::move(message)});
  }

  // How many steps an epoch has, only the rows tell.
  bool KnowsSteps() const {
    const uint64_t steps = StepsOf(spec_.stop());
    return steps >= 1 && steps <= kMostSteps;
  }

  void CheckCount(const std::string& path, uint64_t count) {
    if (count <= static_cast<uint64_t>(most_samples_)) return;
    Add(path,
        absl::StrCat("want at most ", most_samples_,
                     " samples, step 0 and the last among them, got ", count));
  }

  void CheckLog(const v1::LogSchedule& log) {
    const std::string path = "evaluate.log.points_per_decade";
    const uint32_t points =
        log.has_points_per_decade() ? log.points_per_decade() : 10;
    if (points < 1 || points > 100) {
      return Add(path, absl::StrCat("want 1 to 100, got ", points));
    }
    if (!KnowsSteps()) return;
    // At most 19 decades of 100 points: far below any limit but one lowered.
    const auto last = static_cast<long double>(StepsOf(spec_.stop()));
    uint64_t count = 1;
    long double before = 0;
    long double step = 1;
    for (int k = 0; step <= last; ++k) {
      const long double exponent = static_cast<long double>(k) / points;
      step = std::floor(std::pow(10.0L, exponent) + 0.5L);
      if (step > last || step == before) continue;
      before = step;
      ++count;
    }
    if (IsFar()) {
      count +=
          static_cast<uint64_t>((spec_.stop().log10_steps() - 18) * points);
    }
    CheckCount(path, count + (before < last ? 1 : 0));
  }

  // Whether the last step is above all that are counted.
  bool IsFar() const {
    return spec_.stop().log10_steps() > kMostNearLog10 &&
           spec_.stop().log10_steps() <= kMostLog10;
  }

  void CheckEvery(const v1::EverySchedule& every) {
    const std::string path = "evaluate.every.steps";
    if (every.steps() == 0) {
      return Add(path, absl::StrCat("want at least 1, got ",
                                    every.has_steps() ? "0" : "nothing"));
    }
    if (!KnowsSteps()) return;
    const uint64_t last = StepsOf(spec_.stop());
    CheckCount(path,
               last / every.steps() + 1 + (last % every.steps() != 0 ? 1 : 0));
  }

  void CheckAt(const v1::AtSchedule& at) {
    const std::string path = "evaluate.at.steps";
    if (at.steps().empty()) {
      return Add(path, "want at least one step, got none");
    }
    if (at.steps_size() > most_samples_) {
      return Add(path, absl::StrCat("want at most ", most_samples_,
                                    " steps, got ", at.steps_size()));
    }
    if (!KnowsSteps()) return;
    const uint64_t last = StepsOf(spec_.stop());
    {
      ElementFaults wrong(path, faults_);
      for (int i = 0; i < at.steps_size(); ++i) {
        if (at.steps(i) <= last) continue;
        wrong.Add(IndexPath(path, static_cast<size_t>(i)),
                  absl::StrCat("want at most the last step, ", last, ", got ",
                               at.steps(i)));
      }
      if (!wrong.none()) return;
    }
    std::vector<uint64_t> steps(at.steps().begin(), at.steps().end());
    steps.push_back(0);
    steps.push_back(last);
    std::sort(steps.begin(), steps.end());
    const auto end = std::unique(steps.begin(), steps.end());
    CheckCount(path, static_cast<uint64_t>(end - steps.begin()));
  }

  void CheckThresholds(
      const google::protobuf::RepeatedField<double>& thresholds) {
    constexpr int kMostThresholds = 100;
    const std::string path = "evaluate.weighted_below";
    if (thresholds.size() > kMostThresholds) {
      return Add(path, absl::StrCat("want at most ", kMostThresholds,
                                    " values, got ", thresholds.size()));
    }
    std::set<double> seen;
    for (int k = 0; k < thresholds.size(); ++k) {
      // Adding +0 turns -0 into +0, which is the same threshold.
      const bool finite = std::isfinite(thresholds[k]);
      if (finite && seen.insert(thresholds[k] + 0.0).second) continue;
      Add(IndexPath(path, static_cast<size_t>(k)),
          absl::StrCat("want a finite value, each once, got ",
                       ShowNumber(thresholds[k])));
    }
  }

  const v1::RunSpec& spec_;
  const int64_t most_samples_;
  std::vector<Fault>* const faults_;
};

}  // namespace

void CheckEvaluate(const v1::RunSpec& spec, int64_t most_samples,
                   std::vector<Fault>* faults) {
  EvaluateChecker(spec, most_samples, faults).Check();
}

void CheckEpochs(const v1::RunSpec& spec, uint64_t epoch_steps,
                 std::vector<Fault>* faults) {
  const uint64_t epochs = spec.stop().epochs();
  if (epochs < 1 || epochs > kMostSteps || epoch_steps == 0) return;
  if (epochs > kMostSteps / epoch_steps) {
    faults->push_back(
        {"stop.epochs",
         absl::StrCat("want at most ", kMostSteps / epoch_steps, " of ",
                      epoch_steps, " steps each, got ", epochs)});
    return;
  }
  // What is wrong whatever the last step is, has been said.
  v1::RunSpec run;
  *run.mutable_evaluate() = spec.evaluate();
  *run.mutable_artifacts() = spec.artifacts();
  const int64_t most_samples = SpecLimits().samples;
  std::vector<Fault> said;
  CheckEvaluate(run, most_samples, &said);
  CheckArtifacts(run, &said);
  if (!said.empty()) return;
  run.mutable_stop()->set_steps(epochs * epoch_steps);
  CheckEvaluate(run, most_samples, faults);
  CheckArtifacts(run, faults);
}

}  // namespace steelyard::server
