#include "server/spec_defaults.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "support/check.h"

namespace steelyard::server {
namespace {

template <typename Model>
void FillBiases(Model* model) {
  if (model->biases() == v1::BIASES_UNSPECIFIED) {
    model->set_biases(v1::BIASES_PER_LAYER);
  }
}

void FillModel(v1::RunSpec* spec) {
  if (!spec->has_model()) spec->mutable_model()->mutable_linear();
  if (spec->model().has_linear() && !spec->model().linear().has_bias()) {
    spec->mutable_model()->mutable_linear()->set_bias(true);
  }
  if (spec->model().has_mlp()) {
    v1::MlpModel* mlp = spec->mutable_model()->mutable_mlp();
    if (mlp->activation() == v1::ACTIVATION_UNSPECIFIED) {
      mlp->set_activation(v1::ACTIVATION_RELU);
    }
    if (mlp->activation() == v1::ACTIVATION_LEAKY_RELU && !mlp->has_leak()) {
      mlp->set_leak(0.01);
    }
    FillBiases(mlp);
  }
  if (spec->model().has_deep_linear()) {
    FillBiases(spec->mutable_model()->mutable_deep_linear());
  }
}

// What every optimizer has.
template <typename Message>
void FillSchedule(Message* message) {
  v1::LearningRateSchedule* schedule = message->mutable_schedule();
  if (schedule->kind_case() == v1::LearningRateSchedule::KIND_NOT_SET) {
    schedule->mutable_constant();
  }
  if (schedule->has_step() && !schedule->step().has_factor()) {
    schedule->mutable_step()->set_factor(0.1);
  }
  if (schedule->has_power() && !schedule->power().has_exponent()) {
    schedule->mutable_power()->set_exponent(0.5);
  }
}

// What Sgd and Adam have in common.
template <typename Message>
void FillBatches(Message* message) {
  FillSchedule(message);
  if (message->reduction() == v1::REDUCTION_UNSPECIFIED) {
    message->set_reduction(v1::REDUCTION_BATCH_MEAN);
  }
}

void FillLoss(v1::RunSpec* spec) {
  if (!spec->has_loss()) spec->mutable_loss()->mutable_logistic();
  v1::Loss* loss = spec->mutable_loss();
  if (loss->has_poly_tailed()) {
    v1::PolyTailedLoss* tailed = loss->mutable_poly_tailed();
    if (!tailed->has_alpha()) tailed->set_alpha(1);
    if (!tailed->has_beta()) tailed->set_beta(1);
  }
  if (loss->has_focal() && !loss->focal().has_gamma()) {
    loss->mutable_focal()->set_gamma(2);
  }
  if (loss->has_ldam()) {
    v1::LdamLoss* ldam = loss->mutable_ldam();
    if (!ldam->has_max_margin()) ldam->set_max_margin(0.5);
    if (!ldam->has_scale()) ldam->set_scale(30);
  }
  if (loss->has_logit_adjusted() && !loss->logit_adjusted().has_tau()) {
    loss->mutable_logit_adjusted()->set_tau(1);
  }
}

void FillOptimizer(v1::Optimizer* optimizer) {
  if (optimizer->has_gradient_descent()) {
    v1::GradientDescent* descent = optimizer->mutable_gradient_descent();
    FillSchedule(descent);
    if (descent->scaling() == v1::STEP_SCALING_UNSPECIFIED) {
      descent->set_scaling(v1::STEP_SCALING_NONE);
    }
    if (descent->has_leap() && !descent->leap().has_tolerance()) {
      descent->mutable_leap()->set_tolerance(1e-10);
    }
  }
  if (optimizer->has_lbfgs() && !optimizer->lbfgs().has_memory()) {
    optimizer->mutable_lbfgs()->set_memory(10);
  }
  if (optimizer->has_sgd()) FillBatches(optimizer->mutable_sgd());
  if (!optimizer->has_adam()) return;
  v1::Adam* adam = optimizer->mutable_adam();
  FillBatches(adam);
  if (!adam->has_beta1()) adam->set_beta1(0.9);
  if (!adam->has_beta2()) adam->set_beta2(0.999);
  if (!adam->has_epsilon()) adam->set_epsilon(1e-8);
}

// Draws without a key of their own have the run's.
template <typename Source>
void FillSeed(uint64_t seed, Source* source) {
  if (!source->has_seed()) source->set_seed(seed);
}

void FillGenerator(uint64_t seed, v1::Data* data) {
  switch (data->source_case()) {
    case v1::Data::kMoons:
      return FillSeed(seed, data->mutable_moons());
    case v1::Data::kCircles:
      if (!data->circles().has_factor()) {
        data->mutable_circles()->set_factor(0.8);
      }
      return FillSeed(seed, data->mutable_circles());
    case v1::Data::kGaussians:
      return FillSeed(seed, data->mutable_gaussians());
    case v1::Data::kSeparableGaussians:
      return FillSeed(seed, data->mutable_separable_gaussians());
    case v1::Data::kPolynomial:
      if (!data->polynomial().has_standard_deviation()) {
        data->mutable_polynomial()->set_standard_deviation(1);
      }
      return FillSeed(seed, data->mutable_polynomial());
    default:
      return;
  }
}

void FillData(uint64_t seed, v1::Data* data) {
  FillGenerator(seed, data);
  if (data->has_uniform_noise()) {
    v1::UniformNoiseData* noise = data->mutable_uniform_noise();
    FillSeed(seed, noise);
    if (!noise->has_high()) noise->set_high(1);
  }
  if (data->has_split() && !data->split().has_by()) {
    FillSeed(seed, data->mutable_split());
  }
  if (data->has_label_noise()) FillSeed(seed, data->mutable_label_noise());
  if (data->has_cifar() &&
      data->cifar().label() == v1::CIFAR_LABEL_UNSPECIFIED) {
    data->mutable_cifar()->set_label(v1::CIFAR_LABEL_FINE);
  }
}

// Of a set that is not `data`.
void FillSet(const v1::RunSpec& spec, v1::Data* set) {
  FillData(spec.seed(), set);
  if (IsDerived(*set)) return;
  if (!set->has_classes() && spec.data().has_classes()) {
    *set->mutable_classes() = spec.data().classes();
  }
}

// Where candidates of a width are not given they follow from the rows.
template <typename Message>
void FillKernels(uint64_t seed, Message* message) {
  if (!message->has_centres()) message->set_centres(100);
  FillSeed(seed, message);
}

template <typename Message>
void FillSquares(uint64_t seed, Message* message) {
  FillKernels(seed, message);
  if (!message->penalties().empty()) return;
  for (const double penalty : {0.001, 0.01, 0.1, 1.0, 10.0}) {
    message->add_penalties(penalty);
  }
}

void FillRatio(uint64_t seed, v1::DensityRatioWeighting* ratio) {
  if (ratio->has_logistic() && !ratio->logistic().has_inverse_penalty()) {
    ratio->mutable_logistic()->set_inverse_penalty(1);
  }
  if (ratio->has_kliep()) {
    FillKernels(seed, ratio->mutable_kliep());
    if (!ratio->kliep().has_parts()) ratio->mutable_kliep()->set_parts(5);
  }
  if (ratio->has_ulsif()) FillSquares(seed, ratio->mutable_ulsif());
  if (ratio->has_rulsif()) {
    FillSquares(seed, ratio->mutable_rulsif());
    if (!ratio->rulsif().has_alpha()) ratio->mutable_rulsif()->set_alpha(0.1);
  }
  if (ratio->has_kmm()) {
    v1::MeanMatchingRatio* kmm = ratio->mutable_kmm();
    if (!kmm->has_bound()) kmm->set_bound(1'000);
    if (!kmm->has_ridge()) kmm->set_ridge(1e-5);
  }
  if (ratio->has_nearest() && !ratio->nearest().has_smoothing()) {
    ratio->mutable_nearest()->set_smoothing(1);
  }
}

void FillLabelShift(uint64_t seed, v1::LabelShiftWeighting* shift) {
  if (!shift->has_inverse_penalty()) shift->set_inverse_penalty(1);
  if (!shift->has_parts()) shift->set_parts(5);
  FillSeed(seed, shift);
}

void FillWeighting(v1::RunSpec* spec) {
  v1::Weighting* weighting = spec->mutable_weighting();
  constexpr double kFloor = 0.01;
  if (!weighting->has_power()) weighting->set_power(1);
  if (!weighting->has_schedule()) {
    weighting->mutable_schedule()->mutable_always();
  }
  if (weighting->has_inverse_frequency() &&
      !weighting->inverse_frequency().has_power()) {
    weighting->mutable_inverse_frequency()->set_power(1);
  }
  if (weighting->has_dual_optimal() && !weighting->dual_optimal().has_floor()) {
    weighting->mutable_dual_optimal()->set_floor(kFloor);
  }
  if (weighting->has_dual_path() && !weighting->dual_path().has_floor()) {
    weighting->mutable_dual_path()->set_floor(kFloor);
  }
  if (weighting->has_effective_number() &&
      !weighting->effective_number().has_beta()) {
    weighting->mutable_effective_number()->set_beta(0.9999);
  }
  if (weighting->learned().goal() == v1::LEARNING_GOAL_UNSPECIFIED &&
      weighting->has_learned()) {
    weighting->mutable_learned()->set_goal(v1::LEARNING_GOAL_MINIMIZE);
  }
  if (weighting->has_density_ratio()) {
    FillRatio(spec->seed(), weighting->mutable_density_ratio());
  }
  if (weighting->has_label_shift()) {
    FillLabelShift(spec->seed(), weighting->mutable_label_shift());
  }
}

void FillEvaluate(v1::RunSpec* spec) {
  if (!spec->has_evaluate()) spec->mutable_evaluate()->mutable_log();
  if (spec->evaluate().has_log() &&
      !spec->evaluate().log().has_points_per_decade()) {
    spec->mutable_evaluate()->mutable_log()->set_points_per_decade(10);
  }
}

void AddUses(const std::string& path, v1::Data* data,
             std::vector<DatasetUse>* uses) {
  const auto add = [&](absl::string_view field, v1::DatasetForm form,
                       std::string* dataset) {
    uses->push_back({FieldPath(path, field), form, dataset});
  };
  if (data->has_csv()) {
    add("csv.dataset", v1::DATASET_FORM_CSV,
        data->mutable_csv()->mutable_dataset());
  }
  if (data->idx().has_images()) {
    add("idx.images.dataset", v1::DATASET_FORM_IDX,
        data->mutable_idx()->mutable_images()->mutable_dataset());
  }
  if (data->idx().has_labels()) {
    add("idx.labels.dataset", v1::DATASET_FORM_IDX,
        data->mutable_idx()->mutable_labels()->mutable_dataset());
  }
  if (data->npy().has_features()) {
    add("npy.features.dataset", v1::DATASET_FORM_NPY,
        data->mutable_npy()->mutable_features()->mutable_dataset());
  }
  if (data->npy().has_labels()) {
    add("npy.labels.dataset", v1::DATASET_FORM_NPY,
        data->mutable_npy()->mutable_labels()->mutable_dataset());
  }
  for (int i = 0; i < data->cifar().batches_size(); ++i) {
    add(absl::StrCat("cifar.batches[", i, "].dataset"), v1::DATASET_FORM_CIFAR,
        data->mutable_cifar()->mutable_batches(i)->mutable_dataset());
  }
}

}  // namespace

void FillDefaults(v1::RunSpec* spec) {
  if (spec->experiment().empty()) spec->set_experiment("default");
  if (spec->has_data()) FillData(spec->seed(), spec->mutable_data());
  for (auto& [name, set] : *spec->mutable_test_sets()) FillSet(*spec, &set);
  if (spec->target().has_data()) {
    FillSet(*spec, spec->mutable_target()->mutable_data());
  }
  FillModel(spec);
  FillLoss(spec);
  if (!spec->has_weighting()) spec->mutable_weighting()->mutable_uniform();
  FillWeighting(spec);
  if (spec->has_resampling()) {
    FillSeed(spec->seed(), spec->mutable_resampling());
  }
  if (spec->normalization() == v1::NORMALIZATION_UNSPECIFIED) {
    spec->set_normalization(v1::NORMALIZATION_MEAN_ONE);
  }
  if (!spec->has_regularizer()) spec->mutable_regularizer()->mutable_l2();
  if (spec->has_optimizer()) FillOptimizer(spec->mutable_optimizer());
  const bool linear = spec->model().has_linear();
  if (!spec->has_initial() && linear) spec->mutable_initial()->mutable_zeros();
  if (!spec->has_initial()) spec->mutable_initial()->mutable_he();
  FillEvaluate(spec);
  if (spec->precision() == v1::PRECISION_UNSPECIFIED) {
    spec->set_precision(linear ? v1::PRECISION_DOUBLE : v1::PRECISION_SINGLE);
  }
}

std::string SerializeSpec(const v1::RunSpec& spec) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    STEELYARD_CHECK(spec.SerializeToCodedStream(&coded));
  }
  return bytes;
}

std::vector<DatasetUse> DatasetsOf(v1::RunSpec* spec) {
  std::vector<DatasetUse> uses;
  if (spec->has_data()) AddUses("data", spec->mutable_data(), &uses);
  std::vector<std::string> names;
  for (const auto& [name, set] : spec->test_sets()) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    AddUses(KeyPath("test_sets", name), &spec->mutable_test_sets()->at(name),
            &uses);
  }
  if (spec->target().has_data()) {
    AddUses(kTargetPath, spec->mutable_target()->mutable_data(), &uses);
  }
  return uses;
}

}  // namespace steelyard::server
