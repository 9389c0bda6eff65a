#ifndef STEELYARD_CLIENT_CLI_COMMANDS_H_
#define STEELYARD_CLIENT_CLI_COMMANDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/cli/dataset_upload.h"
#include "client/cli/exit_code.h"
#include "client/cli/metric_text.h"
#include "client/cli/run_filter.h"
#include "client/cli/run_follower.h"
#include "client/cli/run_name.h"
#include "client/cli/session.h"

// What the program's commands do, each in one function: options in, exit code
// out.  Results go to `session.console.out`, everything else to `err`.
namespace steelyard::cli {

struct SubmitOptions {
  std::vector<std::string> files;  // paths, or "-"
  std::vector<std::string> sets;   // PATH=VALUE
  bool follow = false;
  bool dry_run = false;
  bool json = false;
  UploadLimits upload{};
  FollowLimits follow_limits{};
};
ExitCode Submit(Session& session, const SubmitOptions& options);

struct ListRunsOptions {
  std::string experiment = "-";
  RunFilter filter{};
  bool mine = false;
  int64_t limit = 0;  // 0: all
  bool json = false;
};
ExitCode ListRuns(Session& session, const ListRunsOptions& options);

struct ShowRunsOptions {
  std::vector<RunName> runs;
  bool json = false;
};
ExitCode ShowRuns(Session& session, const ShowRunsOptions& options);

struct WatchOptions {
  RunName run{};
  int64_t from_sample = 0;
  bool json = false;
  FollowLimits limits{};
};
ExitCode WatchRun(Session& session, const WatchOptions& options);

struct MetricsOptions {
  enum class Form { kTable, kCsv, kPlot, kJson };
  std::vector<RunName> runs;
  std::vector<std::string> metrics;  // empty: all
  Form form = Form::kTable;
  std::vector<CsvColumn> columns;  // empty: the default
};
ExitCode PrintMetrics(Session& session, const MetricsOptions& options);

ExitCode CancelRuns(Session& session, const std::vector<RunName>& runs);

struct PutDatasetsOptions {
  std::vector<UploadSource> sources;
  bool json = false;
  UploadLimits limits{};
};
ExitCode PutDatasets(Session& session, const PutDatasetsOptions& options);
ExitCode ListDatasets(Session& session, bool json);
ExitCode ShowDataset(Session& session, const std::string& name, bool json);

struct ListArtifactsOptions {
  RunName run{};
  bool json = false;
};
ExitCode ListArtifacts(Session& session, const ListArtifactsOptions& options);

struct GetArtifactOptions {
  RunName run{};
  std::string artifact{};
  // "-": standard output; empty: a file of the artifact's name in the current
  // directory, which must not be there yet.
  std::string file{};
  absl::Duration stall = absl::Seconds(60);
};
ExitCode GetArtifact(Session& session, const GetArtifactOptions& options);

ExitCode ListExperiments(Session& session, bool json);
ExitCode ShowServer(Session& session, bool json);
ExitCode ListWorkers(Session& session, bool json);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_COMMANDS_H_
