#ifndef STEELYARD_SERVER_LIMITS_H_
#define STEELYARD_SERVER_LIMITS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "steelyard/v1/admin_service.pb.h"

// The limits of a server: the message v1::Limits itself, so that what
// GetServerInfo shows is what is enforced.
namespace steelyard::server {

// As the comments in admin_service.proto say.
v1::Limits DefaultLimits();

// Lowers one limit: "NAME=VALUE", NAME a field of v1::Limits, VALUE a whole
// number from 1 to the default.
//
// Errors: InvalidArgument, naming what would be right.
absl::Status LowerLimit(absl::string_view assignment, v1::Limits* limits);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_LIMITS_H_
