#include "server/worker/test_sets.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/worker/draw_rows.h"
#include "server/worker/failure.h"
#include "server/worker/read_data.h"
#include "server/worker/read_files.h"
#include "server/worker/training_rows.h"
#include "support/status_macros.h"
#include "training/data/alter_rows.h"
#include "training/data/generate.h"
#include "training/target.h"

namespace steelyard::worker {
namespace {

using training::Rows;
using training::TestSet;

absl::Status CheckTestName(const std::string& name) {
  static const std::set<std::string>* const kReserved =
      new std::set<std::string>({"train", "margin", "direction", "theory",
                                 "weights", "parameters", "leap", "dual",
                                 "bound", "kkt", "target", "boundary"});
  constexpr size_t kMaxBytes = 63;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  if (plain && !name.empty() && name.size() <= kMaxBytes &&
      !kReserved->contains(name)) {
    return absl::OkStatus();
  }
  return Wrong(
      "test_sets: want names of 1 to 63 of [a-z0-9-_], none of the "
      "words that begin a metric's name, got \"",
      name, "\"");
}

// Whether the rows come from other rows of the spec.
bool IsDerived(const v1::Data& data) {
  return data.has_uniform_noise() || data.has_shifted_copy();
}

// Of the target.
absl::Status CheckOwn(const v1::Data& data) {
  if (!IsDerived(data)) return absl::OkStatus();
  return Wrong("target.data: want rows of its own, got ",
               data.has_uniform_noise() ? "uniform_noise" : "shifted_copy");
}

absl::StatusOr<TestSet> ReadPlain(const v1::RunSpec& spec, const v1::Data& data,
                                  const std::string& field,
                                  const LeasedFiles& files, int64_t columns) {
  STEELYARD_ASSIGN_OR_RETURN(Rows rows, ReadRows(spec, data, field, files));
  if (rows.columns == columns) {
    TestSet set{.name = "", .rows = std::move(rows)};
    STEELYARD_ASSIGN_OR_RETURN(set.parts, PartsOf(spec, data));
    return set;
  }
  const std::string message = absl::StrCat(
      field, ": want ", columns, " features as in data, got ", rows.columns);
  return IsStored(data) || IsStored(spec.data())
             ? absl::FailedPreconditionError(message)
             : absl::InvalidArgumentError(message);
}

const TestSet* Find(const std::vector<TestSet>& sets, const std::string& name) {
  for (const TestSet& set : sets) {
    if (set.name == name) return &set;
  }
  return nullptr;
}

// `sets`: all that are not derived.
absl::StatusOr<TestSet> Copy(const v1::ShiftedCopyData& copy,
                             const std::vector<TestSet>& sets) {
  const TestSet* set = Find(sets, copy.of());
  if (set == nullptr) {
    return Wrong(
        "shifted_copy.of: want the name of a test set that comes from "
        "no other, got \"",
        copy.of(), "\"");
  }
  const int length = copy.shift_size();
  if (length != 1 && (length == 0 || length != set->rows.columns)) {
    return Wrong("shifted_copy.shift: want one value or ", set->rows.columns,
                 ", got ", length);
  }
  for (const double value : copy.shift()) {
    if (std::abs(value) <= training::kMaxGeneratorNumber) continue;
    return Wrong("shifted_copy.shift: want values of at most ",
                 training::kMaxGeneratorNumber, " in magnitude, got ", value);
  }
  TestSet moved = *set;
  const std::span<const double> shift(copy.shift().data(),
                                      static_cast<size_t>(length));
  training::ShiftFeatures(shift, moved.rows);
  for (training::GaussianPart& part : moved.parts) {
    part.mean.resize(static_cast<size_t>(moved.rows.columns), 0.0);
    for (size_t j = 0; j < part.mean.size(); ++j) {
      part.mean[j] += shift[length == 1 ? 0 : j];
    }
  }
  return moved;
}

absl::StatusOr<TestSet> Derive(const v1::Data& data, const std::string& field,
                               int64_t columns,
                               const std::vector<TestSet>& sets) {
  if (data.has_classes() || data.has_take()) {
    return Wrong(data.has_classes() ? "classes" : "take",
                 ": want none where the labels come from elsewhere, got some");
  }
  if (data.has_shifted_copy()) return Copy(data.shifted_copy(), sets);
  absl::StatusOr<Rows> rows = DrawNoise(data.uniform_noise(), field, columns);
  if (!rows.ok()) return Within("uniform_noise", rows.status());
  return TestSet{.name = "", .rows = *std::move(rows)};
}

}  // namespace

std::string SetPath(const std::string& name) {
  return name == training::kTargetSet ? "target.data"
                                      : absl::StrCat("test_sets.", name);
}

const v1::Data* FindSet(const v1::RunSpec& spec, const std::string& name) {
  if (name == training::kTargetSet) {
    return spec.target().has_data() ? &spec.target().data() : nullptr;
  }
  const auto set = spec.test_sets().find(name);
  return set == spec.test_sets().end() ? nullptr : &set->second;
}

absl::StatusOr<std::vector<TestSet>> ReadTestSets(const v1::RunSpec& spec,
                                                  const LeasedFiles& files,
                                                  int64_t columns,
                                                  std::optional<Rows> split) {
  // A protobuf map has no order; the metrics' order must not depend on it.
  std::map<std::string, const v1::Data*> sets;
  for (const auto& [name, data] : spec.test_sets()) {
    STEELYARD_RETURN_IF_ERROR(CheckTestName(name));
    sets[name] = &data;
  }
  if (spec.target().has_data()) {
    STEELYARD_RETURN_IF_ERROR(CheckOwn(spec.target().data()));
    sets[training::kTargetSet] = &spec.target().data();
  }
  std::vector<TestSet> plain;
  if (split.has_value()) {
    if (sets.contains("test")) {
      return Wrong(
          "data.split: want no test set named test beside it, got one");
    }
    plain.push_back({.name = "test", .rows = *std::move(split)});
    STEELYARD_ASSIGN_OR_RETURN(plain.back().parts, PartsOf(spec, spec.data()));
  }
  std::vector<TestSet> derived;
  for (const bool deriving : {false, true}) {
    for (const auto& [name, data] : sets) {
      if (IsDerived(*data) != deriving) continue;
      const std::string field = SetPath(name);
      absl::Status bad = CheckUnaltered(*data);
      if (!bad.ok()) return Wrong(field, ".", bad.message());
      absl::StatusOr<TestSet> set =
          deriving ? Derive(*data, field, columns, plain)
                   : ReadPlain(spec, *data, field, files, columns);
      if (!set.ok() && deriving) {
        return Wrong(field, ".", set.status().message());
      }
      if (!set.ok()) return set.status();
      set->name = name;
      (deriving ? derived : plain).push_back(*std::move(set));
    }
  }
  for (TestSet& set : derived) plain.push_back(std::move(set));
  std::sort(plain.begin(), plain.end(),
            [](const TestSet& a, const TestSet& b) { return a.name < b.name; });
  return plain;
}

int64_t EstimateTestBytes(const v1::RunSpec& spec, const v1::Data& data,
                          const LeasedFiles& files) {
  if (data.has_uniform_noise()) {
    return TableBytes({NoiseRows(data.uniform_noise()),
                       EstimateTable(spec, spec.data(), files).columns});
  }
  if (!data.has_shifted_copy()) return EstimateRowBytes(spec, data, files);
  const v1::Data* of = FindSet(spec, data.shifted_copy().of());
  // A copy of what `split` makes is at most one of all rows.
  return EstimateRowBytes(spec, of == nullptr ? spec.data() : *of, files);
}

}  // namespace steelyard::worker
