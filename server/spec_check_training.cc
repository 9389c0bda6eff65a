#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

// Model, initial and precision.  The limits are the worker's:
// server/worker/make_network.cc, training/problem_check.cc.
namespace steelyard::server {
namespace {

using Hidden = google::protobuf::RepeatedField<uint64_t>;

constexpr int kMostHidden = 63;
constexpr uint64_t kMostParameters = 100'000'000;
constexpr char kParameters[] = "initial.parameters.values";

bool IsAtLeastZero(double value) { return std::isfinite(value) && value >= 0; }

// Null: the model is linear, or there is none.
const Hidden* HiddenOf(const v1::Model& model) {
  if (model.has_mlp()) return &model.mlp().hidden();
  return model.has_deep_linear() ? &model.deep_linear().hidden() : nullptr;
}

std::string HiddenPath(const v1::Model& model) {
  return model.has_mlp() ? "model.mlp.hidden" : "model.deep_linear.hidden";
}

class TrainingChecker {
 public:
  TrainingChecker(const v1::RunSpec& spec, std::vector<Fault>* faults)
      : spec_(spec), faults_(faults) {}

  void Check() {
    CheckModel();
    CheckInitial();
    if (!v1::Precision_IsValid(spec_.precision())) {
      Add("precision", absl::StrCat("want double or single, got the number ",
                                    static_cast<int>(spec_.precision())));
    }
  }

  void CheckWith(const KnownRows& train) {
    CheckBatchSize(train);
    if (!train.columns) return;
    const int64_t outputs = CountClasses(spec_, train);
    if (outputs == 0) return;
    const std::optional<uint64_t> parameters = CountParameters(
        static_cast<uint64_t>(*train.columns), static_cast<uint64_t>(outputs));
    if (!parameters) {
      return Add(HiddenPath(spec_.model()),
                 absl::StrCat("want layers of at most ", kMostParameters,
                              " parameters in all, got more"));
    }
    const int got = spec_.initial().parameters().values_size();
    if (!spec_.initial().has_parameters() ||
        static_cast<uint64_t>(got) == *parameters) {
      return;
    }
    Add(kParameters,
        absl::StrCat("want ", *parameters,
                     " values, one for each parameter, got ", got));
  }

 private:
  void Add(std::string path, std::string message) {
    faults_->push_back({std::move(path), std::move(message)});
  }

  void Want(bool right, std::string path, absl::string_view want, double got) {
    if (right) return;
    Add(std::move(path),
        absl::StrCat("want ", want, ", got ", ShowNumber(got)));
  }

  void CheckModel() {
    const v1::Model& model = spec_.model();
    if (const Hidden* hidden = HiddenOf(model)) {
      CheckHidden(HiddenPath(model), *hidden);
    }
    if (model.has_deep_linear()) {
      CheckBiases("model.deep_linear.biases", model.deep_linear().biases());
    }
    if (!model.has_mlp()) return;
    const v1::MlpModel& mlp = model.mlp();
    CheckBiases("model.mlp.biases", mlp.biases());
    if (!v1::Activation_IsValid(mlp.activation())) {
      Add("model.mlp.activation",
          absl::StrCat("want one of relu, leaky_relu, tanh, quadratic, got the "
                       "number ",
                       static_cast<int>(mlp.activation())));
    }
    if (!mlp.has_leak()) return;
    Want(IsAtLeastZero(mlp.leak()), "model.mlp.leak", "a finite value >= 0",
         mlp.leak());
    if (mlp.activation() != v1::ACTIVATION_LEAKY_RELU) {
      Add("model.mlp.leak",
          "want it with the activation leaky_relu alone, got another");
    }
  }

  void CheckHidden(const std::string& path, const Hidden& hidden) {
    if (hidden.empty() || hidden.size() > kMostHidden) {
      return Add(path, absl::StrCat("want 1 to ", kMostHidden, " layers, got ",
                                    hidden.size()));
    }
    for (int l = 0; l < hidden.size(); ++l) {
      if (hidden[l] >= 1 && hidden[l] <= kMostParameters) continue;
      Add(IndexPath(path, static_cast<size_t>(l)),
          absl::StrCat("want 1 to ", kMostParameters, " units, got ",
                       hidden[l]));
    }
  }

  void CheckBiases(const std::string& path, v1::Biases biases) {
    if (v1::Biases_IsValid(biases)) return;
    Add(path, absl::StrCat("want one of per_layer, none, constant_input, got "
                           "the number ",
                           static_cast<int>(biases)));
  }

  void CheckInitial() {
    const v1::Initial& initial = spec_.initial();
    if (initial.has_parameters()) {
      ElementFaults wrong(kParameters, faults_);
      const auto& values = initial.parameters().values();
      for (int j = 0; j < values.size(); ++j) {
        if (std::isfinite(values[j])) continue;
        wrong.Add(
            IndexPath(kParameters, static_cast<size_t>(j)),
            absl::StrCat("want a finite value, got ", ShowNumber(values[j])));
      }
    }
    if (!initial.has_normal()) return;
    const std::string path = "initial.normal.standard_deviations";
    const auto& deviations = initial.normal().standard_deviations();
    const Hidden* hidden = HiddenOf(spec_.model());
    const int layers = hidden == nullptr ? 1 : hidden->size() + 1;
    if (deviations.size() != layers) {
      return Add(path, absl::StrCat("want ", layers,
                                    layers == 1 ? ", the linear model's"
                                                : ", one for each layer",
                                    ", got ", deviations.size()));
    }
    for (int l = 0; l < layers; ++l) {
      Want(IsAtLeastZero(deviations[l]),
           IndexPath(path, static_cast<size_t>(l)), "a finite value >= 0",
           deviations[l]);
    }
  }

  // Rows of weight 0 are not trained on.
  std::optional<int64_t> CountTrained(const KnownRows& train) const {
    if (spec_.has_resampling()) return std::nullopt;
    const v1::Weighting& weighting = spec_.weighting();
    if (train.counts && weighting.per_class().has_ratio() &&
        weighting.per_class().ratio() == 0) {
      return train.counts->negative;
    }
    if (!weighting.has_per_example()) return CountRows(train);
    const auto& weights = weighting.per_example().weights();
    return std::count_if(weights.begin(), weights.end(),
                         [](double weight) { return weight > 0; });
  }

  void CheckBatchSize(const KnownRows& train) {
    const v1::Optimizer& optimizer = spec_.optimizer();
    const uint64_t size = optimizer.has_sgd() ? optimizer.sgd().batch_size()
                                              : optimizer.adam().batch_size();
    const bool keep_last = optimizer.has_sgd() ? optimizer.sgd().keep_last()
                                               : optimizer.adam().keep_last();
    if (size == 0) return CheckEpochs(spec_, 1, faults_);
    const std::optional<int64_t> rows = CountTrained(train);
    if (!rows || size > kMostSteps) return;
    if (static_cast<int64_t>(size) <= *rows) {
      const auto n = static_cast<uint64_t>(*rows);
      const bool one_more = keep_last && n % size != 0;
      return CheckEpochs(spec_, n / size + (one_more ? 1 : 0), faults_);
    }
    Add(FieldPath("optimizer",
                  optimizer.has_sgd() ? "sgd.batch_size" : "adam.batch_size"),
        absl::StrCat("want at most ", *rows,
                     ", the training rows of weight > 0, got ", size));
  }

  // Nothing when there are too many.
  std::optional<uint64_t> CountParameters(uint64_t features,
                                          uint64_t outputs) const {
    const v1::Model& model = spec_.model();
    const Hidden* hidden = HiddenOf(model);
    const v1::Biases biases =
        model.has_mlp() ? model.mlp().biases() : model.deep_linear().biases();
    const bool constant =
        hidden == nullptr ? !model.linear().has_bias() || model.linear().bias()
                          : biases == v1::BIASES_CONSTANT_INPUT;
    const bool per_layer =
        hidden != nullptr &&
        (biases == v1::BIASES_PER_LAYER || biases == v1::BIASES_UNSPECIFIED);
    std::vector<uint64_t> units;
    if (hidden != nullptr) units.assign(hidden->begin(), hidden->end());
    units.push_back(outputs);
    uint64_t inputs = features + (constant ? 1 : 0);
    uint64_t parameters = 0;
    for (const uint64_t count : units) {
      // Linear models of any width are trained; for networks it is a limit.
      if (hidden != nullptr && count > kMostParameters / (inputs + 1)) {
        return std::nullopt;
      }
      parameters += count * (inputs + (per_layer ? 1 : 0));
      inputs = count;
    }
    if (hidden != nullptr && parameters > kMostParameters) return std::nullopt;
    return parameters;
  }

  const v1::RunSpec& spec_;
  std::vector<Fault>* const faults_;
};

}  // namespace

void CheckTraining(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  TrainingChecker(spec, faults).Check();
}

void CheckTrainingOf(const v1::RunSpec& spec, const KnownRows& train,
                     std::vector<Fault>* faults) {
  TrainingChecker(spec, faults).CheckWith(train);
}

}  // namespace steelyard::server
