#include "server/limits.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/names.h"

namespace steelyard::server {
namespace {

constexpr int64_t kKiB = 1024;
constexpr int64_t kMiB = 1024 * kKiB;
constexpr int64_t kGiB = 1024 * kMiB;

std::string LimitNames() {
  const google::protobuf::Descriptor* fields = v1::Limits::descriptor();
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(fields->field_count()));
  for (int i = 0; i < fields->field_count(); ++i) {
    names.push_back(fields->field(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

v1::Limits DefaultLimits() {
  v1::Limits limits;
  limits.set_message_bytes(20 * kMiB);
  limits.set_inline_data_bytes(kMiB);
  limits.set_spec_text_bytes(16 * kMiB);
  limits.set_spec_depth(64);
  limits.set_spec_nodes(1'000'000);
  limits.set_upload_bytes(8 * kGiB);
  limits.set_upload_chunk_bytes(kMiB);
  limits.set_inflated_bytes(8 * kGiB);
  limits.set_labels_per_run(50);
  limits.set_page_size(1000);
  limits.set_filter_bytes(8 * kKiB);
  limits.set_watchers(10'000);
  limits.set_samples_per_run(1'000'000);
  limits.set_query_values_per_page(100'000);
  limits.set_metrics_per_run(10'000);
  limits.set_queued_runs(1'000'000);
  limits.set_query_s(2);
  limits.set_kept_uploads(16);
  limits.set_kept_upload_bytes(16 * kGiB);
  limits.set_kept_upload_age_s(int64_t{7} * 24 * 3600);
  limits.set_artifact_bytes(kGiB);
  return limits;
}

absl::Status LowerLimit(absl::string_view assignment, v1::Limits* limits) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(assignment, absl::MaxSplits('=', 1));
  const google::protobuf::FieldDescriptor* field =
      v1::Limits::descriptor()->FindFieldByName(std::string(parts.first));
  if (field == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit: want NAME=VALUE, NAME one of ", LimitNames(),
                     ", got ", Quoted(assignment)));
  }
  const v1::Limits defaults = DefaultLimits();
  const int64_t highest = defaults.GetReflection()->GetInt64(defaults, field);
  int64_t value = 0;
  if (!absl::SimpleAtoi(parts.second, &value) || value < 1 || value > highest) {
    return absl::InvalidArgumentError(absl::StrCat(
        "limit ", field->name(), ": want a whole number from 1 to ", highest,
        ", got ", Quoted(parts.second)));
  }
  limits->GetReflection()->SetInt64(limits, field, value);
  return absl::OkStatus();
}

}  // namespace steelyard::server
