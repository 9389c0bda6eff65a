#ifndef STEELYARD_SERVER_WORKER_READ_DATA_H_
#define STEELYARD_SERVER_WORKER_READ_DATA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/worker/leased_files.h"
#include "server/worker/read_files.h"
#include "steelyard/v1/spec.pb.h"
#include "training/data/csv.h"
#include "training/rows.h"

// From a spec's sources of data to rows, read or drawn.  Errors name the field,
// as in `data.csv: row 3 (line 4), column 1 ("x1"): want a number, got "abc"`:
//   InvalidArgument     the spec is wrong, inline data included
//   FailedPrecondition  a dataset is not what the spec needs
//   Internal            a file cannot be read, or is not in the lease
namespace steelyard::worker {

// What the labels of a spec's rows are, by its loss.
training::LabelValues LabelsOf(const v1::RunSpec& spec);

// The rows of a source of `spec`; `field` is its path in the spec: data,
// test_sets.NAME.
absl::StatusOr<training::Rows> ReadRows(const v1::RunSpec& spec,
                                        const v1::Data& data,
                                        const std::string& field,
                                        const LeasedFiles& files);

// The Gaussians that these rows are drawn from, where they are and all are
// taken; else none.
absl::StatusOr<std::vector<training::GaussianPart>> PartsOf(
    const v1::RunSpec& spec, const v1::Data& data);

// The rows of the spec's `data`, a CSV file, in the two parts that `split.by`
// makes.
absl::StatusOr<training::CsvParts> ReadSplitRows(const v1::RunSpec& spec,
                                                 const LeasedFiles& files);

// How many rows of how many features a source gives, as far as it is known
// before: at least as many rows as will be read.  Rows in the spec itself are
// not counted.
TableSize EstimateTable(const v1::RunSpec& spec, const v1::Data& data,
                        const LeasedFiles& files);

// 8 bytes for each feature and label, at most 2^63 - 1.
int64_t TableBytes(const TableSize& size);

// What the rows will take in memory, as far as EstimateTable tells.
int64_t EstimateRowBytes(const v1::RunSpec& spec, const v1::Data& data,
                         const LeasedFiles& files);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_READ_DATA_H_
