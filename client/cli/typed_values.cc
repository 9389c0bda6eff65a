#include "client/cli/typed_values.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/artifact_text.h"
#include "client/cli/dataset_form.h"
#include "client/cli/escape.h"
#include "client/cli/utf8.h"
#include "support/status_macros.h"

namespace steelyard::cli {

absl::Status CheckValue(absl::string_view option, absl::string_view value) {
  return CheckUtf8(absl::StrCat(option, " ", TerminalText(value)), value);
}

absl::Status CheckValues(absl::string_view option,
                         const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    STEELYARD_RETURN_IF_ERROR(CheckValue(option, value));
  }
  return absl::OkStatus();
}

absl::Status CheckLabel(absl::string_view option, absl::string_view value) {
  if (IsLabel(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      option, ": want 1-63 of [a-z0-9-_.], got \"", TerminalText(value), "\""));
}

absl::Status CheckArtifactId(absl::string_view option,
                             absl::string_view value) {
  if (IsArtifactId(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(option,
                   ": want 1-127 of [a-z0-9-.] that begin with a letter or "
                   "digit, got \"",
                   TerminalText(value), "\""));
}

absl::StatusOr<std::vector<RunName>> ParseRunNames(
    const std::vector<std::string>& texts) {
  std::vector<RunName> runs;
  for (const std::string& text : texts) {
    STEELYARD_ASSIGN_OR_RETURN(RunName name, ParseRunName(text));
    runs.push_back(std::move(name));
  }
  return runs;
}

absl::StatusOr<std::vector<UploadSource>> ParseSources(
    const std::vector<std::string>& files, const TypedUpload& typed) {
  if (typed.has_name) {
    STEELYARD_RETURN_IF_ERROR(CheckLabel("--name", typed.name));
    if (files.size() > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("--name: want one FILE, got ", files.size()));
    }
  }
  std::vector<UploadSource> sources;
  for (const std::string& path : files) {
    const v1::DatasetForm form =
        typed.format.empty() ? FormOfName(path) : FormOfWord(typed.format);
    if (form == v1::DATASET_FORM_UNSPECIFIED) {
      return absl::InvalidArgumentError(absl::StrCat(
          TerminalText(path),
          ": want a name that shows its form, or --format with ", FormWords()));
    }
    sources.push_back({.path = path,
                       .form = form,
                       .label = typed.name,
                       .shared = typed.shared});
  }
  return sources;
}

}  // namespace steelyard::cli
