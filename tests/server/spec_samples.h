#ifndef STEELYARD_TESTS_SERVER_SPEC_SAMPLES_H_
#define STEELYARD_TESTS_SERVER_SPEC_SAMPLES_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/spec_check.h"
#include "server/spec_yaml.h"

// Specs and shorthands for the tests of the spec library.
namespace steelyard::server {

// docs/spec.md's first example.
inline constexpr char kD8[] = R"(name: d8-positives-x10
experiment: d8                    # created when missing
labels: {paper: xu2021}
data: {inline: {features: [[2,1],[1,3],[3,2.5],[0.5,1.5],[-1,-1],[-2,0.5],[-0.5,-2.5],[0.5,-1]],
                labels: [1,1,1,1,-1,-1,-1,-1]}}
model: {linear: {bias: true}}
loss: {exponential: {}}
weighting: {per_class: {ratio: 10}}
normalization: mean_one
regularizer: {l2: {strength: 0}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
initial: {zeros: {}}
stop: {steps: 10000000}
evaluate: {log: {points_per_decade: 10}}
precision: double
seed: 1
)";

// Its second.
inline constexpr char kFashion[] = R"(name: fashion-64
experiment: fashion
data:
  idx: {images: {file: train-images-idx3-ubyte.gz}, labels: {file: train-labels-idx1-ubyte.gz}}
  classes: {positive: [2], negative: [4]}
  take: {first_per_class: 100}
test_sets:
  test: {idx: {images: {file: t10k-images-idx3-ubyte.gz}, labels: {file: t10k-labels-idx1-ubyte.gz}}}
model: {linear: {bias: true}}
loss: {logistic: {}}
weighting: {per_class: {ratio: 64}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 320000}
evaluate: {log: {points_per_decade: 10}}
)";

// The least that is a spec, in flow form and one line each.
inline constexpr char kLeast[] =
    R"(data: {inline: {features: [[1]], labels: [1]}}
optimizer: {gradient_descent: {learning_rate: 1}}
stop: {steps: 1}
)";

// The fields of `loss`, as messages list them.
inline constexpr char kLossNames[] =
    "exponential, logistic, squared, softmax_cross_entropy, poly_tailed, "
    "hinge, "
    "squared_hinge, focal, ldam, logit_adjusted, cdt, vs, pairwise_margin";

// sha256/ and a hash.
inline std::string Hash(char digit) {
  return absl::StrCat("sha256/", std::string(64, digit));
}

inline ParsedSpec Parse(const std::string& text,
                        const std::vector<std::string>& set = {},
                        const SpecLimits& limits = {}) {
  v1::ParseSpecRequest request;
  request.set_text(text);
  for (const std::string& change : set) request.add_set(change);
  return ParseSpec(request, limits);
}

// "9:8: loss.exponetial: no such field; ..." and for a change "--set 2: ...".
inline std::vector<std::string> Lines(const ParsedSpec& parsed) {
  std::vector<std::string> lines;
  for (const v1::SpecFault& fault : parsed.response.faults()) {
    const std::string place =
        fault.set_number() > 0
            ? absl::StrCat("--set ", fault.set_number())
            : absl::StrCat(fault.line(), ":", fault.column());
    lines.push_back(absl::StrCat(
        place, fault.path().empty() ? "" : absl::StrCat(": ", fault.path()),
        ": ", fault.message()));
  }
  return lines;
}

inline std::vector<std::string> Faults(const std::string& text,
                                       const std::vector<std::string>& set = {},
                                       const SpecLimits& limits = {}) {
  return Lines(Parse(text, set, limits));
}

// The faults of a spec as `path: message`.
inline std::vector<std::string> Messages(const v1::RunSpec& spec,
                                         const SpecLimits& limits = {}) {
  std::vector<std::string> messages;
  for (const Fault& fault : CheckSpec(spec, limits)) {
    messages.push_back(absl::StrCat(fault.path, ": ", fault.message));
  }
  return messages;
}

}  // namespace steelyard::server

#endif  // STEELYARD_TESTS_SERVER_SPEC_SAMPLES_H_
