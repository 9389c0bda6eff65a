#include "training/rows_check.h"

#include <cmath>
#include <set>
#include <string>

#include "support/status_macros.h"

namespace steelyard::training {
namespace {

absl::Status CheckShape(absl::string_view where, const Rows& rows) {
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
  return absl::OkStatus();
}

absl::Status CheckLabel(absl::string_view where, double label,
                        const LabelKind& labels) {
  switch (labels.values) {
    case LabelValues::kSigns:
      if (label == -1 || label == 1) return absl::OkStatus();
      return Want(where, "-1 or 1", label);
    case LabelValues::kClasses:
      if (label >= 0 && label < static_cast<double>(labels.classes) &&
          label == std::floor(label)) {
        return absl::OkStatus();
      }
      return Want(where, absl::StrCat("a class from 0 to ", labels.classes - 1),
                  label);
    case LabelValues::kNumbers:
      break;
  }
  if (std::isfinite(label)) return absl::OkStatus();
  return Want(where, "a finite value", label);
}

absl::Status CheckGroups(absl::string_view where, const Rows& rows) {
  const RowGroups& groups = rows.groups;
  std::set<std::string> names;
  for (const std::string& name : groups.names) {
    if (!name.empty() && names.insert(name).second) continue;
    return Want(absl::StrCat(where, ".names"),
                "names that are unique and not empty",
                absl::StrCat("\"", name, "\""));
  }
  const bool none = groups.numbers.empty() && names.empty();
  if (!none && groups.numbers.size() != rows.labels.size()) {
    return Want(absl::StrCat(where, ".numbers"),
                absl::StrCat(rows.rows, " values, or none without names"),
                groups.numbers.size());
  }
  for (size_t i = 0; i < groups.numbers.size(); ++i) {
    const int32_t number = groups.numbers[i];
    if (number >= 0 && static_cast<size_t>(number) < names.size()) continue;
    return Want(absl::StrCat(where, ".numbers[", i, "]"),
                absl::StrCat("the place of one of ", names.size(), " names"),
                number);
  }
  return absl::OkStatus();
}

absl::Status CheckSet(absl::string_view where, const Rows& rows,
                      const LabelKind& labels) {
  STEELYARD_RETURN_IF_ERROR(CheckShape(where, rows));
  STEELYARD_RETURN_IF_ERROR(CheckGroups(absl::StrCat(where, ".groups"), rows));
  const auto d = static_cast<size_t>(rows.columns);
  for (size_t i = 0; i < static_cast<size_t>(rows.rows); ++i) {
    for (size_t j = 0; j < d; ++j) {
      if (!std::isfinite(rows.features[i * d + j])) {
        return Want(absl::StrCat(where, ".features[", i, "][", j, "]"),
                    "a finite value", rows.features[i * d + j]);
      }
    }
    STEELYARD_RETURN_IF_ERROR(CheckLabel(
        absl::StrCat(where, ".labels[", i, "]"), rows.labels[i], labels));
  }
  return absl::OkStatus();
}

absl::Status CheckPart(const std::string& where, const GaussianPart& part,
                       int64_t columns) {
  const auto d = static_cast<size_t>(columns);
  if (part.mean.size() > d) {
    return Want(where + ".mean", absl::StrCat("at most ", d, " values"),
                part.mean.size());
  }
  if (!part.covariance.empty() && part.covariance.size() != d * d) {
    return Want(where + ".covariance",
                absl::StrCat("none or ", d * d, " values"),
                part.covariance.size());
  }
  for (const std::vector<double>* values : {&part.mean, &part.covariance}) {
    for (const double value : *values) {
      if (!std::isfinite(value)) return Want(where, "finite values", value);
    }
  }
  STEELYARD_RETURN_IF_ERROR(
      WantAtLeastZero(where + ".standard_deviation", part.standard_deviation));
  return WantAboveZero(where + ".share", part.share);
}

absl::Status CheckParts(absl::string_view where, const TestSet& test,
                        const LabelKind& labels) {
  for (size_t k = 0; k < test.parts.size(); ++k) {
    const std::string part = absl::StrCat(where, ".parts[", k, "]");
    STEELYARD_RETURN_IF_ERROR(
        CheckPart(part, test.parts[k], test.rows.columns));
    STEELYARD_RETURN_IF_ERROR(
        CheckLabel(part + ".label", test.parts[k].label, labels));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WantAtLeastZero(absl::string_view where, double value) {
  if (std::isfinite(value) && value >= 0) return absl::OkStatus();
  return Want(where, "a finite value >= 0", value);
}

absl::Status WantAboveZero(absl::string_view where, double value) {
  if (std::isfinite(value) && value > 0) return absl::OkStatus();
  return Want(where, "a finite value > 0", value);
}

absl::Status CheckTargetWeights(absl::string_view where,
                                std::span<const double> weights, int64_t rows) {
  if (!weights.empty() && std::ssize(weights) != rows) {
    return Want(where, absl::StrCat("none or ", rows, " values"),
                weights.size());
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    STEELYARD_RETURN_IF_ERROR(
        WantAtLeastZero(absl::StrCat(where, "[", i, "]"), weights[i]));
  }
  return absl::OkStatus();
}

absl::Status CheckRows(const Rows& train, std::span<const TestSet> tests,
                       const LabelKind& labels) {
  STEELYARD_RETURN_IF_ERROR(CheckSet("train", train, labels));
  // Whose metrics would take the names of the training rows'.
  std::set<std::string> names = {"train"};
  for (const TestSet& test : tests) {
    const std::string where = absl::StrCat("tests.", test.name);
    if (test.name.empty() || !names.insert(test.name).second) {
      return Want("tests", "names that are unique, not empty and not train",
                  absl::StrCat("\"", test.name, "\""));
    }
    STEELYARD_RETURN_IF_ERROR(CheckSet(where, test.rows, labels));
    STEELYARD_RETURN_IF_ERROR(CheckParts(where, test, labels));
    STEELYARD_RETURN_IF_ERROR(
        CheckTargetWeights(absl::StrCat(where, ".target_weights"),
                           test.target_weights, test.rows.rows));
    if (test.rows.columns != train.columns) {
      return Want(absl::StrCat(where, ".columns"),
                  absl::StrCat(train.columns, " as in the training rows"),
                  test.rows.columns);
    }
  }
  return absl::OkStatus();
}

}  // namespace steelyard::training
