#ifndef STEELYARD_TRAINING_FAR_TIME_H_
#define STEELYARD_TRAINING_FAR_TIME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "training/far_field.h"
#include "training/ode_solver.h"

namespace steelyard::training {

// Carries full-batch descent with a fixed rate to any number of steps along its
// flow (far_field.h), in s = ln t.
//
// Errors are relative to what a reader of theta sees, by the unit
//   min(||theta|| / (1 + s), max(1, least margin) / longest row):
// by the first the distance of the direction from its limit changes, by the
// second the logarithm of the loss.
class FarTime {
 public:
  struct Options {
    double longest_row = 1;    // max ||z_i|| > 0
    double tolerance = 1e-10;  // the error that theta may have, in units
  };

  FarTime(FarField field, const Options& options);
  FarTime(const FarTime&) = delete;
  FarTime& operator=(const FarTime&) = delete;

  // Starts where t >= 1 real steps have led, if the difference series converges
  // there, to the tolerance, no margin may come to a jump of the loss's slope,
  // and leaps take fewer gradients than steps.  False, and nothing has changed,
  // when not.
  bool Start(double t, std::span<const double> theta);
  bool started() const { return solver_ != nullptr; }

  // Writes the theta of s, which is not below that of Start nor of the last
  // call.
  // Errors: OutOfRange, with the place and the reason, when the flow can't be
  // followed to s.
  absl::Status Advance(double s, std::span<double> theta);
  // How far it has come.
  double reach() const { return solver_->s(); }
  // Ends the leap at the last whole step that it was right at, writes its
  // theta, and returns it.
  int64_t Leave(std::span<double> theta);

  // What theta may be off, in units, at least: the estimated errors of the
  // solver's steps, the first omitted terms, what audits found, and what
  // rounding leaves.
  double error_estimate() const { return error_ + rounding_; }
  // Of the flow's field.
  int64_t evaluations() const { return evaluations_; }

  // All that goes on, but for theta and whether it has started: state_words().
  int64_t state_words() const { return field_.dimension() + kOwnWords; }
  void WriteState(std::span<uint64_t> words) const;
  // Errors: DataLoss when no leap is ever in this state; then good for nothing
  // else.
  absl::Status ReadState(bool started, std::span<const uint64_t> words);

 private:
  static constexpr int64_t kOwnWords = 14;

  // What the last step has shown to end the leap.
  enum class End : int64_t { kNot = 0, kSeries = 1, kGain = 2 };

  double Unit(double s, std::span<const double> theta) const;
  // How long the first omitted term is, by the last evaluation.
  double Omitted() const;
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
  absl::Status TakeStep();

  FarField field_;
  const Options options_;
  int terms_ = FarField::kMostTerms;
  int step_terms_ = FarField::kMostTerms;  // those of the last step
  double error_ = 0;
  double rounding_ = 0;
  double audit_at_ = 0;      // the next
  int64_t slow_steps_ = 0;   // in a row
  int64_t stiff_steps_ = 0;  // likewise
  int64_t evaluations_ = 0;  // after the last step
  bool implicit_ = false;    // whether it is Radau
  End end_ = End::kNot;
  bool spoilt_ = false;  // the last step is not to be trusted
  std::unique_ptr<OdeSolver> solver_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_FAR_TIME_H_
