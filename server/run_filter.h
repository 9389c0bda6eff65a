#ifndef STEELYARD_SERVER_RUN_FILTER_H_
#define STEELYARD_SERVER_RUN_FILTER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/reader.h"

// ListRunsRequest.filter.
//
//   filter    = [ condition { "AND" condition } ]
//   condition = field "=" value
//   field     = "state" | "user" | "labels." key
//   key       = 1-63 of [a-z0-9-_.]
//   value     = '"' text '"'    in which \" is " and \\ is \ itself
//             | word            of characters but space, quote, =, ( and )
//
// State names are those of RunState, with or without RUN_STATE_, in upper or
// lower case.  Example: state = RUNNING AND labels.paper = "xu2021"
namespace steelyard::server {

// One condition as it was written.
struct FilterCondition {
  std::string field;
  int field_column = 0;  // in characters, from 1 on
  std::string value;
  int value_column = 0;
};

// Reads the grammar; knows no field.
//
// Errors: InvalidArgument, "filter:COLUMN: want WHAT, got WHAT".
absl::StatusOr<std::vector<FilterCondition>> ParseFilter(
    absl::string_view filter);

// Reads the grammar and the fields of a run.  `limit_bytes`: of the text.  The
// experiment is left empty.
//
// Errors: InvalidArgument, as ParseFilter.
absl::StatusOr<storage::RunFilter> ParseRunFilter(absl::string_view filter,
                                                  int64_t limit_bytes);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_RUN_FILTER_H_
