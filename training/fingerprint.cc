#include "training/fingerprint.h"

#include <variant>

#include "absl/strings/string_view.h"
#include "training/hash64.h"

namespace steelyard::training {
namespace {

void Add(const Rows& rows, Hash64& hash) {
  hash.Add(rows.rows);
  hash.Add(rows.columns);
  hash.Add(rows.features);
  hash.Add(rows.labels);
}

void Add(const Schedule& schedule, Hash64& hash) {
  hash.Add(static_cast<uint64_t>(schedule.index()));
  if (const auto* log = std::get_if<LogSchedule>(&schedule)) {
    hash.Add(int64_t{log->points_per_decade});
  } else if (const auto* every = std::get_if<EverySchedule>(&schedule)) {
    hash.Add(every->steps);
  } else {
    hash.Add(std::get<AtSchedule>(schedule).steps);
  }
}

template <typename Problem>
void AddSets(const Problem& problem, Hash64& hash) {
  Add(problem.train, hash);
  hash.Add(static_cast<uint64_t>(problem.tests.size()));
  for (const TestSet& test : problem.tests) {
    hash.Add(absl::string_view(test.name));
    Add(test.rows, hash);
  }
}

}  // namespace

uint64_t Fingerprint(const LinearProblem& problem) {
  Hash64 hash;
  hash.Add(absl::string_view(NumericsId()));
  AddSets(problem, hash);
  hash.Add(static_cast<uint64_t>(problem.bias));
  hash.Add(static_cast<uint64_t>(problem.loss));
  hash.Add(problem.weights);
  hash.Add(static_cast<uint64_t>(problem.normalization));
  hash.Add(problem.l2_strength);
  hash.Add(problem.learning_rate);
  hash.Add(problem.steps);
  Add(problem.schedule, hash);
  return hash.value();
}

}  // namespace steelyard::training
