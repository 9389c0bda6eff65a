#include "server/list_pages.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/convert.h"
#include "server/names.h"
#include "server/page_token.h"
#include "server/run_filter.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

constexpr int64_t kDefaultPage = 100;
constexpr int kMaxQueriedRuns = 1000;

// Of a message's limit: the rest is room for one more row and the framing.
size_t PageBytes(const v1::Limits& limits) {
  return static_cast<size_t>(limits.message_bytes() / 2);
}

absl::StatusOr<std::vector<RunName>> QueriedRuns(
    const v1::QueryMetricsRequest& request) {
  if (request.runs().empty() || request.runs_size() > kMaxQueriedRuns) {
    return absl::InvalidArgumentError(absl::StrCat(
        "runs: want 1 to ", kMaxQueriedRuns, ", got ", request.runs_size()));
  }
  std::vector<RunName> names;
  for (const std::string& run : request.runs()) {
    absl::StatusOr<RunName> name = ParseRunName(run);
    if (!name.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("runs[", names.size(), "]: want experiments/E/runs/R, ",
                       "R a number, got ", Quoted(run)));
    }
    names.push_back(*std::move(name));
  }
  return names;
}

uint64_t Fingerprint(const v1::QueryMetricsRequest& request) {
  std::vector<std::string> fields = {"QueryMetrics",
                                     absl::StrCat(request.runs_size())};
  fields.insert(fields.end(), request.runs().begin(), request.runs().end());
  fields.insert(fields.end(), request.metrics().begin(),
                request.metrics().end());
  return RequestFingerprint(fields);
}

// What a page still has room for: a sample without a value counts as one.
int64_t Weight(const storage::Samples& samples) {
  int64_t weight = 0;
  for (const uint32_t count : samples.value_count) {
    weight += std::max<int64_t>(count, 1);
  }
  return weight;
}

}  // namespace

absl::Status ReadRunPage(storage::Reader& reader, const v1::Limits& limits,
                         const v1::ListRunsRequest& request,
                         v1::ListRunsResponse* response) {
  STEELYARD_ASSIGN_OR_RETURN(const std::string experiment,
                             ParseRunParent(request.parent()));
  STEELYARD_ASSIGN_OR_RETURN(
      storage::RunFilter filter,
      ParseRunFilter(request.filter(), limits.filter_bytes()));
  filter.experiment = experiment;
  STEELYARD_ASSIGN_OR_RETURN(
      const int size,
      PageSize(request.page_size(), kDefaultPage, limits.page_size()));
  const uint64_t fingerprint =
      RequestFingerprint({"ListRuns", request.parent(), request.filter()});
  STEELYARD_ASSIGN_OR_RETURN(
      const std::vector<int64_t> position,
      ParseNumericPageToken(fingerprint, request.page_token(), 1));
  STEELYARD_ASSIGN_OR_RETURN(
      const storage::RunPage page,
      reader.ListRuns(filter, storage::RunId{position[0]}, size));
  size_t bytes = 0;
  bool more = page.more;
  for (const storage::RunRow& row : page.runs) {
    if (bytes > PageBytes(limits)) {
      more = true;
      break;
    }
    STEELYARD_ASSIGN_OR_RETURN(*response->add_runs(), ToListedRun(reader, row));
    bytes += response->runs(response->runs_size() - 1).ByteSizeLong();
  }
  if (more) {
    const auto last = static_cast<size_t>(response->runs_size()) - 1;
    response->set_next_page_token(
        MakeNumericPageToken(fingerprint, {page.runs[last].id.value}));
  }
  return absl::OkStatus();
}

absl::Status ReadMetricsPage(storage::Reader& reader, const v1::Limits& limits,
                             const v1::QueryMetricsRequest& request,
                             v1::QueryMetricsResponse* response) {
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<RunName> runs,
                             QueriedRuns(request));
  STEELYARD_ASSIGN_OR_RETURN(
      int64_t room,
      PageSize(request.page_size(), limits.query_values_per_page(),
               limits.query_values_per_page()));
  const uint64_t fingerprint = Fingerprint(request);
  // The run, counted from 0, and the ordinal within it.
  STEELYARD_ASSIGN_OR_RETURN(
      const std::vector<int64_t> position,
      ParseNumericPageToken(fingerprint, request.page_token(), 2));
  const std::vector<std::string> metrics(request.metrics().begin(),
                                         request.metrics().end());
  int64_t from = position[1];
  for (auto i = static_cast<size_t>(position[0]); i < runs.size(); ++i) {
    STEELYARD_ASSIGN_OR_RETURN(const storage::RunHead head,
                               FindRun(reader, runs[i]));
    while (from < head.sample_count) {
      if (room <= 0) {
        response->set_next_page_token(
            MakeNumericPageToken(fingerprint, {static_cast<int64_t>(i), from}));
        return absl::OkStatus();
      }
      STEELYARD_ASSIGN_OR_RETURN(
          storage::Samples samples,
          reader.ReadSamples(runs[i].run, from, room, metrics));
      if (samples.size() == 0) break;
      from = samples.next_ordinal();
      room -= Weight(samples);
      v1::RunSamples* series = response->add_series();
      series->set_run(FormatRunName(head.experiment, runs[i].run));
      *series->mutable_samples() = ToSampleBatch(std::move(samples));
    }
    from = 0;
  }
  return absl::OkStatus();
}

absl::Status ReadArtifactPage(storage::Reader& reader, const v1::Limits& limits,
                              const v1::ListArtifactsRequest& request,
                              v1::ListArtifactsResponse* response) {
  const absl::StatusOr<RunName> name = ParseRunName(request.parent());
  if (!name.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("parent: want experiments/E/runs/R, R a number, got ",
                     Quoted(request.parent())));
  }
  STEELYARD_ASSIGN_OR_RETURN(
      const int size,
      PageSize(request.page_size(), kDefaultPage, limits.page_size()));
  const uint64_t fingerprint =
      RequestFingerprint({"ListArtifacts", request.parent()});
  STEELYARD_ASSIGN_OR_RETURN(const std::string after,
                             ParsePageToken(fingerprint, request.page_token()));
  STEELYARD_ASSIGN_OR_RETURN(const storage::RunHead head,
                             FindRun(reader, *name));
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<storage::ArtifactRow> rows,
                             reader.ListArtifacts(name->run, after, size + 1));
  const std::string run = FormatRunName(head.experiment, name->run);
  for (const storage::ArtifactRow& row : rows) {
    if (response->artifacts_size() == size) {
      response->set_next_page_token(
          MakePageToken(fingerprint, rows[static_cast<size_t>(size) - 1].name));
      break;
    }
    *response->add_artifacts() = ToArtifact(run, row);
  }
  return absl::OkStatus();
}

absl::Status ReadExperimentPage(storage::Reader& reader,
                                const v1::Limits& limits,
                                const v1::ListExperimentsRequest& request,
                                v1::ListExperimentsResponse* response) {
  STEELYARD_ASSIGN_OR_RETURN(
      const int size,
      PageSize(request.page_size(), kDefaultPage, limits.page_size()));
  const uint64_t fingerprint = RequestFingerprint({"ListExperiments"});
  STEELYARD_ASSIGN_OR_RETURN(const std::string after,
                             ParsePageToken(fingerprint, request.page_token()));
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<storage::ExperimentRow> rows,
                             reader.ListExperiments(after, size + 1));
  for (const storage::ExperimentRow& row : rows) {
    if (response->experiments_size() == size) {
      response->set_next_page_token(
          MakePageToken(fingerprint, rows[static_cast<size_t>(size) - 1].name));
      break;
    }
    *response->add_experiments() = ToExperiment(row);
  }
  return absl::OkStatus();
}

absl::Status ReadDatasetPage(storage::Reader& reader, const v1::Limits& limits,
                             const std::string& user,
                             const v1::ListDatasetsRequest& request,
                             v1::ListDatasetsResponse* response) {
  STEELYARD_ASSIGN_OR_RETURN(
      const int size,
      PageSize(request.page_size(), kDefaultPage, limits.page_size()));
  const uint64_t fingerprint = RequestFingerprint({"ListDatasets"});
  STEELYARD_ASSIGN_OR_RETURN(
      const std::vector<int64_t> position,
      ParseNumericPageToken(fingerprint, request.page_token(), 1));
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<storage::DatasetRow> rows,
                             reader.ListDatasets(user, position[0], size + 1));
  size_t bytes = 0;
  for (const storage::DatasetRow& row : rows) {
    if (response->datasets_size() == size || bytes > PageBytes(limits)) {
      response->set_next_page_token(MakeNumericPageToken(
          fingerprint, {position[0] + response->datasets_size()}));
      break;
    }
    STEELYARD_ASSIGN_OR_RETURN(v1::Dataset dataset, ToDataset(reader, row));
    if (dataset.has_summary()) dataset.mutable_summary()->clear_preview();
    bytes += dataset.ByteSizeLong();
    *response->add_datasets() = std::move(dataset);
  }
  return absl::OkStatus();
}

}  // namespace steelyard::server
