#ifndef STEELYARD_TRAINING_FAR_TIME_H_
#define STEELYARD_TRAINING_FAR_TIME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "training/error_growth.h"
#include "training/far_field.h"
#include "training/ode_solver.h"

namespace steelyard::training {

// Carries full-batch descent to any number of steps along its flow
// (far_field.h), in s = ln t.
//
// Errors are relative to what a reader of theta sees, by the unit
//   min(||theta|| / (1 + s), max(1, least margin) / longest gradient of one):
// by the first the distance of the direction from its limit changes, by the
// second the logarithm of the loss.
class FarTime {
 public:
  // tolerance: the error that theta may have, in units.
  FarTime(std::unique_ptr<FarField> field, double tolerance);
  FarTime(const FarTime&) = delete;
  FarTime& operator=(const FarTime&) = delete;

  // Why a leap ends.
  enum class End : int64_t {
    kNot = 0,
    kSeries = 1,  // the difference series does not converge
    kGain = 2,    // leaps gain nothing over real steps
    kKink = 3,    // a margin comes to a place where the loss's slope jumps
    kOther = 4,   // as Advance's error says
  };

  // The formulas of the step after `step` hold from now on (FarField::Begin).
  void Begin(int64_t step) { field_->Begin(step); }
  // Where others do: FarField::NextBreak.
  int64_t NextBreak(int64_t step) const { return field_->NextBreak(step); }

  // Starts where t >= 1 real steps have led, if the difference series converges
  // there, to the tolerance, no margin comes soon to a jump of the loss's
  // slope, the error is not far above the tolerance, and leaps take fewer
  // gradients than steps; or if no step leads away.  False, and nothing has
  // started, when not.
  bool Start(double t, std::span<const double> theta);
  bool started() const { return solver_ != nullptr; }
  // Forgets the leap; where it led is known.
  void Drop() {
    solver_.reset();
    place_error_ = 0;
  }

  // Writes the theta of s, which is not below that of Start nor of the last
  // call.
  // Errors: OutOfRange, with the place and the reason, when the flow can't be
  // followed to s.
  absl::Status Advance(double s, std::span<double> theta);
  // How far it has come.
  double reach() const { return solver_->s(); }
  // Why Advance has failed.
  End end() const { return end_; }
  // Ends the leap at the last whole step that it was right at, writes its
  // theta, and returns it.
  int64_t Leave(std::span<double> theta);

  // What theta may be off, in units, at least: the estimated errors of the
  // solver's steps, the first omitted terms, what audits found, and what
  // rounding leaves, all with what the flow has made of them since.
  double error_estimate() const;
  // Whether it has led anywhere: what is real from there on goes on from there.
  bool has_led() const { return error_ + rounding_ > 0; }
  // Real steps go on at theta, after t: where they swing, as they do when they
  // are long, they may lead places apart; nobody knows then what comes of an
  // error that a leap has made, and no leap is made again.
  void Doubt(double t, std::span<const double> theta);
  // Takes them, theta going with them; each that throws theta about is doubted.
  void TakeSteps(int64_t step, int64_t count, std::span<double> theta);
  // Of the flow's field.
  int64_t evaluations() const { return evaluations_; }
  // Of how many dimensions the part of theta is that has come to its limit, and
  // stays there: all at a fixed point.
  int64_t settled() const { return field_->settled(); }

  // All that goes on, but for theta and whether it has started: state_words().
  int64_t state_words() const {
    return field_->dimension() + kOwnWords +
           (growth_ ? growth_->state_words() : 0);
  }
  void WriteState(std::span<uint64_t> words) const;
  // Errors: DataLoss when no leap is ever in this state; then good for nothing
  // else.
  absl::Status ReadState(bool started, std::span<const uint64_t> words);

 private:
  static constexpr int64_t kNumbers = 9;
  static constexpr int64_t kCounts = 9;
  static constexpr int64_t kOwnWords = kNumbers + kCounts;

  double Unit(double s, std::span<const double> theta) const;
  void SetUnit(double s, std::span<const double> theta);
  // How long the first omitted term is, by the last evaluation.
  double Omitted() const;
  // Likewise, of one term: a bound.
  double SecondTerm() const;
  // Likewise, of so many terms.
  double OmittedAfter(size_t terms) const;
  // How many terms the last evaluation asks for, so that what is omitted is
  // less than `allowed`: at least 2; 0 where the series does not converge.
  size_t TermsAt(double allowed) const;
  void MakeSolver(bool implicit, double s, std::span<const double> theta);
  // Takes as many terms from now on as the last evaluation says.
  void ChooseTerms();
  // Whether real steps would have done as well for some time; spent: the
  // evaluations of the last step.
  void CheckGain(int64_t spent);
  // Compares the begin of the last step with real steps, where a few of them
  // can tell.
  absl::Status Audit();
  // Those of the last step, whose first omitted term was so long, to what has
  // become of the others.
  void AddErrors(double omitted);
  // Why the series does not converge, as a user is told.
  std::string SeriesText() const;
  // What has become of the errors so far over the last step.
  void GrowOverStep();
  void GrowBy(const ErrorGrowth::Growth& growth);
  // Within the last step; as OdeSolver's.
  double Interpolate(double s, std::span<double> theta);
  // Settles what has converged, if that is to be looked at here: whether it
  // did.
  bool Settle(double s, std::span<const double> theta,
              std::span<const double> slope);
  bool resting() const { return field_->settled() == field_->dimension(); }
  // Lets an implicit method go on where that pays.
  void ChooseMethod();
  // Takes a step that no margin passes a kink in.
  absl::Status TakeSmoothStep();
  absl::Status TakeStep();

  const std::unique_ptr<FarField> field_;
  const double tolerance_;
  const double aim_;        // what errors are held to where they are made
  double longest_row_ = 1;  // where the last step began
  double unit_ = 1;         // where it ended
  int terms_ = FarField::kMostTerms;
  int step_terms_ = FarField::kMostTerms;  // those of the last step
  double error_ = 0;
  double rounding_ = 0;
  double place_error_ = 0;   // more, where Advance last led
  double audit_at_ = 0;      // the next
  double settle_at_ = 0;     // likewise
  double omitted_ = 0;       // by the series, where the last step ended
  int64_t slow_steps_ = 0;   // in a row
  int64_t stiff_steps_ = 0;  // likewise
  int64_t evaluations_ = 0;  // after the last step
  bool implicit_ = false;    // whether it is Radau
  // Of its last step's begin.
  std::span<const double> mode_values_;
  std::span<const double> mode_vectors_;
  std::optional<ErrorGrowth> growth_;  // none where the flow contracts
  End end_ = End::kNot;
  bool spoilt_ = false;  // the last step is not to be trusted
  std::unique_ptr<OdeSolver> solver_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_FAR_TIME_H_
