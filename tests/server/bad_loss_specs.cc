#include <limits>
#include <vector>

#include "tests/server/bad_specs.h"

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

v1::VsLoss* Vs(Spec* s) {
  v1::VsLoss* vs = s->mutable_loss()->mutable_vs();
  vs->set_gamma(0.3);
  vs->set_tau(1);
  return vs;
}

v1::PairwiseMarginLoss* Pairwise(Spec* s) {
  return s->mutable_loss()->mutable_pairwise_margin();
}

// O = 0, of two classes.
v1::Matrix* Offsets(Spec* s) {
  v1::Matrix* offsets = Pairwise(s)->mutable_offsets();
  for (int i = 0; i < 2; ++i) {
    v1::Row* row = offsets->add_rows();
    row->add_values(0);
    row->add_values(0);
  }
  return offsets;
}

v1::LdamLoss* Ldam(Spec* s) {
  v1::LdamLoss* ldam = s->mutable_loss()->mutable_ldam();
  ldam->set_max_margin(0.5);
  ldam->set_scale(30);
  return ldam;
}

constexpr BadSpec kBadLosses[] = {
    {"NoTail",
     [](Spec* s) { s->mutable_loss()->mutable_poly_tailed()->set_alpha(0); },
     "loss.poly_tailed.alpha", "want a finite value > 0, got 0"},
    {"ATailFromFarAway",
     [](Spec* s) {
       s->mutable_loss()->mutable_poly_tailed()->set_alpha(1);
       s->mutable_loss()->mutable_poly_tailed()->set_beta(701);
     },
     "loss.poly_tailed.beta", "want a value of -700 to 700, got 701"},
    {"ATailFromNowhere",
     [](Spec* s) {
       s->mutable_loss()->mutable_poly_tailed()->set_alpha(1);
       s->mutable_loss()->mutable_poly_tailed()->set_beta(kNaN);
     },
     "loss.poly_tailed.beta", "want a value of -700 to 700, got nan"},
    {"ANegativeFocus",
     [](Spec* s) { s->mutable_loss()->mutable_focal()->set_gamma(-1); },
     "loss.focal.gamma", "want a finite value >= 0, got -1"},
    {"ANegativeLargestMargin", [](Spec* s) { Ldam(s)->set_max_margin(-1); },
     "loss.ldam.max_margin", "want a finite value >= 0, got -1"},
    {"NoScale", [](Spec* s) { Ldam(s)->set_scale(0); }, "loss.ldam.scale",
     "want a finite value > 0, got 0"},
    {"AnInfiniteAdjustment",
     [](Spec* s) {
       s->mutable_loss()->mutable_logit_adjusted()->set_tau(kInfinity);
     },
     "loss.logit_adjusted.tau", "want a finite value, got inf"},
    {"CdtWithoutGamma", [](Spec* s) { s->mutable_loss()->mutable_cdt(); },
     "loss.cdt.gamma", "want a value, got nothing"},
    {"ANegativeGammaOfCdt",
     [](Spec* s) { s->mutable_loss()->mutable_cdt()->set_gamma(-0.5); },
     "loss.cdt.gamma", "want a finite value >= 0, got -0.5"},
    {"VsWithoutGamma", [](Spec* s) { Vs(s)->clear_gamma(); }, "loss.vs.gamma",
     "want a value, got nothing"},
    {"VsWithoutTau", [](Spec* s) { Vs(s)->clear_tau(); }, "loss.vs.tau",
     "want a value, got nothing"},
    {"VsOfNoNumber", [](Spec* s) { Vs(s)->set_tau(kNaN); }, "loss.vs.tau",
     "want a finite value, got nan"},
    {"TooFewScales", [](Spec* s) { Pairwise(s)->add_scales(1); },
     "loss.pairwise_margin.scales", "want 2 values, one for each class, got 1"},
    {"AScaleOfZero",
     [](Spec* s) {
       Pairwise(s)->add_scales(1);
       Pairwise(s)->add_scales(0);
     },
     "loss.pairwise_margin.scales[1]", "want a finite value > 0, got 0"},
    {"TooManyFactors",
     [](Spec* s) {
       for (int i = 0; i < 3; ++i) Pairwise(s)->add_factors(1);
     },
     "loss.pairwise_margin.factors",
     "want 2 values, one for each class, got 3"},
    {"TooFewOffsets", [](Spec* s) { Offsets(s)->mutable_rows()->RemoveLast(); },
     "loss.pairwise_margin.offsets", "want 2 rows, one for each class, got 1"},
    {"AShortRowOfOffsets",
     [](Spec* s) { Offsets(s)->mutable_rows(1)->clear_values(); },
     "loss.pairwise_margin.offsets[1]", "want 2 values, got 0"},
    {"AnOffsetThatIsNoNumber",
     [](Spec* s) { Offsets(s)->mutable_rows(1)->set_values(0, kNaN); },
     "loss.pairwise_margin.offsets[1][0]", "want a finite value, got nan"},
    {"CountsOfOneClass",
     [](Spec* s) {
       Ldam(s);
       s->mutable_weighting()->mutable_uniform();
       for (int i = 0; i < 4; ++i) {
         s->mutable_data()->mutable_inline_()->set_labels(i, 1);
       }
     },
     "loss",
     "want rows of each class, whose numbers it takes, got none "
     "labelled -1"},
    {"AHingeOfSeveralClasses",
     [](Spec* s) {
       s->mutable_loss()->mutable_hinge();
       s->mutable_data()->mutable_classes()->add_each(1);
       s->mutable_data()->mutable_classes()->add_each(-1);
       s->clear_test_sets();
     },
     "data.classes.each", "want it with softmax_cross_entropy, focal"},
};

}  // namespace

std::vector<BadSpec> BadLossSpecs() {
  return {std::begin(kBadLosses), std::end(kBadLosses)};
}

}  // namespace steelyard
