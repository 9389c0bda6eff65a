#include "training/dop853.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace steelyard::training {
namespace {

constexpr size_t kPlain = 12;   // stages of a step
constexpr size_t kStages = 13;  // and the slope at its end

// Where a stage stands within the step.
constexpr double kNodes[kStages] = {0.0,
                                    0.05260015195876773,
                                    0.0789002279381516,
                                    0.1183503419072274,
                                    0.2816496580927726,
                                    0.3333333333333333,
                                    0.25,
                                    0.3076923076923077,
                                    0.6512820512820513,
                                    0.6,
                                    0.8571428571428571,
                                    1.0,
                                    1.0};

// What a stage takes of those before it: that of stage i begin at i (i - 1)
// / 2. Row kPlain is the step itself.
constexpr double kMatrix[78] = {0.05260015195876773,
                                0.0197250569845379,
                                0.0591751709536137,
                                0.02958758547680685,
                                0.0,
                                0.08876275643042054,
                                0.2413651341592667,
                                0.0,
                                -0.8845494793282861,
                                0.924834003261792,
                                0.037037037037037035,
                                0.0,
                                0.0,
                                0.17082860872947386,
                                0.12546768756682242,
                                0.037109375,
                                0.0,
                                0.0,
                                0.17025221101954405,
                                0.06021653898045596,
                                -0.017578125,
                                0.03709200011850479,
                                0.0,
                                0.0,
                                0.17038392571223998,
                                0.10726203044637328,
                                -0.015319437748624402,
                                0.008273789163814023,
                                0.6241109587160757,
                                0.0,
                                0.0,
                                -3.3608926294469414,
                                -0.868219346841726,
                                27.59209969944671,
                                20.154067550477894,
                                -43.48988418106996,
                                0.47766253643826434,
                                0.0,
                                0.0,
                                -2.4881146199716677,
                                -0.590290826836843,
                                21.230051448181193,
                                15.279233632882423,
                                -33.28821096898486,
                                -0.020331201708508627,
                                -0.9371424300859873,
                                0.0,
                                0.0,
                                5.186372428844064,
                                1.0914373489967295,
                                -8.149787010746927,
                                -18.52006565999696,
                                22.739487099350505,
                                2.4936055526796523,
                                -3.0467644718982196,
                                2.273310147516538,
                                0.0,
                                0.0,
                                -10.53449546673725,
                                -2.0008720582248625,
                                -17.9589318631188,
                                27.94888452941996,
                                -2.8589982771350235,
                                -8.87285693353063,
                                12.360567175794303,
                                0.6433927460157636,
                                0.054293734116568765,
                                0.0,
                                0.0,
                                0.0,
                                0.0,
                                4.450312892752409,
                                1.8915178993145003,
                                -5.801203960010585,
                                0.3111643669578199,
                                -0.1521609496625161,
                                0.20136540080403034,
                                0.04471061572777259};

// The two error estimates.
constexpr double kThird[kPlain] = {
    -0.18980075407240762,
    0.0,
    0.0,
    0.0,
    0.0,
    4.450312892752409,
    1.8915178993145003,
    -5.801203960010585,
    -0.4226823213237919,
    -0.1521609496625161,
    0.20136540080403034,
    0.02265179219836082,
};
constexpr double kFifth[kPlain] = {
    0.01312004499419488,
    0.0,
    0.0,
    0.0,
    0.0,
    -1.2251564463762044,
    -0.4957589496572502,
    1.6643771824549864,
    -0.35032884874997366,
    0.3341791187130175,
    0.08192320648511571,
    -0.022355307863886294,
};

const double* Row(size_t stage) { return kMatrix + stage * (stage - 1) / 2; }

}  // namespace

Dop853::Dop853(Field field, Allowed allowed, Bound bound, double s,
               std::vector<double> y)
    : OdeSolver(std::move(field), std::move(allowed), s, std::move(y)),
      bound_(std::move(bound)),
      slopes_(kStages, std::vector<double>(y_.size())),
      old_slope_(y_.size()),
      room_(y_.size()) {
  Renew();
}

void Dop853::Renew() {
  field_(s_, y_, slopes_[0]);
  ++evaluations_;
}

void Dop853::Evaluate(size_t stage, double s, double length,
                      const std::vector<double>& from) {
  room_ = from;
  const double* row = Row(stage);
  for (size_t k = 0; k < stage; ++k) {
    if (row[k] == 0) continue;
    const double factor = length * row[k];
    for (size_t j = 0; j < room_.size(); ++j) {
      room_[j] += factor * slopes_[k][j];
    }
  }
  field_(s + kNodes[stage] * length, room_, slopes_[stage]);
}

double Dop853::ErrorOf(double length) const {
  double fifth = 0;
  double third = 0;
  for (size_t j = 0; j < y_.size(); ++j) {
    double five = 0;
    double three = 0;
    for (size_t k = 0; k < kPlain; ++k) {
      five += kFifth[k] * slopes_[k][j];
      three += kThird[k] * slopes_[k][j];
    }
    fifth += five * five;
    third += three * three;
  }
  if (fifth == 0 && third == 0) return 0;
  return length * fifth / std::sqrt(fifth + 0.01 * third);
}

bool Dop853::Step(double least_length) {
  constexpr double kSafety = 0.9;
  constexpr double kLeast = 0.3;
  constexpr double kMost = 6;
  constexpr double kStable = 4;  // the border is at about 6
  for (;;) {
    if (!(pace_.length >= least_length)) return false;
    Try();
    for (size_t stage = 1; stage <= kPlain; ++stage) {
      Evaluate(stage, s_, pace_.length, y_);
    }
    evaluations_ += kPlain;
    const double error = ErrorOf(pace_.length);
    const double share =
        error / allowed_(s_ + pace_.length, pace_.length, room_);
    const double stiffness = pace_.length * bound_();
    // What the next length may be of this one.
    const double hold = stiffness > 0 ? kStable / stiffness : kMost;
    const double factor =
        std::min(share > 0 ? kSafety * std::pow(share, -1.0 / 8) : kMost, hold);
    // A share that is no number is one of a step far too long.
    if (!(share <= 1) || hold < kSafety || !std::isfinite(LengthOf(room_))) {
      pace_.length *=
          std::isfinite(share) ? std::clamp(factor, kLeast, kSafety) : kLeast;
      pace_.rejected = true;
      continue;
    }
    stiff_ = stiffness > kStable / 2;
    old_slope_.swap(slopes_[0]);
    slopes_[0].swap(slopes_[kPlain]);
    Accept(error, std::clamp(factor, kLeast, kMost), room_);
    return true;
  }
}

void Dop853::Reach(double s, std::span<double> y) {
  for (size_t stage = 1; stage < kPlain; ++stage) {
    Evaluate(stage, s_, s - s_, y_);
  }
  Place(s - s_, y_, y);
}

void Dop853::Place(double length, const std::vector<double>& from,
                   std::span<double> y) const {
  std::copy(from.begin(), from.end(), y.begin());
  const double* row = Row(kPlain);
  for (size_t k = 0; k < kPlain; ++k) {
    if (row[k] == 0) continue;
    for (size_t j = 0; j < y.size(); ++j)
      y[j] += length * row[k] * slopes_[k][j];
  }
}

double Dop853::Interpolate(double s, std::span<double> y) {
  if (s >= s_ || taken_ == 0) {
    std::copy(y_.begin(), y_.end(), y.begin());
    return 0;
  }
  old_slope_.swap(slopes_[0]);
  for (size_t stage = 1; stage < kPlain; ++stage) {
    Evaluate(stage, begin_, s - begin_, old_);
  }
  Place(s - begin_, old_, y);
  // Of long steps it may well be more: errors of two orders cancel at the end.
  const double error = ErrorOf(s - begin_);
  old_slope_.swap(slopes_[0]);
  return std::max(0.0, error - error_);
}

}  // namespace steelyard::training
