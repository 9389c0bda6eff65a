#include <cmath>
#include <limits>
#include <vector>

#include "tests/server/bad_specs.h"

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Drawn numbers to train on, whose labels the loss takes.
v1::PolynomialData* AddPolynomial(Spec* s) {
  s->clear_test_sets();
  s->mutable_loss()->mutable_squared();
  s->mutable_weighting()->mutable_uniform();
  v1::PolynomialData* added = s->mutable_data()->mutable_polynomial();
  added->set_rows(3);
  added->add_coefficients(1);
  added->add_coefficients(2);
  added->set_standard_deviation(1);
  return added;
}

constexpr BadSpec kBadPolynomials[] = {
    {"APolynomialForSigns",
     [](Spec* s) {
       AddPolynomial(s);
       s->mutable_loss()->mutable_logistic();
     },
     "data.polynomial", "want labels that are numbers"},
    {"APolynomialForClasses",
     [](Spec* s) {
       AddPolynomial(s);
       s->mutable_loss()->mutable_softmax_cross_entropy();
     },
     "data.polynomial", "want labels that are numbers"},
    {"APolynomialWithClasses",
     [](Spec* s) {
       AddPolynomial(s);
       s->mutable_data()->mutable_classes()->add_positive(1);
       s->mutable_data()->mutable_classes()->add_negative(2);
     },
     "data.polynomial", "want labels that are numbers"},
    {"APolynomialAsATestSetOfSigns",
     [](Spec* s) {
       v1::PolynomialData* added =
           (*s->mutable_test_sets())["test"].mutable_polynomial();
       added->set_rows(2);
       added->add_coefficients(1);
     },
     "test_sets.test.polynomial", "want labels that are numbers"},
    {"APolynomialWithoutRows", [](Spec* s) { AddPolynomial(s)->clear_rows(); },
     "data.polynomial", "want at least one row, got none"},
    {"TooManyRowsOfAPolynomial",
     [](Spec* s) { AddPolynomial(s)->set_rows(100'000'001); },
     "data.polynomial", "want at most 100000000 values"},
    {"APolynomialWithoutCoefficients",
     [](Spec* s) { AddPolynomial(s)->clear_coefficients(); },
     "data.polynomial.coefficients", "want 1 to 100 values, got 0"},
    {"TooManyCoefficients",
     [](Spec* s) { AddPolynomial(s)->mutable_coefficients()->Resize(101, 0); },
     "data.polynomial.coefficients", "want 1 to 100 values, got 101"},
    {"ACoefficientThatIsNaN",
     [](Spec* s) { AddPolynomial(s)->set_coefficients(1, std::nan("")); },
     "data.polynomial.coefficients[1]", "got nan"},
    {"AMeanOfAPolynomialTooLarge",
     [](Spec* s) { AddPolynomial(s)->set_mean(-1.1e100); },
     "data.polynomial.mean", "want a value of at most 1e+100 in magnitude"},
    {"ANegativeDeviationOfAPolynomial",
     [](Spec* s) { AddPolynomial(s)->set_standard_deviation(-1); },
     "data.polynomial.standard_deviation", "want a value of 0 to 1e+100"},
    {"InfiniteNoiseOfAPolynomial",
     [](Spec* s) { AddPolynomial(s)->set_noise(kInfinity); },
     "data.polynomial.noise", "want a value of 0 to 1e+100, got inf"},
    {"LabelsOfAPolynomialTooLarge",
     [](Spec* s) { AddPolynomial(s)->set_mean(5.1e99); },
     "data.polynomial.coefficients",
     "want labels of at most 1e+100 in magnitude"},
    {"NumbersWithoutEnd",
     [](Spec* s) {
       v1::PolynomialData* added = AddPolynomial(s);
       added->mutable_coefficients()->Resize(100, 1e100);
       added->set_mean(1e100);
     },
     "data.polynomial.coefficients", "got some that may reach inf"},
};

}  // namespace

std::vector<BadSpec> BadPolynomialSpecs() {
  return {std::begin(kBadPolynomials), std::end(kBadPolynomials)};
}

}  // namespace steelyard
