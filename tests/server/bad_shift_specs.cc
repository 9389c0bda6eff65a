#include <cstdint>
#include <iterator>
#include <limits>
#include <vector>

#include "tests/server/bad_specs.h"

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The rows as those of a target.
v1::Data* AddTarget(Spec* s) {
  *s->mutable_target()->mutable_data() = s->data();
  return s->mutable_target()->mutable_data();
}

v1::DensityRatioWeighting* Ratio(Spec* s) {
  AddTarget(s);
  return s->mutable_weighting()->mutable_density_ratio();
}

v1::LabelShiftWeighting* LabelShift(Spec* s) {
  AddTarget(s);
  v1::LabelShiftWeighting* shift =
      s->mutable_weighting()->mutable_label_shift();
  shift->mutable_bbse();
  shift->set_inverse_penalty(1);
  shift->set_parts(2);
  return shift;
}

v1::ClassPrior* Prior(Spec* s, double negative, double positive) {
  v1::ClassPrior* prior = s->mutable_target()->mutable_class_prior();
  prior->add_shares(negative);
  prior->add_shares(positive);
  return prior;
}

// Several classes, without test sets.
void UseClasses(Spec* s, const std::vector<double>& labels) {
  s->clear_test_sets();
  s->mutable_weighting()->mutable_uniform();
  s->mutable_loss()->mutable_softmax_cross_entropy();
  s->mutable_data()->mutable_inline_()->mutable_labels()->Assign(labels.begin(),
                                                                 labels.end());
}

// Of the target, and of the training rows, all but the first.
void KeepOneRow(v1::Data* data) {
  data->mutable_inline_()->mutable_features()->DeleteSubrange(1, 3);
  data->mutable_inline_()->mutable_labels()->Truncate(1);
}

void DrawClasses(v1::Data* data) {
  for (const int label : {1, -1}) {
    v1::GaussianClass* added = data->mutable_gaussians()->add_classes();
    added->set_label(label);
    added->set_rows(3);
    added->add_mean(label);
    added->add_mean(0);
    added->set_standard_deviation(1);
  }
}

// Both sides drawn, with the exact ratio.
void Draw(Spec* s) {
  DrawClasses(s->mutable_data());
  Ratio(s)->mutable_exact();
}

// Polynomials with labels that are numbers.
void DrawPolynomials(Spec* s) {
  s->clear_test_sets();
  s->mutable_loss()->mutable_squared();
  v1::PolynomialData* polynomial = s->mutable_data()->mutable_polynomial();
  polynomial->set_rows(4);
  polynomial->add_coefficients(1);
  polynomial->set_standard_deviation(1);
  Ratio(s)->mutable_exact();
}

constexpr BadSpec kBadTargets[] = {
    {"ATargetOfNothing", [](Spec* s) { s->mutable_target(); }, "target",
     "want one of data, class_prior"},
    {"ATargetWithoutRows", [](Spec* s) { s->mutable_target()->mutable_data(); },
     "target.data", "want one of inline, csv"},
    {"ATargetOfNoise",
     [](Spec* s) {
       v1::UniformNoiseData* noise =
           s->mutable_target()->mutable_data()->mutable_uniform_noise();
       noise->set_rows(3);
       noise->set_high(1);
     },
     "target.data", "want rows of its own, got uniform_noise"},
    {"ATargetThatIsSplit",
     [](Spec* s) { AddTarget(s)->mutable_split()->set_test_fraction(0.5); },
     "target.data.split", "want it in data alone"},
    {"ATargetOfOtherWidth",
     [](Spec* s) {
       for (v1::Row& row :
            *AddTarget(s)->mutable_inline_()->mutable_features()) {
         row.add_values(0);
       }
     },
     "target.data", "want rows of 2 features as in data, got 3"},
    {"SharesOfOneClass",
     [](Spec* s) { s->mutable_target()->mutable_class_prior()->add_shares(1); },
     "target.class_prior.shares", "want 2 values, one for each class, got 1"},
    {"ShareBelowZero", [](Spec* s) { Prior(s, -0.5, 1.5); },
     "target.class_prior.shares[0]", "want a finite value >= 0, got -0.5"},
    {"SharesThatAreNoWhole", [](Spec* s) { Prior(s, 0.5, 0.6); },
     "target.class_prior.shares", "want a sum of 1, got 1.1"},
    {"AShareOfAClassWithoutRows",
     [](Spec* s) {
       Prior(s, 0.5, 0.5);
       for (int i = 0; i < 4; ++i) {
         s->mutable_data()->mutable_inline_()->set_labels(i, -1);
       }
     },
     "target.class_prior.shares[1]", "want 0 for a class of no training row"},
    {"APriorAndATestLabelThatNoOutputIsFor",
     [](Spec* s) {
       UseClasses(s, {0, 0, 1, 1});
       Prior(s, 0.5, 0.5);
       v1::Data& test = (*s->mutable_test_sets())["test"];
       test = s->data();
       test.mutable_inline_()->set_labels(3, 2);
     },
     "test_sets.test", "want labels that training rows may have, below 2"},
    {"AShareOfAClassBetweenOthers",
     [](Spec* s) {
       UseClasses(s, {0, 0, 2, 2});
       for (const double share : {0.5, 0.25, 0.25}) {
         s->mutable_target()->mutable_class_prior()->add_shares(share);
       }
     },
     "target.class_prior.shares[1]", "want 0 for a class of no training row"},
};

constexpr BadSpec kBadRatios[] = {
    {"ARatioWithoutATarget",
     [](Spec* s) {
       s->mutable_weighting()->mutable_density_ratio()->mutable_nearest();
     },
     "weighting.density_ratio", "want target.data"},
    {"ARatioToAClassPrior",
     [](Spec* s) {
       Prior(s, 0.5, 0.5);
       s->mutable_weighting()->mutable_density_ratio()->mutable_nearest();
     },
     "weighting.density_ratio", "want target.data"},
    {"ARatioOfNoEstimator", [](Spec* s) { Ratio(s); },
     "weighting.density_ratio", "want one of exact, logistic, kliep"},
    {"AnExactRatioOfATable", [](Spec* s) { Ratio(s)->mutable_exact(); },
     "weighting.density_ratio.exact", "both drawn from gaussians"},
    {"AnExactRatioOfSomeRows",
     [](Spec* s) {
       Draw(s);
       s->mutable_data()->mutable_take()->set_first_per_class(2);
     },
     "weighting.density_ratio.exact", "want data without take"},
    {"AnExactRatioOfPointMasses",
     [](Spec* s) {
       Draw(s);
       s->mutable_target()
           ->mutable_data()
           ->mutable_gaussians()
           ->mutable_classes(1)
           ->set_standard_deviation(0);
     },
     "weighting.density_ratio.exact", "want standard deviations > 0, got 0"},
    {"AnExactRatioOfOtherPolynomials",
     [](Spec* s) {
       DrawPolynomials(s);
       s->mutable_target()
           ->mutable_data()
           ->mutable_polynomial()
           ->set_coefficients(0, 2);
     },
     "weighting.density_ratio.exact", "of the same coefficients"},
    {"AnExactRatioOfPoints",
     [](Spec* s) {
       DrawPolynomials(s);
       s->mutable_data()->mutable_polynomial()->set_standard_deviation(0);
     },
     "weighting.density_ratio.exact", "want standard deviations > 0"},
    {"AnExactRatioToALabelThatTheSourceLacks",
     [](Spec* s) {
       Draw(s);
       s->mutable_data()->mutable_gaussians()->mutable_classes()->RemoveLast();
       s->mutable_test_sets()->clear();
     },
     "target.data", "want no label that data lacks"},
    {"AnExactRatioToANumberThatTheSourceLacks",
     [](Spec* s) {
       Draw(s);
       s->mutable_loss()->mutable_squared();
       s->mutable_target()
           ->mutable_data()
           ->mutable_gaussians()
           ->mutable_classes(0)
           ->set_label(7);
       s->mutable_test_sets()->clear();
     },
     "target.data", "is infinite there, got 7"},
    {"AFeatureOfTheTargetThatIsTooLarge",
     [](Spec* s) {
       Ratio(s)->mutable_nearest()->set_smoothing(1);
       s->mutable_target()
           ->mutable_data()
           ->mutable_inline_()
           ->mutable_features(2)
           ->set_values(1, -1.5e100);
     },
     "target.data.inline.features[2].values[1]",
     "want a value of at most 1e+100 in magnitude with density_ratio, got "
     "-1.5e+100"},
    {"AFeatureOfTheSourceThatIsTooLarge",
     [](Spec* s) {
       Ratio(s)->mutable_nearest()->set_smoothing(1);
       s->mutable_data()->mutable_inline_()->mutable_features(3)->set_values(
           0, 2e100);
     },
     "data.inline.features[3].values[0]", "got 2e+100"},
    {"ATargetOfFewerRowsThanParts",
     [](Spec* s) {
       v1::KliepRatio* kliep = Ratio(s)->mutable_kliep();
       kliep->set_parts(5);
       kliep->set_centres(2);
     },
     "weighting.density_ratio.kliep.parts",
     "want at most 4, the rows of target.data, got 5"},
    {"ATargetOfOneRowToChooseAWidthBy",
     [](Spec* s) {
       v1::KliepRatio* kliep = Ratio(s)->mutable_kliep();
       kliep->set_centres(1);
       kliep->set_parts(2);
       KeepOneRow(s->mutable_target()->mutable_data());
     },
     "weighting.density_ratio.kliep.widths",
     "want one width with a target of one row, which leaves none to choose by, "
     "got several by default"},
    {"ATargetOfOneRowToChooseAPenaltyBy",
     [](Spec* s) {
       v1::UlsifRatio* ulsif = Ratio(s)->mutable_ulsif();
       ulsif->set_centres(1);
       ulsif->add_widths(1);
       ulsif->add_penalties(1);
       ulsif->add_penalties(2);
       KeepOneRow(s->mutable_target()->mutable_data());
     },
     "weighting.density_ratio.ulsif.penalties",
     "want one penalty with a target of one row, which leaves none to choose "
     "by, got 2"},
    {"OneRowToChooseAWidthBy",
     [](Spec* s) {
       v1::RulsifRatio* rulsif = Ratio(s)->mutable_rulsif();
       rulsif->set_alpha(0.5);
       rulsif->set_centres(1);
       rulsif->add_penalties(1);
       KeepOneRow(s->mutable_data());
     },
     "weighting.density_ratio.rulsif.widths", "want one width with data"},
    {"ADiscriminatorOfNoPenalty",
     [](Spec* s) { Ratio(s)->mutable_logistic()->set_inverse_penalty(1e11); },
     "weighting.density_ratio.logistic.inverse_penalty", "got 1e+11"},
    {"AWidthOfZero",
     [](Spec* s) {
       v1::KliepRatio* kliep = Ratio(s)->mutable_kliep();
       kliep->set_parts(2);
       kliep->add_widths(1);
       kliep->add_widths(0);
     },
     "weighting.density_ratio.kliep.widths[1]", "got 0"},
    {"TooManyWidths",
     [](Spec* s) {
       Ratio(s)->mutable_ulsif()->mutable_widths()->Resize(101, 1);
     },
     "weighting.density_ratio.ulsif.widths",
     "want at most 100 values, got 101"},
    {"NoCentre",
     [](Spec* s) {
       v1::KliepRatio* kliep = Ratio(s)->mutable_kliep();
       kliep->set_parts(2);
       kliep->set_centres(0);
     },
     "weighting.density_ratio.kliep.centres", "want 1 to 1000, got 0"},
    {"OnePart", [](Spec* s) { Ratio(s)->mutable_kliep()->set_parts(1); },
     "weighting.density_ratio.kliep.parts", "want 2 to 100, got 1"},
    {"APenaltyThatIsNaN",
     [](Spec* s) { Ratio(s)->mutable_ulsif()->add_penalties(kNaN); },
     "weighting.density_ratio.ulsif.penalties[0]", "got nan"},
    {"AnAlphaOfOne", [](Spec* s) { Ratio(s)->mutable_rulsif()->set_alpha(1); },
     "weighting.density_ratio.rulsif.alpha",
     "want a value of 0 to 0.99, got 1"},
    {"ABoundBelowTheMean",
     [](Spec* s) {
       Ratio(s)->mutable_kmm()->set_slack(0.5);
       s->mutable_weighting()
           ->mutable_density_ratio()
           ->mutable_kmm()
           ->set_bound(0.25);
     },
     "weighting.density_ratio.kmm.bound", "at least 1 - slack"},
    {"ASlackAboveOne", [](Spec* s) { Ratio(s)->mutable_kmm()->set_slack(1.5); },
     "weighting.density_ratio.kmm.slack", "want a value of 0 to 1, got 1.5"},
    {"ARidgeBelowZero", [](Spec* s) { Ratio(s)->mutable_kmm()->set_ridge(-1); },
     "weighting.density_ratio.kmm.ridge", "want a value of 0 to 1, got -1"},
    {"AKernelOfNoWidth", [](Spec* s) { Ratio(s)->mutable_kmm()->set_width(0); },
     "weighting.density_ratio.kmm.width", "got 0"},
    {"ASmoothingBelowZero",
     [](Spec* s) { Ratio(s)->mutable_nearest()->set_smoothing(-1); },
     "weighting.density_ratio.nearest.smoothing", "got -1"},
};

constexpr BadSpec kBadLabelShifts[] = {
    {"ALabelShiftWithoutATarget",
     [](Spec* s) {
       LabelShift(s);
       s->clear_target();
     },
     "weighting.label_shift", "want target.data"},
    {"ALabelShiftByNoMethod", [](Spec* s) { LabelShift(s)->clear_method(); },
     "weighting.label_shift", "want one of bbse, em"},
    {"ALabelShiftOfOnePart", [](Spec* s) { LabelShift(s)->set_parts(1); },
     "weighting.label_shift.parts", "want 2 to 100, got 1"},
    {"ALabelShiftOfMorePartsThanRows",
     [](Spec* s) { LabelShift(s)->set_parts(3); },
     "weighting.label_shift.parts",
     "want at most 2, the rows of class -1 in data, got 3"},
    {"ALabelShiftOfASingleClass",
     [](Spec* s) {
       LabelShift(s);
       for (int i = 0; i < 4; ++i) {
         s->mutable_data()->mutable_inline_()->set_labels(i, 1);
       }
     },
     "weighting.label_shift",
     "want at least 2 rows of each class in data, got 0 of class -1"},
    {"ALabelShiftOfClassesWithFewRows",
     [](Spec* s) {
       UseClasses(s, {0, 0, 2, 3});
       LabelShift(s);
     },
     "weighting.label_shift", "got 0 of class 1, 1 of class 2, 1 of class 3"},
    {"ALabelShiftOfNoPenalty",
     [](Spec* s) { LabelShift(s)->set_inverse_penalty(0); },
     "weighting.label_shift.inverse_penalty", "got 0"},
    {"ALabelShiftOfNumbers",
     [](Spec* s) {
       LabelShift(s);
       s->mutable_loss()->mutable_squared();
     },
     "weighting.label_shift", "want labels that are classes"},
    {"GroupWeightsWithoutGroups",
     [](Spec* s) {
       (*s->mutable_weighting()->mutable_per_group()->mutable_weights())["a"] =
           1;
     },
     "weighting.per_group", "want data.csv.group"},
};

}  // namespace

std::vector<BadSpec> BadShiftSpecs() {
  std::vector<BadSpec> all(std::begin(kBadTargets), std::end(kBadTargets));
  all.insert(all.end(), std::begin(kBadRatios), std::end(kBadRatios));
  all.insert(all.end(), std::begin(kBadLabelShifts), std::end(kBadLabelShifts));
  return all;
}

}  // namespace steelyard
