#ifndef STEELYARD_SERVER_WORKER_READ_FILES_H_
#define STEELYARD_SERVER_WORKER_READ_FILES_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "server/worker/leased_files.h"
#include "steelyard/v1/spec.pb.h"
#include "training/data/csv.h"
#include "training/data/selection.h"
#include "training/rows.h"

// From a spec's sources that are stored files to rows.  Errors are
// read_data.h's and begin with the source's key: `csv: row 3 (line 4), ...`.
namespace steelyard::worker {

// Whether the rows lie in stored files.
bool IsStored(const v1::Data& data);

absl::StatusOr<training::Rows> ReadFiles(
    const v1::CsvData& csv, const training::RowSelection& selection,
    const LeasedFiles& files);
// The same in the two parts that `split` makes.
absl::StatusOr<training::CsvParts> ReadCsvParts(
    const v1::CsvData& csv, const v1::ColumnSplit& split,
    const training::RowSelection& selection, const LeasedFiles& files);
absl::StatusOr<training::Rows> ReadFiles(
    const v1::IdxData& idx, const training::RowSelection& selection,
    const LeasedFiles& files);
absl::StatusOr<training::Rows> ReadFiles(
    const v1::NpyData& npy, const training::RowSelection& selection,
    const LeasedFiles& files);
absl::StatusOr<training::Rows> ReadFiles(
    const v1::CifarData& cifar, const training::RowSelection& selection,
    const LeasedFiles& files);

// How many rows of how many features.
struct TableSize {
  int64_t rows = 0;
  int64_t columns = 0;
};

// What is known before the files are read, by their summaries: at least as many
// rows as will be read, where labels were counted; no rows where nothing is
// known, or for another source.
TableSize EstimateSize(const v1::Data& data,
                       const training::RowSelection& selection,
                       const LeasedFiles& files);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_READ_FILES_H_
