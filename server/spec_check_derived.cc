#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/near_name.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"

// The limits are the worker's: training/data/generate.h.
namespace steelyard::server {
namespace {

void CheckNoise(const std::string& path, const v1::UniformNoiseData& noise,
                std::vector<Fault>* faults) {
  if (noise.rows() == 0) {
    faults->push_back({FieldPath(path, "rows"), "want at least 1, got 0"});
  }
  const double high = noise.has_high() ? noise.high() : 1;
  if (!(std::abs(noise.low()) <= kMostDrawnNumber)) {
    faults->push_back({FieldPath(path, "low"), WantDrawnNumber(noise.low())});
  } else if (!(std::abs(high) <= kMostDrawnNumber)) {
    faults->push_back({FieldPath(path, "high"), WantDrawnNumber(high)});
  } else if (!(noise.low() < high)) {
    faults->push_back(
        {FieldPath(path, "high"),
         absl::StrCat("want a value above low, ", ShowNumber(noise.low()),
                      ", got ", ShowNumber(high))});
  }
}

void CheckCopy(const std::string& path, const v1::ShiftedCopyData& copy,
               std::vector<Fault>* faults) {
  const std::string shift = FieldPath(path, "shift");
  if (copy.shift().empty()) {
    faults->push_back(
        {shift, "want one value or one for each feature, got none"});
  }
  ElementFaults wrong(shift, faults);
  for (int j = 0; j < copy.shift_size(); ++j) {
    if (std::abs(copy.shift(j)) <= kMostDrawnNumber) continue;
    wrong.Add(IndexPath(shift, static_cast<size_t>(j)),
              WantDrawnNumber(copy.shift(j)));
  }
}

void DeriveNoise(const std::string& path, const v1::UniformNoiseData& noise,
                 const SpecRows& rows, KnownRows* known,
                 std::vector<Fault>* faults) {
  known->columns = rows.train.columns;
  if (!known->columns || noise.rows() == 0) return;
  const auto columns = static_cast<uint64_t>(*known->columns);
  if (noise.rows() <= kMostDrawnValues &&
      columns <= kMostDrawnValues / noise.rows()) {
    return;
  }
  faults->push_back({FieldPath(path, "rows"),
                     absl::StrCat("want at most ", kMostDrawnValues,
                                  " values, rows times features, got ",
                                  noise.rows(), " rows of ", columns)});
}

// The names of the sets that can be copied.
std::vector<std::string> SetsToCopy(const v1::RunSpec& spec,
                                    const SpecRows& rows) {
  std::vector<std::string> names;
  for (const auto& [name, known] : rows.tests) {
    const auto set = spec.test_sets().find(name);
    if (set == spec.test_sets().end() || !IsDerived(set->second)) {
      names.push_back(name);
    }
  }
  return names;
}

void DeriveCopy(const std::string& path, const v1::ShiftedCopyData& copy,
                const std::vector<std::string>& names, const SpecRows& rows,
                KnownRows* known, std::vector<Fault>* faults) {
  if (std::find(names.begin(), names.end(), copy.of()) == names.end()) {
    const std::string near = NearName(copy.of(), names);
    faults->push_back(
        {FieldPath(path, "of"),
         absl::StrCat(
             "want the name of a test set that comes from no other, got ",
             copy.of().empty() ? "nothing" : ShowText(copy.of()),
             near.empty() ? "" : absl::StrCat("; did you mean ", near, "?"))});
    return;
  }
  *known = rows.tests.at(copy.of());
  const int length = copy.shift_size();
  if (!known->columns || length <= 1 || length == *known->columns) return;
  faults->push_back({FieldPath(path, "shift"),
                     absl::StrCat("want one value or ", *known->columns,
                                  ", one for each feature, got ", length)});
}

}  // namespace

bool IsDerived(const v1::Data& data) {
  return data.has_uniform_noise() || data.has_shifted_copy();
}

void CheckDerived(const std::string& path, const v1::Data& data,
                  std::vector<Fault>* faults) {
  const std::string source = FieldPath(
      path, data.has_uniform_noise() ? "uniform_noise" : "shifted_copy");
  if (path == "data") {
    faults->push_back({source, "want it in a test set alone, got it in data"});
    return;
  }
  const std::string none =
      "want none where the labels come from elsewhere, got some";
  if (data.has_classes()) faults->push_back({FieldPath(path, "classes"), none});
  if (data.has_take()) faults->push_back({FieldPath(path, "take"), none});
  if (data.has_uniform_noise()) {
    CheckNoise(source, data.uniform_noise(), faults);
  } else {
    CheckCopy(source, data.shifted_copy(), faults);
  }
}

void DeriveSets(const v1::RunSpec& spec, SpecRows* rows,
                std::vector<Fault>* faults) {
  const std::vector<std::string> names = SetsToCopy(spec, *rows);
  for (auto& [name, known] : rows->tests) {
    const auto set = spec.test_sets().find(name);
    if (set == spec.test_sets().end()) continue;
    const std::string path = KeyPath("test_sets", name);
    if (set->second.has_uniform_noise()) {
      DeriveNoise(FieldPath(path, "uniform_noise"), set->second.uniform_noise(),
                  *rows, &known, faults);
    }
    if (set->second.has_shifted_copy()) {
      DeriveCopy(FieldPath(path, "shifted_copy"), set->second.shifted_copy(),
                 names, *rows, &known, faults);
    }
  }
}

}  // namespace steelyard::server
