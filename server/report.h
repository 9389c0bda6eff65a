#ifndef STEELYARD_SERVER_REPORT_H_
#define STEELYARD_SERVER_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "steelyard/v1/worker_service.pb.h"
#include "storage/change.h"

// What workers say, as changes of the store.
namespace steelyard::server {

// Of an artifact, in a report.
inline constexpr int64_t kArtifactPieceBytes = 1 << 20;

// The change that a report asks for.  Every sample gets the report's attempt.
// What the store refuses (unequal lengths, a gap) is left to it.
//
// Errors: InvalidArgument when a result is neither of an end that a spec names
// nor of a failure with a reason, or a piece of an artifact is too large.
absl::StatusOr<storage::AddReport> ReportChange(const v1::RunReport& report,
                                                absl::Time now);

// What the engine remembers of a report while it is with the writer.
struct ReportFacts {
  bool has_samples = false;
  bool is_visible = false;   // whether it holds anything that users see
  int64_t next_ordinal = 0;  // after its samples; 0 without
  int64_t steps = 0;         // taken when it was made, as far as it says
  double training_s = 0;
  int64_t checkpoint_step = -1;  // -1: no checkpoint
  std::string checkpoint_numerics_id = {};
  std::optional<storage::RunState> end_state = {};  // with a result
};
ReportFacts FactsOf(const storage::AddReport& change);

// The change that an inspection asks for.
// Errors: InvalidArgument unless exactly one of summary and rejection is there,
// or when the name is not datasets/HEX.
absl::StatusOr<storage::FinishInspection> InspectionChange(
    const v1::InspectionReport& report, absl::Time now);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_REPORT_H_
