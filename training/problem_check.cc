#include "training/problem_check.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/schedule_steps.h"

namespace steelyard::training {
namespace {

template <typename T>
absl::Status Want(absl::string_view where, absl::string_view what, T got) {
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": want ", what, ", got ", got));
}

absl::Status CheckRows(absl::string_view where, const Rows& rows) {
  if (rows.rows < 1) {
    return Want(absl::StrCat(where, ".rows"), "at least 1", rows.rows);
  }
  if (rows.columns < 1) {
    return Want(absl::StrCat(where, ".columns"), "at least 1", rows.columns);
  }
  const auto n = static_cast<uint64_t>(rows.rows);
  const auto d = static_cast<uint64_t>(rows.columns);
  // By division: the product of wild numbers may wrap.
  if (rows.features.size() % d != 0 || rows.features.size() / d != n) {
    return Want(absl::StrCat(where, ".features"),
                absl::StrCat(n, " x ", d, " values"), rows.features.size());
  }
  if (rows.labels.size() != n) {
    return Want(absl::StrCat(where, ".labels"), absl::StrCat(n, " values"),
                rows.labels.size());
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < d; ++j) {
      if (!std::isfinite(rows.features[i * d + j])) {
        return Want(absl::StrCat(where, ".features[", i, "][", j, "]"),
                    "a finite value", rows.features[i * d + j]);
      }
    }
    if (rows.labels[i] != -1 && rows.labels[i] != 1) {
      return Want(absl::StrCat(where, ".labels[", i, "]"), "-1 or 1",
                  rows.labels[i]);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTests(const LinearProblem& problem) {
  // Whose metrics would take the names of the training rows'.
  std::set<std::string> names = {"train"};
  for (const TestSet& test : problem.tests) {
    const std::string where = absl::StrCat("tests.", test.name);
    if (test.name.empty() || !names.insert(test.name).second) {
      return Want("tests", "names that are unique, not empty and not train",
                  absl::StrCat("\"", test.name, "\""));
    }
    STEELYARD_RETURN_IF_ERROR(CheckRows(where, test.rows));
    if (test.rows.columns != problem.train.columns) {
      return Want(
          absl::StrCat(where, ".columns"),
          absl::StrCat(problem.train.columns, " as in the training rows"),
          test.rows.columns);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckProblem(const LinearProblem& problem) {
  STEELYARD_RETURN_IF_ERROR(CheckRows("train", problem.train));
  STEELYARD_RETURN_IF_ERROR(CheckTests(problem));
  if (!std::isfinite(problem.l2_strength) || problem.l2_strength < 0) {
    return Want("l2_strength", "a finite value >= 0", problem.l2_strength);
  }
  if (!std::isfinite(problem.learning_rate) || problem.learning_rate <= 0) {
    return Want("learning_rate", "a finite value > 0", problem.learning_rate);
  }
  if (problem.steps < 1) return Want("steps", "at least 1", problem.steps);
  return CheckSchedule(problem.schedule, problem.steps);
}

}  // namespace steelyard::training
