// Bad specs: where the rows come from.
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <vector>

#include "tests/server/bad_specs.h"

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr BadSpec kBadData[] = {
    {"NoData", [](Spec* s) { s->clear_data(); }, "data", "got nothing"},
    {"NoSource", [](Spec* s) { s->mutable_data()->clear_source(); }, "data",
     "want one of inline, csv, idx"},
    {"NoSourceInATestSet", [](Spec* s) { (*s->mutable_test_sets())["other"]; },
     "test_sets.other", "want one of inline, csv, idx"},
    {"NoRows", [](Spec* s) { s->mutable_data()->mutable_inline_()->Clear(); },
     "data.inline.features", "at least one row"},
    {"NoColumns",
     [](Spec* s) {
       for (auto& row :
            *s->mutable_data()->mutable_inline_()->mutable_features()) {
         row.Clear();
       }
     },
     "data.inline.features[0]", "at least one value"},
    {"AShortRow",
     [](Spec* s) {
       s->mutable_data()
           ->mutable_inline_()
           ->mutable_features(2)
           ->mutable_values()
           ->RemoveLast();
     },
     "data.inline.features[2]", "want 2 values"},
    {"AFeatureThatIsNaN",
     [](Spec* s) {
       s->mutable_data()->mutable_inline_()->mutable_features(1)->set_values(
           1, std::numeric_limits<double>::quiet_NaN());
     },
     "data.inline.features[1].values[1]", "want a finite value, got nan"},
    {"AFeatureThatIsInfinite",
     [](Spec* s) {
       (*s->mutable_test_sets())["test"]
           .mutable_inline_()
           ->mutable_features(0)
           ->set_values(0, -std::numeric_limits<double>::infinity());
     },
     "test_sets.test.inline.features[0].values[0]", "got -inf"},
    {"TooFewLabels",
     [](Spec* s) {
       s->mutable_data()->mutable_inline_()->mutable_labels()->RemoveLast();
     },
     "data.inline.labels", "want 4 labels, one for each row, got 3"},
    {"LabelsZeroAndOne",
     [](Spec* s) {
       s->mutable_data()->mutable_inline_()->set_labels(2, 1);
       s->mutable_data()->mutable_inline_()->set_labels(3, 0);
     },
     "data.inline.labels[3]",
     "labels must be -1 and +1, got 0; use classes: {positive: [1], negative: "
     "[0]}"},
    {"ALabelThatIsNoWholeNumber",
     [](Spec* s) {
       s->mutable_data()->mutable_inline_()->set_labels(0, 1.5);
       s->mutable_data()->mutable_classes()->add_positive(1);
       s->mutable_data()->mutable_classes()->add_negative(-1);
     },
     "data.inline.labels[0]",
     "want a whole number of at most 2^53 in magnitude as label, got 1.5"},
    {"ALabelThatIsNaN",
     [](Spec* s) {
       s->mutable_data()->mutable_inline_()->set_labels(
           0, std::numeric_limits<double>::quiet_NaN());
     },
     "data.inline.labels[0]", "got nan"},
    {"ClassesWithoutPositive",
     [](Spec* s) { s->mutable_data()->mutable_classes()->add_negative(-1); },
     "data.classes.positive", "want at least one label"},
    {"ClassesWithoutNegative",
     [](Spec* s) { s->mutable_data()->mutable_classes()->add_positive(1); },
     "data.classes.negative", "want at least one label"},
    {"ALabelInBothClasses",
     [](Spec* s) {
       s->mutable_data()->mutable_classes()->add_positive(1);
       s->mutable_data()->mutable_classes()->add_negative(-1);
       s->mutable_data()->mutable_classes()->add_negative(1);
     },
     "data.classes.negative[1]", "not in positive too, got 1"},
    {"ClassesLeftOutOfTheTrainingData",
     [](Spec* s) {
       s->clear_test_sets();
       s->mutable_data()->mutable_classes()->set_left_out(true);
     },
     "data.classes.left_out", "want it in a test set alone"},
    {"ClassesLeftOutOfNothing",
     [](Spec* s) {
       (*s->mutable_test_sets())["test"].mutable_classes()->set_left_out(true);
     },
     "test_sets.test.classes.left_out", "want data.classes"},
    {"ClassesLeftOutOfNumbers",
     [](Spec* s) {
       s->mutable_loss()->mutable_squared();
       s->mutable_weighting()->mutable_uniform();
       (*s->mutable_test_sets())["test"].mutable_classes()->set_left_out(true);
     },
     "test_sets.test.classes.left_out", "want data.classes"},
    {"ClassesListedAndLeftOut",
     [](Spec* s) {
       s->mutable_data()->mutable_classes()->add_positive(1);
       s->mutable_data()->mutable_classes()->add_negative(-1);
       v1::Classes* classes =
           (*s->mutable_test_sets())["test"].mutable_classes();
       classes->set_left_out(true);
       classes->add_positive(1);
     },
     "test_sets.test.classes", "want lists of labels or left_out, got both"},
    {"NoRowThatIsLeftOut",
     [](Spec* s) {
       s->mutable_data()->mutable_classes()->add_positive(1);
       s->mutable_data()->mutable_classes()->add_negative(-1);
       (*s->mutable_test_sets())["test"].mutable_classes()->set_left_out(true);
     },
     "test_sets.test.classes", "at least one row has, got none"},
    {"ALabelOfAClassThatNoRowHas",
     [](Spec* s) {
       s->mutable_data()->mutable_classes()->add_positive(1);
       s->mutable_data()->mutable_classes()->add_positive(7);
       s->mutable_data()->mutable_classes()->add_negative(-1);
     },
     "data.classes.positive[1]",
     "want a label that at least one row has, got 7; there are -1, 1"},
    {"AClassThatNoRowHas",
     [](Spec* s) {
       s->mutable_data()->mutable_classes()->add_positive(1);
       s->mutable_data()->mutable_classes()->add_negative(0);
     },
     "data.classes.negative[0]", "at least one row has, got 0"},
    {"OneOfSeveralClassesThatNoRowHas",
     [](Spec* s) {
       s->clear_test_sets();
       s->mutable_loss()->mutable_softmax_cross_entropy();
       s->mutable_weighting()->mutable_uniform();
       for (const int label : {-1, 1, 2}) {
         s->mutable_data()->mutable_classes()->add_each(label);
       }
     },
     "data.classes.each[2]", "at least one row has, got 2"},
    {"ClassesThatNoRowOfATestSetHas",
     [](Spec* s) {
       v1::Classes* classes =
           (*s->mutable_test_sets())["test"].mutable_classes();
       classes->add_positive(7);
       classes->add_negative(8);
     },
     "test_sets.test.classes", "at least one row has, got none"},
    {"TakeWithoutSelection", [](Spec* s) { s->mutable_data()->mutable_take(); },
     "data.take", "want first_per_class"},
    {"TakeNone",
     [](Spec* s) { s->mutable_data()->mutable_take()->set_first_per_class(0); },
     "data.take.first_per_class", "want at least 1, got 0"},
    {"NoDataset", [](Spec* s) { s->mutable_data()->mutable_csv(); },
     "data.csv.dataset", "got nothing"},
    {"NoLabelsFile",
     [](Spec* s) {
       s->mutable_data()->mutable_idx()->mutable_images()->set_dataset("a");
     },
     "data.idx.labels.dataset", "got nothing"},
    {"NoBatches",
     [](Spec* s) {
       s->mutable_data()->mutable_cifar()->set_label(v1::CIFAR_LABEL_FINE);
     },
     "data.cifar.batches", "want 1 to 100 files, got 0"},
    {"TooManyBatches",
     [](Spec* s) {
       v1::CifarData* cifar = s->mutable_data()->mutable_cifar();
       cifar->set_label(v1::CIFAR_LABEL_FINE);
       for (int i = 0; i < 101; ++i) cifar->add_batches()->set_dataset("a");
     },
     "data.cifar.batches", "want 1 to 100 files, got 101"},
    {"ABatchWithoutAFile",
     [](Spec* s) {
       v1::CifarData* cifar = s->mutable_data()->mutable_cifar();
       cifar->set_label(v1::CIFAR_LABEL_FINE);
       cifar->add_batches()->set_dataset("a");
       cifar->add_batches();
     },
     "data.cifar.batches[1].dataset", "got nothing"},
    {"ACifarLabelThatIsUnknown",
     [](Spec* s) {
       v1::CifarData* cifar = s->mutable_data()->mutable_cifar();
       cifar->add_batches()->set_dataset("a");
       cifar->set_label(static_cast<v1::CifarLabel>(3));
     },
     "data.cifar.label", "want fine or coarse, got the number 3"},
    {"NoFeaturesFile",
     [](Spec* s) {
       s->mutable_data()->mutable_npy()->mutable_labels()->set_dataset("a");
     },
     "data.npy.features.dataset", "got nothing"},
    {"ATestSetOfOtherWidth",
     [](Spec* s) {
       for (auto& row : *(*s->mutable_test_sets())["test"]
                             .mutable_inline_()
                             ->mutable_features()) {
         row.add_values(0);
       }
     },
     "test_sets.test", "want rows of 2 features as in data, got 3"},
};

// Fills a source with what is right.
v1::GaussianClass* AddClass(Spec* s, int64_t label) {
  v1::GaussianClass* added =
      s->mutable_data()->mutable_gaussians()->add_classes();
  added->set_label(label);
  added->set_rows(3);
  added->add_mean(0.5);
  added->add_mean(-1);
  added->set_standard_deviation(1);
  return added;
}

v1::Matrix* AddMatrix(Spec* s, const std::vector<std::vector<double>>& rows) {
  AddClass(s, 1);
  v1::Matrix* matrix = AddClass(s, -1)->mutable_covariance();
  for (const std::vector<double>& row : rows) {
    matrix->add_rows()->mutable_values()->Add(row.begin(), row.end());
  }
  return matrix;
}

constexpr BadSpec kBadPlanes[] = {
    {"MoonsWithoutRows", [](Spec* s) { s->mutable_data()->mutable_moons(); },
     "data.moons", "want at least one row, got none"},
    {"TooManyMoons",
     [](Spec* s) {
       s->mutable_data()->mutable_moons()->set_positive(25'000'001);
       s->mutable_data()->mutable_moons()->set_negative(25'000'000);
     },
     "data.moons", "want at most 100000000 values"},
    {"FarTooManyMoons",
     [](Spec* s) {
       s->mutable_data()->mutable_moons()->set_positive(~uint64_t{0});
       s->mutable_data()->mutable_moons()->set_negative(~uint64_t{0});
     },
     "data.moons", "want at most 100000000 values"},
    {"NegativeNoise",
     [](Spec* s) {
       s->mutable_data()->mutable_moons()->set_positive(4);
       s->mutable_data()->mutable_moons()->set_noise(-0.1);
     },
     "data.moons.noise", "want a value of 0 to 1e+100, got -0.1"},
    {"NoiseThatIsNaN",
     [](Spec* s) {
       s->mutable_data()->mutable_circles()->set_positive(4);
       s->mutable_data()->mutable_circles()->set_noise(std::nan(""));
     },
     "data.circles.noise", "got nan"},
    {"NoiseTooLarge",
     [](Spec* s) {
       s->mutable_data()->mutable_moons()->set_positive(4);
       s->mutable_data()->mutable_moons()->set_noise(1.1e100);
     },
     "data.moons.noise", "want a value of 0 to 1e+100"},
    {"AFactorOfOne",
     [](Spec* s) {
       s->mutable_data()->mutable_circles()->set_positive(4);
       s->mutable_data()->mutable_circles()->set_factor(1);
     },
     "data.circles.factor", "want a value of at least 0 and below 1, got 1"},
    {"AClassWithoutACircle",
     [](Spec* s) {
       s->clear_test_sets();
       s->mutable_data()->mutable_circles()->set_positive(4);
       s->mutable_data()->mutable_classes()->add_positive(1);
       s->mutable_data()->mutable_classes()->add_negative(-1);
     },
     "data.classes.negative[0]",
     "want a label that at least one row has, got "
     "-1; there are 1"},
    {"AMarginOfZero",
     [](Spec* s) {
       v1::SeparableGaussiansData* data =
           s->mutable_data()->mutable_separable_gaussians();
       data->set_rows(4);
       data->set_dimension(2);
       data->set_margin(0);
     },
     "data.separable_gaussians.margin",
     "want a value > 0, at most 1e+100, got 0"},
    {"NoDimension",
     [](Spec* s) {
       s->mutable_data()->mutable_separable_gaussians()->set_rows(4);
       s->mutable_data()->mutable_separable_gaussians()->set_margin(1);
     },
     "data.separable_gaussians.dimension", "want at least 1, got 0"},
    {"DrawnRowsOfOtherWidth",
     [](Spec* s) {
       v1::SeparableGaussiansData* data =
           (*s->mutable_test_sets())["test"].mutable_separable_gaussians();
       data->set_rows(4);
       data->set_dimension(3);
       data->set_margin(1);
     },
     "test_sets.test", "want rows of 2 features as in data, got 3"},
    {"WeightsForOtherThanWhatIsDrawn",
     [](Spec* s) {
       s->mutable_data()->mutable_moons()->set_positive(4);
       s->mutable_data()->mutable_moons()->set_negative(5);
       s->mutable_data()->mutable_take()->set_first_per_class(3);
       for (int i = 0; i < 9; ++i) {
         s->mutable_weighting()->mutable_per_example()->add_weights(1);
       }
     },
     "weighting.per_example.weights", "want 6 weights"},
};

constexpr BadSpec kBadGaussians[] = {
    {"NoClasses", [](Spec* s) { s->mutable_data()->mutable_gaussians(); },
     "data.gaussians.classes", "want 1 to 1000 classes, got 0"},
    {"TooManyClasses",
     [](Spec* s) {
       for (int i = 0; i < 1'001; ++i) AddClass(s, 1);
     },
     "data.gaussians.classes", "want 1 to 1000 classes, got 1001"},
    {"AClassWithoutALabel", [](Spec* s) { AddClass(s, 1)->clear_label(); },
     "data.gaussians.classes[0].label", "got nothing"},
    {"AClassWithAnotherLabel",
     [](Spec* s) {
       AddClass(s, 1);
       AddClass(s, 2);
     },
     "data.gaussians.classes[1].label", "labels must be -1 and +1, got 2"},
    {"AClassWithoutRows",
     [](Spec* s) {
       AddClass(s, 1);
       AddClass(s, -1)->clear_rows();
     },
     "data.gaussians.classes[1].rows", "want at least 1, got 0"},
    {"AClassWithoutAMean", [](Spec* s) { AddClass(s, 1)->clear_mean(); },
     "data.gaussians.classes[0].mean", "want some values, got 0"},
    {"AMeanOfOtherLength",
     [](Spec* s) {
       AddClass(s, 1);
       AddClass(s, -1)->add_mean(3);
     },
     "data.gaussians.classes[1].mean", "want 2 values, got 3"},
    {"ADimensionOfNone",
     [](Spec* s) {
       AddClass(s, 1);
       s->mutable_data()->mutable_gaussians()->set_dimension(0);
     },
     "data.gaussians.dimension", "want 1 to 100000000, got 0"},
    {"ADimensionBelowThatOfAMean",
     [](Spec* s) {
       AddClass(s, 1)->clear_mean();
       s->mutable_data()->mutable_gaussians()->mutable_classes(0)->add_mean(1);
       AddClass(s, -1)->add_mean(3);
       s->mutable_data()->mutable_gaussians()->set_dimension(2);
     },
     "data.gaussians.classes[1].mean", "want 1 to 2 values, got 3"},
    {"AMeanOfNothingInADimension",
     [](Spec* s) {
       AddClass(s, 1)->clear_mean();
       s->mutable_data()->mutable_gaussians()->set_dimension(2);
     },
     "data.gaussians.classes[0].mean", "want 1 to 2 values, got 0"},
    {"AMeanThatIsInfinite",
     [](Spec* s) { AddClass(s, 1)->set_mean(1, kInfinity); },
     "data.gaussians.classes[0].mean[1]",
     "of at most 1e+100 in magnitude, got inf"},
    {"NoSpread", [](Spec* s) { AddClass(s, 1)->clear_spread(); },
     "data.gaussians.classes[0]", "want one of covariance, standard_deviation"},
    {"ANegativeDeviation",
     [](Spec* s) { AddClass(s, 1)->set_standard_deviation(-1); },
     "data.gaussians.classes[0].standard_deviation", "got -1"},
    {"ACovarianceWithoutRows", [](Spec* s) { AddMatrix(s, {}); },
     "data.gaussians.classes[1].covariance.rows", "want 2 rows, got 0"},
    {"ACovarianceOfOtherSize", [](Spec* s) { AddMatrix(s, {{1}}); },
     "data.gaussians.classes[1].covariance.rows", "want 2 rows, got 1"},
    {"ACovarianceWithAShortRow",
     [](Spec* s) {
       AddMatrix(s, {{1, 0}, {0}});
     },
     "data.gaussians.classes[1].covariance.rows[1]", "want 2 values, got 1"},
    {"ACovarianceThatIsNaN",
     [](Spec* s) {
       AddMatrix(s, {{1, 0}, {0, std::nan("")}});
     },
     "data.gaussians.classes[1].covariance.rows[1].values[1]", "got nan"},
    {"ACovarianceThatIsNotSymmetric",
     [](Spec* s) {
       AddMatrix(s, {{1, 0.5}, {0.25, 1}});
     },
     "data.gaussians.classes[1].covariance.rows[1].values[0]",
     "want a symmetric matrix, 0.5, got 0.25"},
    {"ACovarianceThatIsIndefinite",
     [](Spec* s) {
       AddMatrix(s, {{1, 2}, {2, 1}});
     },
     "data.gaussians.classes[1].covariance.rows[1].values[1]",
     "want a positive semidefinite matrix"},
    {"ANegativeVariance",
     [](Spec* s) {
       AddMatrix(s, {{-1, 0}, {0, 1}});
     },
     "data.gaussians.classes[1].covariance.rows[0].values[0]",
     "want a positive semidefinite matrix"},
    {"ACovarianceWithAConstantThatVaries",
     [](Spec* s) {
       AddMatrix(s, {{0, 1}, {1, 1}});
     },
     "data.gaussians.classes[1].covariance.rows[1].values[0]",
     "want a positive semidefinite matrix"},
    {"ACovarianceTooLarge",
     [](Spec* s) {
       v1::GaussianClass* added = AddClass(s, 1);
       s->clear_test_sets();
       added->mutable_mean()->Resize(257, 0);
       for (int i = 0; i < 257; ++i) {
         v1::Row* row = added->mutable_covariance()->add_rows();
         row->mutable_values()->Resize(257, 0);
       }
     },
     "data.gaussians.classes[0].covariance", "want at most 256 dimensions"},
    {"TooManyValues", [](Spec* s) { AddClass(s, 1)->set_rows(50'000'001); },
     "data.gaussians", "want at most 100000000 values"},
};

}  // namespace

std::vector<BadSpec> BadDataSpecs() {
  std::vector<BadSpec> all(std::begin(kBadData), std::end(kBadData));
  all.insert(all.end(), std::begin(kBadPlanes), std::end(kBadPlanes));
  all.insert(all.end(), std::begin(kBadGaussians), std::end(kBadGaussians));
  return all;
}

}  // namespace steelyard
