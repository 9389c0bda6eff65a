#include "training/far_time.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/dop853.h"
#include "training/radau.h"

namespace steelyard::training {
namespace {

// Of the tolerance, what the first omitted term may take, and the solver's
// steps over one e-fold of s.  The term falls as a power of t, so that all of
// it is less than its value at the start; over ln s steps take less than a
// fifth up to s = 2e4.
constexpr double kOmittedShare = 0.1;
constexpr double kStepShare = 0.02;
// Of the tolerance, what errors are held to that may grow.
constexpr double kGrowingShare = 0.1;
// The estimate adds up bounds: so many tolerances are clearly too many.
constexpr double kMostError = 10;
// An estimate that says that nothing is known: all of the unit.
constexpr double kUnknown = 1;
// A series whose terms fall by less is not taken to converge.
constexpr double kMostRatio = 0.5;
// What rounding does to the estimated error of a step, times ||theta||: e^(s -
// m) is known to s epsilons.  Such errors are not added up: mostly the flow
// contracts.
constexpr double kNoise = 16 * std::numeric_limits<double>::epsilon();
// The explicit solver's gradients in a step, for each term.
constexpr double kStages = 12;
// So many steps in a row that gain nothing over real ones are enough.
constexpr int64_t kMostSlowSteps = 20;
// After so many steps in a row that the fastest rate holds short, or that gain
// nothing, and of so many parameters at most, an implicit method goes on.
constexpr int64_t kMostStiffSteps = 15;
constexpr int64_t kMostSlowExplicit = 5;
// Where something has converged but for rounding, and nobody can tell whether
// it rests, leaps become ever shorter: so many evaluations in all, and for each
// e-fold of s, are far more than what others take.
constexpr double kMostEvaluations = 1e7;
constexpr double kMostEvaluationsEach = 1e3;
// A kink that is nearer is come to by real steps.
constexpr double kMostKinkSteps = 64;

absl::Status LeapError(double s, absl::string_view reason) {
  return absl::OutOfRangeError(absl::StrCat(
      "leap: after 10^", s / std::numbers::ln10, " steps ", reason));
}

}  // namespace

FarTime::FarTime(std::unique_ptr<FarField> field, double tolerance)
    : field_(std::move(field)),
      tolerance_(tolerance),
      aim_(field_->contracts() ? tolerance : kGrowingShare * tolerance) {
  if (!field_->contracts()) growth_.emplace(field_->dimension());
}

double FarTime::Unit(double s, std::span<const double> theta) const {
  return std::min(LengthOf(theta) / (1 + s),
                  std::max(1.0, field_->least_margin()) / longest_row_);
}

void FarTime::SetUnit(double s, std::span<const double> theta) {
  const double before = unit_;
  unit_ = Unit(s, theta);
  // The same length in another unit.
  error_ *= before / unit_;
  rounding_ *= before / unit_;
}

// The k-th difference of a power of t is about k / t of the one before: the
// last two tell the next.
double FarTime::Omitted() const {
  const std::span<const double> lengths = field_->differences();
  const size_t terms = lengths.size();
  if (terms < 2) return SecondTerm();
  // What rounding leaves of a difference, for each that it is taken of.
  const double noise = std::ldexp(kNoise * lengths[0], static_cast<int>(terms));
  const double last = lengths[terms - 1];
  if (last <= noise) return 0;
  const auto k = static_cast<double>(terms);
  const double ratio =
      last / std::max(lengths[terms - 2], noise / 2) * k / (k - 1);
  return last * std::min(ratio, 1.0) / (k + 1);
}

// A step moves theta by e^-s G, and G by at most the fastest rate times that.
double FarTime::SecondTerm() const {
  return 0.5 * std::exp(-solver_->s()) * field_->RateBound() *
         field_->differences()[0];
}

double FarTime::OmittedAfter(size_t terms) const {
  const std::span<const double> lengths = field_->differences();
  if (terms >= lengths.size()) return Omitted();
  return lengths[terms] / static_cast<double>(terms + 1);
}

size_t FarTime::TermsAt(double allowed) const {
  const std::span<const double> lengths = field_->differences();
  // What rounding leaves of a difference, for each that it is taken of.
  const double noise = kNoise * lengths[0];
  double most = noise;
  for (size_t k = 1; k < lengths.size(); ++k) {
    most *= 2;
    if (!(lengths[k] <= std::max(most, kMostRatio * lengths[k - 1]))) return 0;
    if (k >= 2 && OmittedAfter(k) <= allowed) return k;
  }
  return Omitted() <= allowed ? lengths.size() : 0;
}

bool FarTime::Start(double t, std::span<const double> theta) {
  constexpr double kShortStep = 0.2;  // of s
  const double s = std::log(t);
  std::vector<double> slope(theta.size());
  if (growth_) GrowBy(growth_->GrowTo(*field_, s, theta));
  if (!(error_ <= kMostError * tolerance_)) return false;
  field_->Watch();
  field_->Evaluate(s, FarField::kMostTerms, theta, slope);
  ++evaluations_;
  if (!std::isfinite(LengthOf(slope)) || !field_->smooth()) return false;
  longest_row_ = field_->LongestRow(theta);
  SetUnit(s, theta);
  settle_at_ = 0;
  if (Settle(s, theta, slope)) return true;
  const size_t terms = TermsAt(kOmittedShare * aim_ * unit_);
  if (terms == 0 || kStages * static_cast<double>(terms) > kShortStep * t ||
      !(field_->ToKink(theta, slope) * t > kMostKinkSteps)) {
    return false;
  }
  step_terms_ = terms_ = static_cast<int>(terms);
  omitted_ = OmittedAfter(terms);
  audit_at_ = s;
  slow_steps_ = 0;
  stiff_steps_ = 0;
  MakeSolver(false, s, theta);
  evaluations_ += solver_->evaluations();
  return true;
}

bool FarTime::Settle(double s, std::span<const double> theta,
                     std::span<const double> slope) {
  // Not to be looked at so often that it takes time.
  constexpr double kApart = 0.5;
  constexpr double kFurther = 1.05;
  constexpr double kSteepest = 2;  // times a step's curvature: stable
  if (s < settle_at_ || resting() ||
      field_->dimension() > FarField::kMostModes) {
    return false;
  }
  const double allowed = kOmittedShare * tolerance_ * unit_;
  // Nothing that has converged moves further in a step; what has not may.
  const double moves = LengthOf(slope) * std::exp(-s);
  if (!(moves <= kSteepest * allowed)) return false;
  settle_at_ = kFurther * s + kApart;
  std::vector<double> at(theta.begin(), theta.end());
  const std::optional<double> doubt = field_->Settle(s, allowed, at);
  if (!doubt) return false;
  error_ += (allowed + *doubt) / unit_;
  MakeSolver(false, s, at);
  evaluations_ += solver_->evaluations();
  return true;
}

double FarTime::error_estimate() const {
  if (!has_led()) return 0;
  // Now and then the solver's estimate of a step passes through 0.
  return std::max(error_ + rounding_, kStepShare * tolerance_) + place_error_;
}

void FarTime::Doubt(double t, std::span<const double> theta) {
  if (has_led() && error_ < kUnknown && field_->Swings(t, theta)) {
    error_ = kUnknown;
  }
  if (growth_) GrowBy(growth_->GrowTo(*field_, std::log(t), theta));
}

void FarTime::TakeSteps(int64_t step, int64_t count, std::span<double> theta) {
  if (field_->TakeSteps(static_cast<double>(step), count, theta)) {
    error_ = std::max(error_, kUnknown);
  }
}

void FarTime::MakeSolver(bool implicit, double s,
                         std::span<const double> theta) {
  const auto slope = [this](double at, std::span<const double> y,
                            std::span<double> to) {
    field_->Evaluate(at, terms_, y, to);
  };
  const auto allowed = [this](double end, double length,
                              std::span<const double> y) {
    return kStepShare * aim_ * length / (1 + end) * Unit(end, y) +
           kNoise * LengthOf(y);
  };
  const auto modes = [this](double at, std::span<const double> y,
                            std::span<double> values,
                            std::span<double> vectors) {
    field_->Modes(at, terms_, y, values, vectors);
    mode_values_ = values;
    mode_vectors_ = vectors;
  };
  std::vector<double> y(theta.begin(), theta.end());
  implicit_ = implicit;
  spoilt_ = false;
  end_ = End::kNot;
  if (implicit) {
    solver_ = std::make_unique<Radau>(slope, allowed, modes, s, std::move(y));
  } else {
    const auto bound = [this] { return field_->RateBound(); };
    solver_ = std::make_unique<Dop853>(slope, allowed, bound, s, std::move(y));
  }
  solver_->set_on_try([this] { field_->Forgive(); });
}

void FarTime::ChooseTerms() {
  const double allowed = kOmittedShare * aim_ * unit_;
  const std::span<const double> lengths = field_->differences();
  // With a term less the last one is the first omitted.
  double last = OmittedAfter(lengths.size() - 1);
  // That of a single term no difference tells: it may grow unseen.
  if (terms_ == 2) last = std::max(last, SecondTerm());
  if (terms_ > 1 && last <= allowed) {
    --terms_;
  } else if (Omitted() > allowed) {
    if (terms_ == FarField::kMostTerms) {
      end_ = End::kSeries;
      return;
    }
    ++terms_;
  } else {
    return;
  }
  solver_->Renew();
  ++evaluations_;
}

void FarTime::CheckGain(int64_t spent) {
  const double steps =
      std::exp(solver_->begin()) * std::expm1(solver_->taken());
  const double gradients = static_cast<double>(spent) * step_terms_;
  slow_steps_ = steps < gradients ? slow_steps_ + 1 : 0;
  if (slow_steps_ >= kMostSlowSteps) end_ = End::kGain;
}

void FarTime::GrowBy(const ErrorGrowth::Growth& growth) {
  // Once nothing is known, no more is said.
  const auto grown = [&growth](double error) {
    // In this order what is no number is not known.
    return std::min(std::max(error, kUnknown), error * growth.factor);
  };
  error_ = grown(error_);
  rounding_ = grown(rounding_);
  evaluations_ += growth.gradients;
}

void FarTime::GrowOverStep() {
  if (implicit_) {
    GrowBy(growth_->GrowTo(solver_->s(), mode_values_, mode_vectors_));
    return;
  }
  std::vector<double> halfway(solver_->y().begin(), solver_->y().end());
  for (size_t j = 0; j < halfway.size(); ++j) {
    halfway[j] = 0.5 * (halfway[j] + solver_->old()[j]);
  }
  GrowBy(growth_->GrowTo(*field_, solver_->s(), halfway));
}

double FarTime::Interpolate(double s, std::span<double> theta) {
  // By the field that the step was taken with.
  std::swap(terms_, step_terms_);
  const double error = solver_->Interpolate(s, theta);
  std::swap(terms_, step_terms_);
  return error;
}

absl::Status FarTime::Audit() {
  constexpr double kApart = 1;
  constexpr double kMostSteps = 1000;
  constexpr double kClear = 10;  // times what rounding does
  if (solver_->begin() < audit_at_) return absl::OkStatus();
  audit_at_ = solver_->begin() + kApart;
  const double noise = kNoise * LengthOf(solver_->old());
  // Over which length of s the two may differ by so much that it can be told.
  const double clear = kClear * noise / (tolerance_ * unit_);
  const double t = std::exp(solver_->begin());
  const double steps = std::max(1.0, std::ceil(t * std::expm1(clear)));
  const double length = std::log1p(steps / t);
  if (!(steps <= kMostSteps) || length > solver_->taken()) {
    return absl::OkStatus();
  }
  std::vector<double> real(solver_->old().begin(), solver_->old().end());
  std::vector<double> flow(real.size());
  field_->TakeSteps(t, static_cast<int64_t>(steps), real);
  Interpolate(solver_->begin() + length, flow);
  for (size_t j = 0; j < flow.size(); ++j) flow[j] -= real[j];
  const double apart = std::max(0.0, LengthOf(flow) - noise) / unit_ / length;
  if (apart <= tolerance_) {
    error_ += apart * kApart;  // all of the way to the next may be as bad
    return absl::OkStatus();
  }
  spoilt_ = true;
  end_ = End::kOther;
  return LeapError(
      solver_->begin(),
      absl::StrCat("real steps and the flow part by ", apart, " an e-fold"));
}

void FarTime::ChooseMethod() {
  const bool held =
      stiff_steps_ >= kMostStiffSteps || slow_steps_ >= kMostSlowExplicit;
  if (implicit_ || !held || field_->dimension() > FarField::kMostModes) return;
  const std::vector<double> y(solver_->y().begin(), solver_->y().end());
  const OdeSolver::Pace pace = solver_->pace();
  MakeSolver(true, solver_->s(), y);
  solver_->set_pace(pace);
  ++evaluations_;
  slow_steps_ = 0;
}

absl::Status FarTime::TakeSmoothStep() {
  constexpr double kShare = 0.9;     // of the way to a kink as it is foreseen
  constexpr double kShorter = 0.25;  // after a step that passed one
  constexpr double kLongest = 1e150;
  // A leap over fewer real steps gains nothing.
  constexpr double kLeastSteps = 4;
  const double least = std::max(
      kLeastSteps * std::exp(-solver_->s()),
      kLeastSteps * std::numeric_limits<double>::epsilon() * solver_->s());
  const auto near_kink = [this] {
    end_ = End::kKink;
    return LeapError(solver_->s(),
                     "a margin comes to where the loss's slope jumps");
  };
  for (;;) {
    field_->Watch();
    const double way = kShare * field_->ToKink(solver_->y(), solver_->slope());
    const double shortest = kMostKinkSteps * std::exp(-solver_->s());
    if (way < shortest) return near_kink();
    OdeSolver::Pace pace = solver_->pace();
    pace.length = std::min(pace.length, way);
    solver_->set_pace(pace);
    const int64_t before = solver_->evaluations();
    if (!solver_->Step(least)) {
      return LeapError(solver_->s(),
                       LengthOf(solver_->y()) < kLongest
                           ? "no leap is short enough for the tolerance"
                           : "the squares of the parameters overflow");
    }
    evaluations_ += solver_->evaluations() - before;
    if (field_->smooth()) return absl::OkStatus();
    const std::vector<double> y(solver_->old().begin(), solver_->old().end());
    pace.length = kShorter * solver_->taken();
    MakeSolver(implicit_, solver_->begin(), y);
    ++evaluations_;
    if (pace.length < shortest) return near_kink();
    solver_->set_pace(pace);
  }
}

std::string FarTime::SeriesText() const {
  const double moves = LengthOf(solver_->slope()) * std::exp(-solver_->s());
  return moves <= kOmittedShare * tolerance_ * unit_
             ? "the parameters all but rest, and what moves them rounds"
             : "the difference series does not converge";
}

absl::Status FarTime::TakeStep() {
  // What the last step has shown ends the leap here, not before: a place within
  // that step may have been asked for.
  if (end_ == End::kSeries) {
    return LeapError(solver_->s(), SeriesText());
  }
  if (end_ == End::kGain) {
    return LeapError(solver_->s(), "leaps gain nothing over real steps");
  }
  if (!(error_ <= kMostError * tolerance_)) {
    end_ = End::kOther;
    return LeapError(solver_->s(),
                     "the error estimate is far above the tolerance");
  }
  if (Settle(solver_->s(), solver_->y(), solver_->slope())) {
    return absl::OkStatus();
  }
  if (static_cast<double>(evaluations_) >
      kMostEvaluations + kMostEvaluationsEach * solver_->s()) {
    end_ = End::kOther;
    return LeapError(solver_->s(), "leaps have become too short");
  }
  ChooseMethod();
  step_terms_ = terms_;
  longest_row_ = field_->LongestRow(solver_->y());
  const int64_t before = evaluations_;
  if (absl::Status failure = TakeSmoothStep(); !failure.ok()) {
    if (end_ == End::kNot) end_ = End::kOther;
    return failure;
  }
  if (implicit_ && !field_->Stable(solver_->s())) {
    // It would go on where real steps do not.
    spoilt_ = true;
    end_ = End::kSeries;
    return LeapError(solver_->begin(), SeriesText());
  }
  stiff_steps_ = solver_->stiff() ? stiff_steps_ + 1 : 0;
  SetUnit(solver_->s(), solver_->y());
  CheckGain(evaluations_ - before);
  const double omitted = Omitted();
  ChooseTerms();
  AddErrors(omitted);
  return Audit();
}

void FarTime::AddErrors(double omitted) {
  constexpr double kRounds = std::numeric_limits<double>::epsilon();
  // Of an error that may grow most may lie where the one that is followed has
  // little.
  const double aside = growth_ ? 5 : 1;
  const double size = LengthOf(solver_->y());
  const double noise = kNoise * size;
  const double more = aside *
                      (std::max(0.0, solver_->error() - noise) +
                       std::max(omitted_, omitted) * solver_->taken()) /
                      unit_;
  omitted_ = omitted;
  if (growth_) {
    // Nothing makes it less again: as that of so many random steps.
    const double rounding =
        aside * std::clamp(solver_->error(), kRounds * size, noise) / unit_;
    GrowOverStep();
    growth_->Add(error_ + rounding_, more + rounding, solver_->slope());
    rounding_ = std::hypot(rounding_, rounding);
  } else {
    rounding_ = std::max(rounding_, noise / unit_);
  }
  error_ += more;
}

int64_t FarTime::Leave(std::span<double> theta) {
  // Where a leap began at a whole step, its logarithm may say a hair less.
  constexpr double kHair = 1 + 1e-14;
  const double s = spoilt_ ? solver_->begin() : solver_->s();
  const std::span<const double> y = spoilt_ ? solver_->old() : solver_->y();
  const auto step = static_cast<int64_t>(std::floor(kHair * std::exp(s)));
  MakeSolver(false, s, std::vector<double>(y.begin(), y.end()));
  static_cast<Dop853&>(*solver_).Reach(std::log(static_cast<double>(step)),
                                       theta);
  Drop();
  return step;
}

absl::Status FarTime::Advance(double s, std::span<double> theta) {
  place_error_ = 0;
  while (solver_->s() < s && !resting()) STEELYARD_RETURN_IF_ERROR(TakeStep());
  if (solver_->s() < s) {
    std::copy(solver_->y().begin(), solver_->y().end(), theta.begin());
  } else {
    place_error_ = Interpolate(s, theta) / unit_;
  }
  return absl::OkStatus();
}

}  // namespace steelyard::training
