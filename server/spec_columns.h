#ifndef STEELYARD_SERVER_SPEC_COLUMNS_H_
#define STEELYARD_SERVER_SPEC_COLUMNS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/spec_check.h"
#include "steelyard/v1/dataset.pb.h"
#include "steelyard/v1/spec.pb.h"

// The columns of a stored CSV file.  Within the spec library.
namespace steelyard::server {

// Those that a spec means, by number; absent: none is meant, or it is wrong.
struct MeantColumns {
  std::optional<int> label;
  std::optional<int> group;
  std::optional<int> split;
  std::optional<int64_t> features;  // how many
};

// Finds the columns of `data`, a CSV file, in a summary of at least two, and
// checks that features are finite and that its texts can be split.  `path` is
// that of `data`.
MeantColumns FindColumns(const std::string& path, const v1::Data& data,
                         const v1::DatasetSummary& summary,
                         std::vector<Fault>* faults);

// ", of which row 3 (line 4) holds "abc"", where a column begins with a number
// and has text; else nothing.
std::string TextPlace(const v1::ColumnSummary& column);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_COLUMNS_H_
