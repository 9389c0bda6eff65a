#ifndef STEELYARD_TRAINING_TRAINER_H_
#define STEELYARD_TRAINING_TRAINER_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "training/export.h"
#include "training/leap.h"
#include "training/learned_weights.h"
#include "training/network_problem.h"
#include "training/objective.h"
#include "training/rows.h"
#include "training/schedule.h"
#include "training/target.h"
#include "training/weight_schedule.h"

// The training loop of weighted runs: a pure function from (problem, state) to
// (state, samples).  It knows no clock and starts no thread; its caller decides
// when to pause, and nothing of that changes a bit.  Formulas: README.md here.
namespace steelyard::training {

// Full-batch gradient descent on a linear model, from theta = 0:
//   L(theta) = (1/n) sum_i w_i l_i + the penalty
// with l_i the loss of the margin y_i theta.x_i, w normalised and rows of
// weight 0 left out of everything.
struct LinearProblem {
  Rows train;
  std::vector<TestSet> tests;
  bool bias = true;  // adds a constant feature 1, last
  Loss loss;         // all kinds but kSquared and kSoftmaxCrossEntropy
  // [n] before normalisation, finite, >= 0, sum > 0; empty: all 1.
  std::vector<double> weights;
  Normalization normalization = Normalization::kMeanOne;
  WeightSchedule weight_schedule = {};
  // Where they are learned: no weights, no schedule, no kMinOne.
  std::optional<LearnedWeights> learned = std::nullopt;
  Penalty penalty = {};             // none where `scale` is
  double learning_rate = 0;         // finite, > 0
  RateSchedule rate_schedule = {};  // how it changes: learning_rate.h
  int64_t warm_up_steps = 0;
  StepScale scale = StepScale::kNone;
  int64_t steps = 0;  // >= 1
  Schedule schedule;
  std::optional<EarlyStopping> early = std::nullopt;
  std::vector<double> weighted_below;  // G of margin/weighted_below/G, finite
  std::optional<Target> target = std::nullopt;
  std::optional<Leap> leap = std::nullopt;
  // Where the last step is above 2^63 - 1, its decimal logarithm, 19 to
  // 100,000, and `steps` is Trainer::kFarStep; with `leap` and a LogSchedule
  // alone.
  double log10_steps = 0;
};

// Whether every step is learning_rate times the gradient.
inline bool HasFixedStep(const LinearProblem& problem) {
  return problem.scale == StepScale::kNone && problem.warm_up_steps == 0 &&
         std::holds_alternative<ConstantRate>(problem.rate_schedule);
}

// A metric of this problem that has no value at any step, and why.
struct Absence {
  std::string metric;
  std::string reason;
};

struct MetricValue {
  uint32_t metric = 0;  // counts Trainer::metrics() from 0
  double value = 0;     // any double but -0.0
};

// The metrics at one step.
struct Evaluation {
  int64_t ordinal = 0;              // counts from 0 within the run
  int64_t step = 0;                 // updates done; kFarStep above 2^63 - 1
  double log10_step = 0;            // NaN at step 0
  std::vector<MetricValue> values;  // by metric; those not defined are left out
};

// Rows that a trainer holds: those that it trains on, or a test set.
struct HeldRows {
  std::string name;      // "train", or the test set's
  int64_t rows = 0;      // of "train" only those of weight > 0
  int64_t features = 0;  // d, without a constant one
};

// Trains one problem.  Not thread-safe; two trainers share nothing.
class STEELYARD_TRAINING_EXPORT Trainer {
 public:
  // What step() is where there are more than it holds: 2^63 - 1.
  static constexpr int64_t kFarStep = std::numeric_limits<int64_t>::max();

  // Checks the problem, solves its hard-margin reference where n*d <= 10^7, and
  // stands before step 0 is evaluated.  The reference takes well under a second
  // for most data, and up to two minutes at that limit.  Memory: the rows once
  // more while it runs; once afterwards.
  // Errors: InvalidArgument, naming the first bad field or row.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(LinearProblem problem);
  // The same for any model and any optimiser; the reference of linear models of
  // signs alone.  Memory: the features once more, in the problem's precision,
  // and the parameters three to five times; forty times where it leaps.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(
      NetworkProblem problem);
  virtual ~Trainer() = default;

  // The names of the metrics that this problem has, in a fixed order.
  virtual std::span<const std::string> metrics() const = 0;
  // The metrics of a linear model that this problem has not.
  virtual std::span<const Absence> absent() const = 0;

  virtual int64_t step() const = 0;
  // The ordinal of the next evaluation.
  virtual int64_t next_ordinal() const = 0;
  // Whether the last step is done and evaluated, or the run was ended before,
  // by Stop() or early.
  virtual bool done() const = 0;
  // Whether it was Stop(), before the last step.
  virtual bool stopped() const = 0;
  // Whether the problem's EarlyStopping has ended it.
  virtual bool stopped_early() const = 0;

  // Takes at most `max_steps` >= 0 steps, fewer when an evaluation is due
  // before, and returns that evaluation; nothing when none was due or the run
  // is done.  How a run is cut into calls changes no bit.  The first evaluation
  // is that of step 0, and takes no step.  A step costs about 4 n d operations
  // and no allocation. Errors: OutOfRange when a parameter (at any step) or a
  // log-loss (at an evaluation) is no longer finite, naming the step and the
  // quantity; step() is then that of the last evaluation, and the trainer good
  // for nothing else.  A loss may overflow to infinity while its logarithm is
  // finite: that is no error.
  virtual absl::StatusOr<std::optional<Evaluation>> Advance(
      int64_t max_steps) = 0;

  // Evaluates here and now and ends the run (done() is true); no evaluation
  // when this very step is evaluated already. Errors: as Advance.
  virtual absl::StatusOr<std::optional<Evaluation>> Stop() = 0;

  // The model as it stands; not to be asked after an error of Advance or Stop.
  // Reading it changes no bit of what follows, and -0.0 leaves as +0.0.
  //
  // How many parameters there are.  A linear model's are those of the features,
  // the bias last; a network's stand as in Architecture.
  virtual int64_t parameters() const = 0;
  // Writes the parameters from number `first` on.
  virtual void ReadParameters(int64_t first, std::span<double> to) const = 0;
  // The values of f(x): 1, or K for K classes.
  virtual int64_t outputs() const = 0;
  // Writes f of each row.  features: [rows, d], in the precision of the problem
  // (others are rounded); outputs: [rows, outputs()].
  virtual void Predict(std::span<const double> features,
                       std::span<double> outputs) = 0;

  // The training rows, then the test sets in their order.
  virtual std::vector<HeldRows> held_rows() const = 0;
  // Writes rows from number `first` on, as training sees them, of the set with
  // that number in held_rows().  features: [rows, d]; labels: [rows].
  virtual void ReadRows(size_t set, int64_t first, std::span<double> features,
                        std::span<double> labels) const = 0;

  // Writes the weights of training rows from number `first` on, as normalised:
  // where they change from step to step, those of the next step.
  virtual void ReadWeights(int64_t first, std::span<double> to) const = 0;
  // The dual solution p* of the training rows, [n], sum 1; of linear models on
  // separable rows, else empty.  Where it is not unique, one of them.
  virtual std::vector<double> DualSolution() const = 0;
  // Which training rows can be separated without hurting any other (P6 of
  // docs/science.md): 1 for those, 0 for the rest, [n]; of linear models of
  // signs, where it was found, else empty.
  virtual std::vector<double> SeparablePart() const = 0;

  // The state as bytes, and back.  Restored into a trainer of the same problem,
  // the same bits follow.  8 bytes for each parameter of a linear model, for
  // each weight that is learned, and 96 more.
  // Errors: DataLoss when the bytes are not a state of this problem, come from
  // another numerics id, or are damaged (they carry a checksum); the trainer is
  // then unchanged.
  virtual std::string SaveState() const = 0;
  virtual absl::Status RestoreState(absl::string_view state) = 0;
};

// What decides the bits of a result besides the problem: numerics version,
// instruction level, kernels: "1-x86-64-v3-steelyard".
STEELYARD_TRAINING_EXPORT std::string NumericsId();
// The instruction level that the library was built for: "x86-64", "x86-64-v3",
// "x86-64-v4", or another processor's name.
STEELYARD_TRAINING_EXPORT std::string InstructionLevel();

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_TRAINER_H_
