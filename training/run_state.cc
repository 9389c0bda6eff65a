#include "training/run_state.h"

#include <bit>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "training/hash64.h"
#include "training/trainer.h"

namespace steelyard::training {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr absl::string_view kMagic = "SteelyTS";
constexpr uint64_t kVersion = 5;
constexpr size_t kHeaderWords = 12;  // magic to the number of words

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

}  // namespace

std::string WriteRunState(const RunPlace& place,
                          std::span<const uint64_t> words,
                          uint64_t fingerprint) {
  std::string bytes(kMagic);
  bytes.reserve(8 * (kHeaderWords + words.size() + 1));
  Append(kVersion, bytes);
  Append(fingerprint, bytes);
  Append(place.step, bytes);
  Append(place.next_ordinal, bytes);
  Append(place.evaluated_step, bytes);
  Append(static_cast<int64_t>(place.ended), bytes);
  Append(place.best, bytes);
  Append(place.waited, bytes);
  Append(place.separated, bytes);
  Append(place.far, bytes);
  Append(uint64_t{words.size()}, bytes);
  for (const uint64_t word : words) Append(word, bytes);
  Append(HashOf(bytes), bytes);
  return bytes;
}

absl::StatusOr<RunPlace> ReadRunState(absl::string_view bytes,
                                      uint64_t fingerprint,
                                      std::span<uint64_t> words) {
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
    return Damaged("want one of this problem and numerics, got another's");
  }
  RunPlace place;
  place.step = Take<int64_t>(bytes);
  place.next_ordinal = Take<int64_t>(bytes);
  place.evaluated_step = Take<int64_t>(bytes);
  const auto ended = Take<int64_t>(bytes);
  if (ended < 0 || ended > static_cast<int64_t>(RunEnd::kEarly)) {
    return Damaged(absl::StrCat("want an end from 0 to 2, got ", ended));
  }
  place.ended = static_cast<RunEnd>(ended);
  place.best = Take<double>(bytes);
  place.waited = Take<int64_t>(bytes);
  place.separated = Take<int64_t>(bytes);
  place.far = Take<int64_t>(bytes);
  if (Take<uint64_t>(bytes) != words.size() ||
      bytes.size() != 8 * words.size()) {
    return Damaged(absl::StrCat("want ", words.size(),
                                " words of the model, got ", bytes.size(),
                                " bytes"));
  }
  for (uint64_t& word : words) word = Take<uint64_t>(bytes);
  return place;
}

}  // namespace steelyard::training
