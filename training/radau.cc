#include "training/radau.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "Eigen/Dense"

namespace steelyard::training {
namespace {

constexpr int kOrder = 5;  // the stages
using Square = Eigen::Matrix<double, kOrder, kOrder>;
using Column = Eigen::Matrix<double, kOrder, 1>;
using Complex = std::complex<double>;
using ComplexSquare = Eigen::Matrix<Complex, kOrder, kOrder>;

// P_5(2 x - 1) - P_4(2 x - 1), of Legendre's polynomials, whose roots are the
// nodes.
long double NodePolynomial(long double x) {
  const long double z = 2 * x - 1;
  long double before = 1;
  long double now = z;
  for (int k = 1; k < kOrder; ++k) {
    const long double next = ((2 * k + 1) * z * now - k * before) / (k + 1);
    before = now;
    now = next;
  }
  return now - before;
}

struct Method {
  double nodes[kOrder];
  ComplexSquare vectors;   // of the inverse of the matrix
  ComplexSquare inverse;   // of `vectors`
  Complex values[kOrder];  // of the inverse of the matrix
  double gamma = 0;        // one over its real eigenvalue
  double weights[kOrder];  // of the stages in the error
  Square to_coefficients;  // of the polynomial through 0 and the stages

  Method();
};

Method::Method() {
  // The last node is 1; of the others each lies between two of a fine grid.
  constexpr int kGrid = 1000;
  int found = 0;
  for (int k = 0; k < kGrid - 1 && found < kOrder - 1; ++k) {
    long double low = static_cast<long double>(k) / kGrid;
    long double high = static_cast<long double>(k + 1) / kGrid;
    if ((NodePolynomial(low) > 0) == (NodePolynomial(high) > 0)) continue;
    const bool rises = NodePolynomial(high) > 0;
    for (int halving = 0; halving < 70; ++halving) {
      const long double middle = (low + high) / 2;
      ((NodePolynomial(middle) > 0) == rises ? high : low) = middle;
    }
    nodes[found++] = static_cast<double>((low + high) / 2);
  }
  nodes[kOrder - 1] = 1;
  // sum_j a_ij c_j^(k-1) = c_i^k / k
  Square powers;
  Square integrals;
  Column rest;
  for (int i = 0; i < kOrder; ++i) {
    double power = 1;
    for (int k = 0; k < kOrder; ++k) {
      powers(i, k) = power;
      power *= nodes[i];
      integrals(i, k) = power / (k + 1);
    }
    rest(i) = 1.0 / (i + 1);
  }
  const Square matrix = integrals * powers.inverse();
  const Eigen::EigenSolver<Square> eigen(matrix.inverse());
  vectors = eigen.eigenvectors();
  inverse = vectors.inverse();
  for (int k = 0; k < kOrder; ++k) {
    values[k] = eigen.eigenvalues()(k);
    if (std::fabs(values[k].imag()) < 1e-8) gamma = 1 / values[k].real();
  }
  // The quadrature that has gamma f(0) too is right to the same degree but one;
  // the error is their difference: e' A = b^ - b, b being the matrix's last
  // row.
  rest(0) -= gamma;
  const Column other = powers.transpose().partialPivLu().solve(rest);
  const Column difference = other - matrix.row(kOrder - 1).transpose();
  const Column error = matrix.transpose().partialPivLu().solve(difference);
  for (int k = 0; k < kOrder; ++k) weights[k] = error(k);
  // The polynomial sum_k p_k x^k, k = 1 ... 5.
  Square positive;
  for (int i = 0; i < kOrder; ++i) {
    for (int k = 0; k < kOrder; ++k) {
      positive(i, k) = powers(i, k) * nodes[i];
    }
  }
  to_coefficients = positive.inverse();
}

const Method& TheMethod() {
  static const Method* const kMethod = new Method();
  return *kMethod;
}

}  // namespace

Radau::Radau(Field field, Allowed allowed, Modes modes, double s,
             std::vector<double> y)
    : OdeSolver(std::move(field), std::move(allowed), s, std::move(y)),
      modes_(std::move(modes)),
      values_(y_.size()),
      vectors_(y_.size() * y_.size()),
      slope_(y_.size()),
      stages_(kStages, std::vector<double>(y_.size())),
      taken_stages_(stages_),
      mode_slopes_(stages_),
      unknowns_(kStages, std::vector<Complex>(y_.size())),
      room_(y_.size()),
      mode_room_(y_.size()),
      error_room_(y_.size()) {
  Renew();
}

void Radau::Renew() {
  field_(s_, y_, slope_);
  ++evaluations_;
}

void Radau::ToModes(const std::vector<double>& y,
                    std::vector<double>& modes) const {
  const size_t d = y.size();
  for (size_t k = 0; k < d; ++k) {
    double sum = 0;
    for (size_t j = 0; j < d; ++j) sum += vectors_[k * d + j] * y[j];
    modes[k] = sum;
  }
}

void Radau::FromModes(const std::vector<double>& modes,
                      std::vector<double>& y) const {
  const size_t d = y.size();
  std::fill(y.begin(), y.end(), 0.0);
  for (size_t k = 0; k < d; ++k) {
    for (size_t j = 0; j < d; ++j) y[j] += vectors_[k * d + j] * modes[k];
  }
}

void Radau::StageSlopes() {
  const Method& method = TheMethod();
  Try();
  for (size_t i = 0; i < kStages; ++i) {
    for (size_t j = 0; j < y_.size(); ++j) room_[j] = y_[j] + stages_[i][j];
    field_(s_ + method.nodes[i] * pace_.length, room_, error_room_);
    ToModes(error_room_, mode_slopes_[i]);
  }
  evaluations_ += kStages;
}

bool Radau::Solve(double allowed) {
  constexpr int kMostSteps = 15;
  constexpr double kShare = 1e-3;  // of the allowed error
  const Method& method = TheMethod();
  const size_t d = y_.size();
  for (size_t i = 0; i < kStages; ++i) {
    std::fill(stages_[i].begin(), stages_[i].end(), 0.0);
    std::fill(unknowns_[i].begin(), unknowns_[i].end(), Complex());
  }
  double before = 0;
  for (int step = 0; step < kMostSteps; ++step) {
    StageSlopes();
    for (size_t k = 0; k < kStages; ++k) {
      const Complex factor = method.values[k] / pace_.length;
      for (size_t j = 0; j < d; ++j) {
        Complex slope;
        for (size_t i = 0; i < kStages; ++i) {
          slope += method.inverse(static_cast<int>(k), static_cast<int>(i)) *
                   mode_slopes_[i][j];
        }
        unknowns_[k][j] +=
            (slope - factor * unknowns_[k][j]) / (factor - values_[j]);
      }
    }
    double change = 0;
    for (size_t i = 0; i < kStages; ++i) {
      for (size_t j = 0; j < d; ++j) {
        Complex sum;
        for (size_t k = 0; k < kStages; ++k) {
          sum += method.vectors(static_cast<int>(i), static_cast<int>(k)) *
                 unknowns_[k][j];
        }
        mode_room_[j] = sum.real();
      }
      FromModes(mode_room_, room_);
      double squares = 0;
      for (size_t j = 0; j < d; ++j) {
        squares += (room_[j] - stages_[i][j]) * (room_[j] - stages_[i][j]);
      }
      change = std::max(change, std::sqrt(squares));
      stages_[i].swap(room_);
    }
    if (!std::isfinite(change)) return false;
    const double rate = step > 0 ? change / before : 0;
    if (step > 0 && rate >= 1 && change > allowed) return false;
    if (change == 0 || (step > 0 && (rate >= 1 || rate / (1 - rate) * change <=
                                                      kShare * allowed))) {
      return true;
    }
    before = change;
  }
  return false;
}

double Radau::ErrorOf(const std::vector<double>& slope) {
  const Method& method = TheMethod();
  for (size_t j = 0; j < y_.size(); ++j) {
    double sum = method.gamma * pace_.length * slope[j];
    for (size_t i = 0; i < kStages; ++i) {
      sum += method.weights[i] * stages_[i][j];
    }
    error_room_[j] = sum;
  }
  ToModes(error_room_, mode_room_);
  for (size_t j = 0; j < y_.size(); ++j) {
    mode_room_[j] /= 1 - pace_.length * method.gamma * values_[j];
  }
  FromModes(mode_room_, error_room_);
  return LengthOf(error_room_);
}

bool Radau::Step(double least_length) {
  constexpr double kSafety = 0.8;
  constexpr double kLeast = 0.3;
  constexpr double kMost = 6;
  modes_(s_, y_, values_, vectors_);
  // What is allowed may be of where f was last evaluated: that is here, at each
  // attempt, so that the one which stands has the same bits when it is the
  // first.
  for (;;) {
    if (!(pace_.length >= least_length)) return false;
    const double may = allowed_(s_ + pace_.length, pace_.length, y_);
    if (!Solve(may)) {
      pace_.length *= 0.5;
      pace_.rejected = true;
      Renew();
      continue;
    }
    double error = ErrorOf(slope_);
    if (error > may) {
      // Of stiff modes the estimate is far too large; once more, filtered by f.
      for (size_t j = 0; j < y_.size(); ++j) room_[j] = y_[j] + error_room_[j];
      std::vector<double> near(y_.size());
      field_(s_, room_, near);
      ++evaluations_;
      error = ErrorOf(near);
    }
    const double share = error / may;
    const double factor =
        share > 0 ? kSafety * std::pow(share, -1.0 / (kOrder + 1)) : kMost;
    if (!(share <= 1)) {
      pace_.length *=
          std::isfinite(share) ? std::clamp(factor, kLeast, kSafety) : kLeast;
      pace_.rejected = true;
      Renew();
      continue;
    }
    for (size_t j = 0; j < y_.size(); ++j) {
      room_[j] = y_[j] + stages_[kStages - 1][j];
    }
    taken_stages_.swap(stages_);
    Accept(error, std::clamp(factor, kLeast, kMost), room_);
    Renew();
    return true;
  }
}

double Radau::Interpolate(double s, std::span<double> y) {
  if (s >= s_ || taken_ == 0) {
    std::copy(y_.begin(), y_.end(), y.begin());
    return 0;
  }
  const Method& method = TheMethod();
  const double x = (s - begin_) / taken_;
  // What each stage adds at x.
  double shares[kStages] = {};
  double power = x;
  for (int k = 0; k < kOrder; ++k) {
    for (int i = 0; i < kOrder; ++i) {
      shares[i] += method.to_coefficients(k, i) * power;
    }
    power *= x;
  }
  for (size_t j = 0; j < y.size(); ++j) {
    double sum = 0;
    for (size_t i = 0; i < kStages; ++i) sum += shares[i] * taken_stages_[i][j];
    y[j] = old_[j] + sum;
  }
  // The step's estimate is of the order of what lies within it.
  return 0;
}

}  // namespace steelyard::training
