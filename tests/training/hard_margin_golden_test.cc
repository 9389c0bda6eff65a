// The hard-margin reference against rational arithmetic and scikit-learn's SVC:
// golden/make_hard_margin.py says what a line holds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "tests/training/problems.h"
#include "training/hard_margin.h"

namespace steelyard::training {
namespace {

constexpr int64_t kProblems = 500;
constexpr int64_t kLeastCompared = 450;
// How far below gamma* the margin of SVC's direction may be: what SVC is asked
// for.  Its distance from theta* is then at most the root of twice that.
constexpr double kSvcDeficit = 1e-6;

struct Problem {
  std::string kind;
  int64_t n = 0;
  int64_t d = 0;
  Tiles rows;
  bool separable = false;
  double gamma = 0;
  std::vector<double> direction;  // [d]
  bool unique = false;
  std::vector<double> p;    // [n]
  std::vector<double> svc;  // [d], empty where SVC found nothing
};

std::vector<double> ReadNumbers(std::istream& line, int64_t count) {
  std::vector<double> numbers;
  std::string word;
  while (std::ssize(numbers) < count && line >> word && word != "none") {
    numbers.push_back(std::strtod(word.c_str(), nullptr));
  }
  return numbers;
}

Problem Read(std::istream& line) {
  Problem problem;
  line >> problem.kind >> problem.n >> problem.d;
  Rows rows;
  rows.rows = problem.n;
  rows.columns = problem.d;
  rows.features = ReadNumbers(line, problem.n * problem.d);
  rows.labels.assign(static_cast<size_t>(problem.n), 1);
  std::vector<int64_t> all(static_cast<size_t>(problem.n));
  std::iota(all.begin(), all.end(), 0);
  problem.rows = Tiles(rows, all, false);
  std::string verdict;
  line >> verdict;
  problem.separable = verdict == "separable";
  if (!problem.separable) return problem;
  problem.gamma = ReadNumbers(line, 1)[0];
  problem.direction = ReadNumbers(line, problem.d);
  problem.unique = ReadNumbers(line, 1)[0] != 0;
  problem.p = ReadNumbers(line, problem.n);
  problem.svc = ReadNumbers(line, problem.d);
  return problem;
}

std::vector<Problem> ReadAll() {
  std::ifstream file(STEELYARD_HARD_MARGIN);
  std::vector<Problem> problems;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    problems.push_back(Read(line));
  }
  return problems;
}

// z_i . u
template <typename Real>
long double Product(const Tiles& rows, int64_t i, const std::vector<Real>& u) {
  long double sum = 0;
  for (size_t j = 0; j < u.size(); ++j) {
    sum += static_cast<long double>(u[j]) * rows.at(i, static_cast<int64_t>(j));
  }
  return sum;
}

template <typename Real>
double LeastMargin(const Tiles& rows, const std::vector<Real>& u) {
  long double least = Product(rows, 0, u);
  for (int64_t i = 1; i < rows.rows(); ++i) {
    least = std::min(least, Product(rows, i, u));
  }
  return static_cast<double>(least);
}

double LongestRow(const Tiles& rows) {
  double longest = 0;
  for (int64_t i = 0; i < rows.rows(); ++i) {
    std::vector<double> z;
    for (int64_t j = 0; j < rows.columns(); ++j) z.push_back(rows.at(i, j));
    longest =
        std::max(longest, static_cast<double>(std::sqrt(Product(rows, i, z))));
  }
  return longest;
}

double Distance(const std::vector<long double>& a,
                const std::vector<double>& b) {
  long double squares = 0;
  for (size_t j = 0; j < a.size(); ++j) {
    squares += (a[j] - b[j]) * (a[j] - b[j]);
  }
  return static_cast<double>(std::sqrt(squares));
}

// p as [n]
std::vector<double> Weights(const HardMargin& reference, int64_t n) {
  std::vector<double> p(static_cast<size_t>(n), 0);
  for (size_t k = 0; k < reference.support.size(); ++k) {
    p[static_cast<size_t>(reference.support[k])] = reference.p[k];
  }
  return p;
}

class HardMarginGoldenTest : public testing::Test {
 protected:
  const std::vector<Problem> problems_ = ReadAll();
};

TEST_F(HardMarginGoldenTest, VerdictsAreThoseOfRationalArithmetic) {
  ASSERT_EQ(std::ssize(problems_), kProblems);
  int64_t refuted = 0;
  for (int64_t k = 0; k < kProblems; ++k) {
    const Problem& problem = problems_[static_cast<size_t>(k)];
    SCOPED_TRACE(absl::StrCat("line ", k + 1, ", ", problem.kind));
    const auto reference = SolveHardMargin(problem.rows);
    if (problem.separable) {
      EXPECT_THAT(reference, IsOk());
    } else {
      EXPECT_EQ(reference.status().message(), "not separable");
      ++refuted;
    }
  }
  EXPECT_GE(refuted, 12);
}

TEST_F(HardMarginGoldenTest, SolutionsAreThoseOfRationalArithmetic) {
  int64_t unique = 0;
  int64_t open = 0;
  for (int64_t k = 0; k < std::ssize(problems_); ++k) {
    const Problem& problem = problems_[static_cast<size_t>(k)];
    if (!problem.separable) continue;
    SCOPED_TRACE(absl::StrCat("line ", k + 1, ", ", problem.kind));
    const auto reference = SolveHardMargin(problem.rows);
    ASSERT_THAT(reference, IsOk());
    EXPECT_NEAR(reference->gamma, problem.gamma, 1e-15 * problem.gamma);
    EXPECT_LE(Distance(reference->direction, problem.direction), 1e-15);
    EXPECT_LE(reference->residual, 1e-12);
    const double longest = LongestRow(problem.rows);
    EXPECT_GE(LeastMargin(problem.rows, reference->direction),
              problem.gamma - 1e-18 * longest - 1e-12 * problem.gamma);
    if (reference->unique) {
      EXPECT_TRUE(problem.unique);
      const std::vector<double> p = Weights(*reference, problem.n);
      for (size_t i = 0; i < p.size(); ++i) {
        EXPECT_NEAR(p[i], problem.p[i], 1e-12);
      }
    }
    unique += reference->unique ? 1 : 0;
    open += problem.unique && !reference->unique ? 1 : 0;
  }
  std::cout << unique << " dual solutions are unique, " << open
            << " more but for their rows' last digits\n";
  EXPECT_GT(unique, 300);
  EXPECT_LT(open, 30);
}

TEST_F(HardMarginGoldenTest, WeightsThatAreNotUniqueAreOptimal) {
  int64_t several = 0;
  for (const Problem& problem : problems_) {
    if (!problem.separable || problem.unique) continue;
    ++several;
    const auto reference = SolveHardMargin(problem.rows);
    ASSERT_THAT(reference, IsOk());
    const double longest = LongestRow(problem.rows);
    const std::vector<double> p = Weights(*reference, problem.n);
    EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-15);
    for (int64_t j = 0; j < problem.d; ++j) {
      long double point = 0;
      for (int64_t i = 0; i < problem.n; ++i) {
        point += static_cast<long double>(p[static_cast<size_t>(i)]) *
                 problem.rows.at(i, j);
      }
      const double want =
          problem.gamma * problem.direction[static_cast<size_t>(j)];
      EXPECT_NEAR(static_cast<double>(point), want, 1e-15 * longest);
    }
  }
  EXPECT_GT(several, 30);
}

TEST_F(HardMarginGoldenTest, ScikitLearnFindsTheSameDirection) {
  int64_t compared = 0;
  for (int64_t k = 0; k < std::ssize(problems_); ++k) {
    const Problem& problem = problems_[static_cast<size_t>(k)];
    if (problem.svc.empty()) continue;
    SCOPED_TRACE(absl::StrCat("line ", k + 1, ", ", problem.kind));
    ++compared;
    const auto reference = SolveHardMargin(problem.rows);
    ASSERT_THAT(reference, IsOk());
    const double margin = LeastMargin(problem.rows, problem.svc);
    // The digits of a unit vector that is written as doubles.
    const double rounding = 1e-15 * LongestRow(problem.rows);
    EXPECT_LE(margin, reference->gamma + rounding);
    EXPECT_GE(margin, reference->gamma * (1 - kSvcDeficit) - rounding);
    EXPECT_LE(Distance(reference->direction, problem.svc),
              std::sqrt(2 * kSvcDeficit));
  }
  std::cout << compared << " of " << problems_.size()
            << " problems compared with scikit-learn's SVC\n";
  EXPECT_GE(compared, kLeastCompared);
}

}  // namespace
}  // namespace steelyard::training
