#include "server/spec_check.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/names.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

namespace steelyard::server {
namespace {

// Metrics of a run that are no set's, at most: docs/metrics.md's table, with 16
// parameters.
constexpr int64_t kOwnMetrics = 43;
constexpr int64_t kMetricsPerSet = 5;
// target/chi_square, renyi_2, kl; target_risk, target_error; adjusted_error and
// adjusted_balanced_error; error_exact and balanced_error_exact.
constexpr int64_t kOwnTargetMetrics = 3;
constexpr int64_t kTargetMetricsPerSet = 2;
constexpr int64_t kAdjustedMetricsPerSet = 2;
constexpr int64_t kExactMetricsPerSet = 2;

std::string Shown(absl::string_view text) {
  return text.empty() ? "nothing" : ShowText(text);
}

class Checker {
 public:
  Checker(const v1::RunSpec& spec, const SpecLimits& limits)
      : spec_(spec), limits_(limits) {}

  std::vector<Fault> Check() {
    CheckSizes();
    CheckKnown(spec_, &faults_);
    CheckNames();
    CheckLabels();
    CheckRows();
    CheckChoices();
    CheckLoss(spec_, &faults_);
    CheckOptimizer(spec_, &faults_);
    CheckWeighting(spec_, &faults_);
    CheckTarget(spec_, &faults_);
    CheckShift(spec_, &faults_);
    CheckResampling(spec_, &faults_);
    CheckNormalization();
    CheckTraining(spec_, &faults_);
    CheckStop();
    CheckEvaluate(spec_, limits_.samples, &faults_);
    CheckArtifacts(spec_, &faults_);
    return std::move(faults_);
  }

 private:
  void Add(std::string path, std::string message) {
    faults_.push_back({std::move(path), std::move(message)});
  }

  // A stored run shows its spec twice and must fit into a message.
  void CheckSizes() {
    size_t bytes = spec_.ByteSizeLong();
    size_t inline_bytes = spec_.data().inline_().ByteSizeLong();
    const auto add = [&](const v1::Data& set) {
      if (!set.has_classes()) bytes += spec_.data().classes().ByteSizeLong();
      inline_bytes += set.inline_().ByteSizeLong();
    };
    for (const auto& [name, set] : spec_.test_sets()) add(set);
    if (spec_.target().has_data()) add(spec_.target().data());
    if (inline_bytes > static_cast<size_t>(limits_.inline_data_bytes)) {
      Add("data.inline",
          absl::StrCat("want at most ", limits_.inline_data_bytes,
                       " bytes of inline data over all sets, got ",
                       inline_bytes,
                       "; put the rows into a dataset: use file:"));
    } else if (bytes > static_cast<size_t>(limits_.spec_bytes)) {
      Add("", absl::StrCat("want a spec of at most ", limits_.spec_bytes,
                           " bytes as message, got ", bytes));
    }
  }

  void CheckNames() {
    const absl::string_view want =
        "want 1 to 63 characters of [a-z0-9-_.], got ";
    if (!spec_.name().empty() && !IsLabel(spec_.name())) {
      Add("name", absl::StrCat(want, ShowText(spec_.name())));
    }
    const std::string& experiment = spec_.experiment();
    if (experiment == "-") {
      Add("experiment",
          "want another name than -, which stands for all "
          "experiments, got \"-\"");
    } else if (!experiment.empty() && !IsLabel(experiment)) {
      Add("experiment", absl::StrCat(want, ShowText(experiment)));
    }
  }

  void CheckLabels() {
    if (static_cast<int64_t>(spec_.labels().size()) > limits_.labels) {
      return Add("labels",
                 absl::StrCat("want at most ", limits_.labels, " labels, got ",
                              spec_.labels().size()));
    }
    const std::map<std::string, std::string> labels(spec_.labels().begin(),
                                                    spec_.labels().end());
    for (const auto& [key, value] : labels) {
      const std::string path = KeyPath("labels", key);
      if (!IsLabel(key)) {
        Add(path, absl::StrCat("want a key of 1 to 63 characters of "
                               "[a-z0-9-_.], got ",
                               Shown(key)));
      }
      if (value.size() > kMostTextBytes) {
        Add(path, absl::StrCat("want at most ", kMostTextBytes, " bytes, got ",
                               value.size()));
      } else if (ValidUtf8Bytes(value) != value.size()) {
        Add(path, absl::StrCat("want UTF-8, got ", ShowText(value)));
      }
    }
  }

  void CheckSetName(const std::string& name) {
    const std::string path = KeyPath("test_sets", name);
    if (!IsSetName(name)) {
      Add(path, absl::StrCat("want a name of 1 to 63 characters of [a-z0-9-_], "
                             "got ",
                             Shown(name)));
    } else if (IsReservedSetName(name)) {
      Add(path, absl::StrCat("want another name: the metrics ", name,
                             "/... are not a test set's"));
    }
  }

  // Whether a class prior is known.
  bool HasPrior() const {
    return spec_.target().has_class_prior() ||
           spec_.weighting().has_label_shift();
  }

  // `metrics`: all but those of sets whose densities are known.
  void CheckMetrics(int64_t metrics) {
    const auto count = [&](const v1::Data& set) {
      const bool drawn = set.has_gaussians() && !set.has_take();
      if (!drawn && !set.has_shifted_copy()) return;
      metrics += kExactMetricsPerSet * (HasPrior() ? 2 : 1);
    };
    if (spec_.has_model() && !spec_.model().has_linear()) return;
    for (const auto& [name, set] : spec_.test_sets()) count(set);
    count(spec_.target().data());
    if (spec_.data().has_split()) count(spec_.data());
    if (metrics <= limits_.metrics) return;
    Add("test_sets",
        absl::StrCat("want at most ", limits_.metrics,
                     " metrics over all sets, got ", metrics,
                     " with the exact errors of drawn sets; use fewer sets"));
  }

  void CheckRows() {
    SpecRows rows;
    rows.train = CheckData("data", spec_.data(), spec_, &faults_);
    // With several classes each has a metric of its own.
    const int64_t per_set =
        kMetricsPerSet - 1 +
        std::max<int64_t>(CountClasses(spec_, rows.train), 1) +
        (spec_.has_target() ? kTargetMetricsPerSet : 0) +
        (HasPrior() ? kAdjustedMetricsPerSet : 0);
    const int64_t own =
        kOwnMetrics + (spec_.has_target() ? kOwnTargetMetrics : 0);
    const int64_t most = std::max<int64_t>(
        (limits_.metrics - own - spec_.evaluate().weighted_below_size()) /
                per_set -
            1,
        0);
    const int64_t sets = static_cast<int64_t>(spec_.test_sets().size()) +
                         (spec_.data().has_split() ? 1 : 0) +
                         (spec_.target().has_data() ? 1 : 0);
    if (sets > most) {
      Add("test_sets",
          absl::StrCat("want at most ", most, " sets, got ", sets));
    } else {
      CheckMetrics(own + per_set * (sets + 1));
      std::vector<std::string> names;
      for (const auto& [name, set] : spec_.test_sets()) names.push_back(name);
      std::sort(names.begin(), names.end());
      for (const std::string& name : names) {
        CheckSetName(name);
        rows.tests[name] =
            CheckData(KeyPath("test_sets", name), spec_.test_sets().at(name),
                      spec_, &faults_);
      }
    }
    if (spec_.target().has_data()) {
      rows.tests[kTargetSet] =
          CheckData(kTargetPath, spec_.target().data(), spec_, &faults_);
    }
    ApplyAlterations(spec_, &rows, &faults_);
    DeriveSets(spec_, &rows, &faults_);
    CheckTogether(spec_, rows, &faults_);
  }

  // A message that is there must say which.
  void CheckChoices() {
    if (spec_.has_model()) CheckChoice("model", spec_.model(), &faults_);
    if (spec_.has_loss()) CheckChoice("loss", spec_.loss(), &faults_);
    if (spec_.has_weighting()) {
      CheckChoice("weighting", spec_.weighting(), &faults_);
    }
    if (spec_.has_regularizer()) {
      CheckChoice("regularizer", spec_.regularizer(), &faults_);
    }
    if (spec_.has_initial()) CheckChoice("initial", spec_.initial(), &faults_);
    if (spec_.has_evaluate()) {
      CheckChoice("evaluate", spec_.evaluate(), &faults_);
    }
    CheckChoice("optimizer", spec_.optimizer(), &faults_);
  }

  void CheckNormalization() {
    if (!v1::Normalization_IsValid(spec_.normalization())) {
      Add("normalization",
          absl::StrCat("want one of none, mean_one, sum_one, min_one, got the "
                       "number ",
                       static_cast<int>(spec_.normalization())));
    }
  }

  void CheckEarly() {
    const v1::EarlyStopping& early = spec_.stop().early();
    constexpr uint64_t kMostPatience = 1'000'000;
    if (early.patience() < 1 || early.patience() > kMostPatience) {
      Add("stop.early.patience", absl::StrCat("want 1 to ", kMostPatience,
                                              ", got ", early.patience()));
    }
    if (!std::isfinite(early.min_delta()) || early.min_delta() < 0) {
      Add("stop.early.min_delta", absl::StrCat("want a finite value >= 0, got ",
                                               ShowNumber(early.min_delta())));
    }
    const std::vector<std::string> words = absl::StrSplit(early.metric(), '/');
    const std::string& set = words[0];
    const bool known = set == "train" || spec_.test_sets().contains(set) ||
                       (set == "test" && spec_.data().has_split()) ||
                       (set == kTargetSet && spec_.target().has_data());
    const bool numbers = LabelsOf(spec_) == LabelKind::kNumbers;
    if (known && words.size() == 2 &&
        (words[1] == "loss" || words[1] == "log_loss" ||
         (words[1] == "error" && !numbers))) {
      return;
    }
    Add("stop.early.metric",
        absl::StrCat(
            "want NAME/loss, NAME/log_loss", numbers ? "" : " or NAME/error",
            ", NAME being train or a test set, got ", Shown(early.metric())));
  }

  void CheckLog10Steps() {
    const double got = spec_.stop().log10_steps();
    if (!((got > 0 && got <= kMostNearLog10) ||
          (got >= kLeastFarLog10 && got <= kMostLog10))) {
      return Add("stop.log10_steps",
                 absl::StrCat("want above 0 and at most ", kMostNearLog10,
                              ", or ", kLeastFarLog10, " to ", kMostLog10,
                              ", got ", ShowNumber(got)));
    }
    if (got <= kMostNearLog10 ||
        spec_.optimizer().gradient_descent().has_leap()) {
      return;
    }
    Add("stop.log10_steps",
        absl::StrCat("want at most ", kMostNearLog10,
                     " without optimizer.gradient_descent.leap, got ",
                     ShowNumber(got)));
  }

  void CheckStop() {
    const v1::Stop& stop = spec_.stop();
    const uint64_t count = stop.has_epochs() ? stop.epochs() : stop.steps();
    CheckChoice("stop", stop, &faults_);
    if (stop.has_log10_steps()) {
      CheckLog10Steps();
    } else if (stop.limit_case() != v1::Stop::LIMIT_NOT_SET &&
               (count < 1 || count > kMostSteps)) {
      Add(stop.has_epochs() ? "stop.epochs" : "stop.steps",
          absl::StrCat("want 1 to ", kMostSteps, ", got ", count));
    }
    if (stop.has_early()) CheckEarly();
    if (!stop.has_wall_time()) return;
    const int64_t seconds = stop.wall_time().seconds();
    const int32_t nanos = stop.wall_time().nanos();
    const bool whole = seconds >= 0 && nanos >= 0 && nanos < 1'000'000'000;
    const bool most = seconds == kMostWallSeconds && nanos == 0;
    if (whole && (seconds > 0 || nanos > 0) &&
        (seconds < kMostWallSeconds || most)) {
      return;
    }
    Add("stop.wall_time",
        absl::StrCat("want more than 0s and at most ", kMostWallSeconds,
                     "s (10 years), got ", seconds, "s and ", nanos, "ns"));
  }

  const v1::RunSpec& spec_;
  const SpecLimits& limits_;
  std::vector<Fault> faults_;
};

}  // namespace

std::vector<Fault> CheckSpec(const v1::RunSpec& spec,
                             const SpecLimits& limits) {
  return Checker(spec, limits).Check();
}

}  // namespace steelyard::server
