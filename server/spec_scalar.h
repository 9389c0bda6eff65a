#ifndef STEELYARD_SERVER_SPEC_SCALAR_H_
#define STEELYARD_SERVER_SPEC_SCALAR_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/spec_tree.h"

// Scalars by YAML 1.2's core schema: `010` is ten, `yes` is a string, 0o17 and
// 0x1F are whole numbers, .inf and .nan are numbers.
//
// Each reader's error is InvalidArgument with a message such as
// `want a number, got "abc"`, and the cure where there is one.
namespace steelyard::server {

// What a node is, for a message: 1e7, "abc", a list, fields, nothing.
std::string ShowNode(const SpecNode& node);

// No float form: 1e7 is refused with the cure 10000000.
absl::StatusOr<uint64_t> ReadUnsigned(const SpecNode& node, uint64_t least,
                                      uint64_t most);
absl::StatusOr<int64_t> ReadSigned(const SpecNode& node, int64_t least,
                                   int64_t most);

// Infinities and NaN are read; a number beyond the range of a double is
// refused, and so is one that is not 0 and would become 0.
absl::StatusOr<double> ReadNumber(const SpecNode& node);

absl::StatusOr<bool> ReadBool(const SpecNode& node);

// Any scalar but null, as it is written: `2021` is "2021".
absl::StatusOr<std::string> ReadText(const SpecNode& node);

// 90s, 5m, 2h, 1h30m, 0.5s: numbers with the units h, m, s, in this order.  At
// least 1ns and at most kMostWallSeconds, the only duration of a spec.
absl::StatusOr<absl::Duration> ReadDuration(const SpecNode& node);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_SCALAR_H_
