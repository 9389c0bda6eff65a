#include "server/bad_request.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "support/check.h"

namespace steelyard::server {
namespace {

constexpr absl::string_view kUrl = "type.googleapis.com/google.rpc.BadRequest";
constexpr size_t kMessageBytes = 1024;
constexpr size_t kViolationBytes = 3072;

// At most `limit` bytes, not cut within a character.
std::string Cut(absl::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  size_t end = limit - 3;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), "...");
}

// The field that a message of ours begins with: `page_size: want ...`,
// `filter:8: want ...`.
std::string LeadingField(absl::string_view message) {
  const absl::string_view field = message.substr(0, message.find(':'));
  const bool is_path =
      !field.empty() && field.size() < message.size() &&
      std::all_of(field.begin(), field.end(), [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '[' ||
               c == ']';
      });
  return is_path ? std::string(field) : std::string();
}

// The rest of it: `want ...`, `8: want ...`.
std::string WithoutField(absl::string_view message, absl::string_view field) {
  if (field.empty()) return std::string(message);
  message.remove_prefix(field.size() + 1);
  return std::string(absl::StripLeadingAsciiWhitespace(message));
}

google::rpc::BadRequest Bounded(const google::rpc::BadRequest& all) {
  google::rpc::BadRequest result;
  for (const auto& violation : all.field_violations()) {
    auto* added = result.add_field_violations();
    added->set_field(Cut(violation.field(), 256));
    added->set_description(Cut(violation.description(), 512));
    if (result.ByteSizeLong() <= kViolationBytes) continue;
    const int left =
        all.field_violations_size() - result.field_violations_size() + 1;
    added->clear_field();
    added->set_description(absl::StrCat("and ", left, " more"));
    break;
  }
  return result;
}

std::optional<google::rpc::BadRequest> Faults(const absl::Status& status) {
  google::rpc::BadRequest faults;
  if (const auto payload = status.GetPayload(kUrl)) {  // absl::optional
    STEELYARD_CHECK(faults.ParseFromString(std::string(*payload)));
    return faults;
  }
  if (status.code() != absl::StatusCode::kInvalidArgument) return std::nullopt;
  auto* violation = faults.add_field_violations();
  violation->set_field(LeadingField(status.message()));
  violation->set_description(
      WithoutField(status.message(), violation->field()));
  return faults;
}

}  // namespace

absl::Status BadRequestError(const std::vector<FieldFault>& faults) {
  STEELYARD_CHECK(!faults.empty());
  std::string message;
  for (size_t i = 0; i < faults.size(); ++i) {
    if (message.size() > kMessageBytes) {
      absl::StrAppend(&message, "; and ", faults.size() - i, " more");
      break;
    }
    absl::StrAppend(&message, i == 0 ? "" : "; ", faults[i].field,
                    faults[i].field.empty() ? "" : ": ", faults[i].description);
  }
  return WithFaults(absl::InvalidArgumentError(message), faults);
}

absl::Status WithFaults(const absl::Status& status,
                        const std::vector<FieldFault>& faults) {
  google::rpc::BadRequest details;
  for (const FieldFault& fault : faults) {
    auto* violation = details.add_field_violations();
    violation->set_field(fault.field);
    violation->set_description(fault.description);
  }
  absl::Status result = status;
  result.SetPayload(kUrl, absl::Cord(details.SerializeAsString()));
  return result;
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status result;
  result.set_code(status.raw_code());
  result.set_message(Cut(status.message(), kMessageBytes));
  if (const std::optional<google::rpc::BadRequest> faults = Faults(status)) {
    result.add_details()->PackFrom(Bounded(*faults));
  }
  return result;
}

}  // namespace steelyard::server
