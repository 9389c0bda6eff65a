#ifndef STEELYARD_STORAGE_READER_IMPL_H_
#define STEELYARD_STORAGE_READER_IMPL_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/checkpoint_files.h"
#include "storage/database.h"
#include "storage/reader.h"

namespace steelyard::storage {

// reader_*.cc hold its methods, by subject.
class ReaderImpl final : public Reader {
 public:
  ReaderImpl(std::unique_ptr<Database> database, CheckpointFiles checkpoints,
             absl::Duration query_limit)
      : database_(std::move(database)),
        checkpoints_(std::move(checkpoints)),
        query_limit_(query_limit) {}

  absl::StatusOr<RunRow> GetRun(RunId run) override;
  absl::StatusOr<RunHead> GetRunHead(RunId run) override;
  absl::StatusOr<std::vector<AttemptRow>> Attempts(RunId run) override;
  absl::StatusOr<std::vector<std::pair<std::string, double>>> FinalMetrics(
      RunId run) override;
  absl::StatusOr<RunPage> ListRuns(const RunFilter& filter, RunId before,
                                   int limit) override;
  absl::StatusOr<std::vector<RunRow>> UnendedRuns() override;
  absl::StatusOr<RunId> LastRunId() override;

  absl::StatusOr<Samples> ReadSamples(
      RunId run, int64_t from, int64_t max_values,
      const std::vector<std::string>& metrics) override;
  absl::StatusOr<std::optional<Checkpoint>> LastCheckpoint(RunId run) override;

  absl::StatusOr<std::vector<ArtifactRow>> ListArtifacts(
      RunId run, const std::string& after, int limit) override;
  absl::StatusOr<ArtifactRow> GetArtifact(RunId run,
                                          const std::string& name) override;

  absl::StatusOr<ExperimentRow> GetExperiment(const std::string& name) override;
  absl::StatusOr<std::vector<ExperimentRow>> ListExperiments(
      const std::string& after, int limit) override;

  absl::StatusOr<DatasetRow> GetDataset(const Sha256& sha256,
                                        const std::string& user) override;
  absl::StatusOr<DatasetRow> GetDatasetByLabel(
      const std::string& label, const std::string& user) override;
  absl::StatusOr<std::vector<DatasetRow>> ListDatasets(const std::string& user,
                                                       int64_t offset,
                                                       int limit) override;
  absl::StatusOr<int64_t> CountRuns(const Sha256& sha256) override;
  absl::StatusOr<std::vector<DatasetRow>> PendingDatasets() override;

  absl::StatusOr<std::vector<RequestRow>> Requests() override;

 private:
  // What every method begins with: one state of the store until it returns, and
  // a limit of its time.
  absl::StatusOr<Transaction> Begin() { return BeginWithin(query_limit_); }
  absl::StatusOr<Transaction> BeginWithin(absl::Duration limit);

  absl::StatusOr<std::vector<Sha256>> DatasetsOf(RunId run);
  absl::StatusOr<std::string> MetricName(int64_t metric_id);
  // The query of ReadSamples, its parameters bound.
  absl::StatusOr<Statement> SampleQuery(
      RunId run, int64_t from, const std::vector<std::string>& metrics);
  // Where the run's checkpoint is stored, and all of it but its state.
  struct CheckpointPlace {
    Checkpoint checkpoint;
    Sha256 sha256;
  };
  absl::StatusOr<std::optional<CheckpointPlace>> FindCheckpoint(RunId run);

  const std::unique_ptr<Database> database_;
  const CheckpointFiles checkpoints_;
  const absl::Duration query_limit_;
  // Numbers are never given twice, so what was read once stays true.
  absl::flat_hash_map<int64_t, std::string> metric_names_;
};

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_READER_IMPL_H_
