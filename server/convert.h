#ifndef STEELYARD_SERVER_CONVERT_H_
#define STEELYARD_SERVER_CONVERT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/names.h"
#include "steelyard/v1/artifact.pb.h"
#include "steelyard/v1/dataset.pb.h"
#include "steelyard/v1/experiment_service.pb.h"
#include "steelyard/v1/run.pb.h"
#include "storage/reader.h"
#include "storage/types.h"

// Rows of the store as messages of the API.
namespace steelyard::server {

google::protobuf::Timestamp ToTimestamp(absl::Time time);

// Takes the columns out of `samples`.
v1::SampleBatch ToSampleBatch(storage::Samples samples);

v1::Experiment ToExperiment(const storage::ExperimentRow& row);

// `run`: its name.
v1::Artifact ToArtifact(absl::string_view run, const storage::ArtifactRow& row);

// With the number of runs that `reader` finds.
//
// Errors: DataLoss when the summary can't be read.
absl::StatusOr<v1::Dataset> ToDataset(storage::Reader& reader,
                                      const storage::DatasetRow& row);

// Finds the run of that name, without what only the engine knows (waiting,
// progress).  Of a run that goes on the parts may be a commit apart.
//
// Errors: NotFound, also when the run is in another experiment; DataLoss.
absl::StatusOr<v1::Run> ReadRun(storage::Reader& reader, const RunName& name);

// A row of ListRuns as the API lists it: without attempts, absent metrics and
// inline data.
absl::StatusOr<v1::Run> ToListedRun(storage::Reader& reader,
                                    const storage::RunRow& row);

// Where a run stands.  Errors: NotFound, also when the run is in another
// experiment.
absl::StatusOr<storage::RunHead> FindRun(storage::Reader& reader,
                                         const RunName& name);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_CONVERT_H_
