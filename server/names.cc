#include "server/names.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

bool IsLabelCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

absl::Status Wanted(absl::string_view where, absl::string_view what,
                    absl::string_view got) {
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": want ", what, ", got ", Quoted(got)));
}

// SimpleAtoi takes spaces, signs and leading zeros, which would give one run
// several names.
bool ParseRunId(absl::string_view text, int64_t* id) {
  return !text.empty() && text[0] >= '1' && text[0] <= '9' &&
         absl::SimpleAtoi(text, id);
}

absl::StatusOr<DatasetName> HexOrLabel(absl::string_view text,
                                       const absl::Status& error) {
  if (IsSha256Hex(text)) {
    return DatasetName{.sha256 = {std::string(text)}, .label = {}};
  }
  if (IsLabel(text)) {
    return DatasetName{.sha256 = {}, .label = std::string(text)};
  }
  return error;
}

}  // namespace

bool IsLabel(absl::string_view text) {
  return !text.empty() && text.size() <= 63 &&
         std::all_of(text.begin(), text.end(), IsLabelCharacter);
}

bool IsSha256Hex(absl::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), IsHexDigit);
}

std::string Quoted(absl::string_view text) {
  constexpr size_t kShown = 100;
  size_t end = std::min(text.size(), kShown);
  // Not within a character of several bytes: an error is valid UTF-8.
  while (end > 0 && end < text.size() && (text[end] & 0xC0) == 0x80) --end;
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text.substr(0, end)), "\"",
                      end < text.size() ? "..." : "");
}

absl::StatusOr<RunName> ParseRunName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  RunName result;
  if (parts.size() != 4 || parts[0] != "experiments" || parts[2] != "runs" ||
      (parts[1] != "-" && !IsLabel(parts[1])) ||
      !ParseRunId(parts[3], &result.run.value)) {
    return Wanted("name", "experiments/E/runs/R, R a number", name);
  }
  if (parts[1] != "-") result.experiment = std::string(parts[1]);
  return result;
}

std::string FormatRunName(absl::string_view experiment, storage::RunId run) {
  return absl::StrCat("experiments/", experiment, "/runs/", run.value);
}

bool IsArtifactId(absl::string_view text) {
  return !text.empty() && text.size() <= 127 && text[0] != '.' &&
         text[0] != '-' && std::all_of(text.begin(), text.end(), [](char c) {
           return IsLabelCharacter(c) && c != '_';
         });
}

absl::StatusOr<ArtifactName> ParseArtifactName(absl::string_view name) {
  const absl::string_view separator = "/artifacts/";
  const size_t end = name.find(separator);
  if (end != absl::string_view::npos) {
    absl::StatusOr<RunName> run = ParseRunName(name.substr(0, end));
    const absl::string_view id = name.substr(end + separator.size());
    if (run.ok() && IsArtifactId(id)) {
      return ArtifactName{.run = *std::move(run), .artifact = std::string(id)};
    }
  }
  return Wanted("name",
                "experiments/E/runs/R/artifacts/A, R a number, A 1-127 of "
                "[a-z0-9-.]",
                name);
}

std::string FormatArtifactName(absl::string_view run,
                               absl::string_view artifact) {
  return absl::StrCat(run, "/artifacts/", artifact);
}

absl::StatusOr<std::string> ParseExperimentName(absl::string_view name) {
  absl::string_view label = name;
  if (!absl::ConsumePrefix(&label, "experiments/") || !IsLabel(label)) {
    return Wanted("name", "experiments/E, E 1-63 of [a-z0-9-_.]", name);
  }
  return std::string(label);
}

std::string FormatExperimentName(absl::string_view experiment) {
  return absl::StrCat("experiments/", experiment);
}

absl::StatusOr<std::string> ParseRunParent(absl::string_view parent) {
  if (parent == "experiments/-") return std::string();
  absl::string_view label = parent;
  if (!absl::ConsumePrefix(&label, "experiments/") || !IsLabel(label)) {
    return Wanted("parent", "experiments/E, or experiments/- for all", parent);
  }
  return std::string(label);
}

absl::StatusOr<DatasetName> ParseDatasetName(absl::string_view name) {
  const absl::Status error =
      Wanted("name", "datasets/ and a SHA-256 or a label", name);
  absl::string_view text = name;
  if (!absl::ConsumePrefix(&text, "datasets/")) return error;
  return HexOrLabel(text, error);
}

std::string FormatDatasetName(const storage::Sha256& sha256) {
  return absl::StrCat("datasets/", sha256.hex);
}

absl::StatusOr<storage::Sha256> ParseUploadName(absl::string_view name) {
  absl::string_view text = name;
  if (absl::ConsumePrefix(&text, "uploads/") && IsSha256Hex(text)) {
    return storage::Sha256{std::string(text)};
  }
  return Wanted("name", "uploads/ and a SHA-256", name);
}

absl::StatusOr<DatasetName> ParseDatasetReference(absl::string_view reference) {
  const absl::Status error = Wanted(
      "dataset", "sha256/ and 64 lower-case hexadecimal digits, or a label",
      reference);
  absl::string_view text = reference;
  if (absl::ConsumePrefix(&text, "sha256/") && !IsSha256Hex(text)) return error;
  return HexOrLabel(text, error);
}

std::string FormatDatasetReference(const storage::Sha256& sha256) {
  return absl::StrCat("sha256/", sha256.hex);
}

}  // namespace steelyard::server
