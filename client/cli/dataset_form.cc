#include "client/cli/dataset_form.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace steelyard::cli {
namespace {

constexpr char kPrefix[] = "DATASET_FORM_";

}  // namespace

std::string FormWord(v1::DatasetForm form) {
  return absl::AsciiStrToLower(
      absl::StripPrefix(v1::DatasetForm_Name(form), kPrefix));
}

v1::DatasetForm FormOfWord(absl::string_view word) {
  v1::DatasetForm form = v1::DATASET_FORM_UNSPECIFIED;
  const std::string name = absl::StrCat(kPrefix, absl::AsciiStrToUpper(word));
  const bool lower = absl::AsciiStrToLower(word) == word;
  const bool known = lower && v1::DatasetForm_Parse(name, &form);
  return known ? form : v1::DATASET_FORM_UNSPECIFIED;
}

std::string FormWords() {
  const google::protobuf::EnumDescriptor& forms = *v1::DatasetForm_descriptor();
  std::string words;
  for (int i = 1; i < forms.value_count(); ++i) {
    const bool last = i + 1 == forms.value_count();
    absl::StrAppend(
        &words, i == 1 ? "" : (last ? " or " : ", "),
        FormWord(static_cast<v1::DatasetForm>(forms.value(i)->number())));
  }
  return words;
}

v1::DatasetForm FormOfName(absl::string_view path) {
  std::string name = absl::AsciiStrToLower(path.substr(path.rfind('/') + 1));
  name = std::string(absl::StripSuffix(name, ".gz"));
  if (absl::EndsWith(name, ".csv")) return v1::DATASET_FORM_CSV;
  if (absl::EndsWith(name, ".npy")) return v1::DATASET_FORM_NPY;
  if (absl::EndsWith(name, ".bin") && absl::StrContains(name, "_batch")) {
    return v1::DATASET_FORM_CIFAR;
  }
  if (absl::EndsWith(name, ".idx") || absl::StrContains(name, "-idx") ||
      absl::StrContains(name, ".idx")) {
    return v1::DATASET_FORM_IDX;
  }
  return v1::DATASET_FORM_UNSPECIFIED;
}

}  // namespace steelyard::cli
