#include "training/run_state.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "training/hash64.h"

namespace steelyard::training {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr absl::string_view kMagic = "SteelyTS";
constexpr uint64_t kVersion = 1;
constexpr size_t kHeaderWords = 8;  // magic to d

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

uint64_t HashOf(absl::string_view bytes) {
  Hash64 hash;
  hash.Add(bytes);
  return hash.value();
}

template <typename T>
void Append(const T& word, std::string& bytes) {
  static_assert(sizeof(T) == 8);
  char buffer[8];
  std::memcpy(buffer, &word, 8);
  bytes.append(buffer, 8);
}

template <typename T>
T Take(absl::string_view& bytes) {
  static_assert(sizeof(T) == 8);
  T word;
  std::memcpy(&word, bytes.data(), 8);
  bytes.remove_prefix(8);
  return word;
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("training state: ", what));
}

bool AllFinite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

}  // namespace

uint64_t Fingerprint(const LinearProblem& problem) {
  Hash64 hash;
  hash.Add(NumericsId());
  Add(problem.train, hash);
  hash.Add(static_cast<uint64_t>(problem.tests.size()));
  for (const TestSet& test : problem.tests) {
    hash.Add(absl::string_view(test.name));
    Add(test.rows, hash);
  }
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

std::string WriteState(const RunState& state, uint64_t fingerprint) {
  std::string bytes(kMagic);
  bytes.reserve(8 * (kHeaderWords + 2 * state.theta.size() + 1));
  Append(kVersion, bytes);
  Append(fingerprint, bytes);
  Append(state.step, bytes);
  Append(state.next_ordinal, bytes);
  Append(state.evaluated_step, bytes);
  Append(state.stopped, bytes);
  Append(static_cast<uint64_t>(state.theta.size()), bytes);
  for (const double value : state.theta) Append(value, bytes);
  for (const double value : state.evaluated_theta) Append(value, bytes);
  Append(HashOf(bytes), bytes);
  return bytes;
}

absl::StatusOr<RunState> ReadState(absl::string_view bytes,
                                   uint64_t fingerprint, int64_t d) {
  if (bytes.size() < 8 * (kHeaderWords + 1) ||
      bytes.substr(0, kMagic.size()) != kMagic) {
    return Damaged(absl::StrCat("want ", kMagic, " and a header, got ",
                                bytes.size(), " bytes of something else"));
  }
  absl::string_view end = bytes.substr(bytes.size() - 8);
  bytes.remove_suffix(8);
  if (Take<uint64_t>(end) != HashOf(bytes)) {
    return Damaged("want the checksum of its bytes, got another one");
  }
  bytes.remove_prefix(kMagic.size());
  if (const auto version = Take<uint64_t>(bytes); version != kVersion) {
    return Damaged(absl::StrCat("want version ", kVersion, ", got ", version));
  }
  if (Take<uint64_t>(bytes) != fingerprint) {
    return Damaged(absl::StrCat("want one of this problem and of numerics ",
                                NumericsId(), ", got that of another"));
  }
  RunState state;
  state.step = Take<int64_t>(bytes);
  state.next_ordinal = Take<int64_t>(bytes);
  state.evaluated_step = Take<int64_t>(bytes);
  state.stopped = Take<int64_t>(bytes);
  const auto count = static_cast<size_t>(d);
  if (Take<uint64_t>(bytes) != count || bytes.size() != 16 * count) {
    return Damaged(absl::StrCat("want ", d, " parameters twice, got ",
                                bytes.size(), " bytes"));
  }
  for (size_t j = 0; j < count; ++j) {
    state.theta.push_back(Take<double>(bytes));
  }
  for (size_t j = 0; j < count; ++j) {
    state.evaluated_theta.push_back(Take<double>(bytes));
  }
  if (!AllFinite(state.theta) || !AllFinite(state.evaluated_theta)) {
    return Damaged("want finite parameters, got others");
  }
  return state;
}

}  // namespace steelyard::training
