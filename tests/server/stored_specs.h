#ifndef STEELYARD_TESTS_SERVER_STORED_SPECS_H_
#define STEELYARD_TESTS_SERVER_STORED_SPECS_H_

#include <string>

#include "steelyard/v1/spec.pb.h"

namespace steelyard::server {

// The bytes of a spec, for tests that store runs which nobody trains.
inline std::string EmptySpec() { return v1::RunSpec().SerializeAsString(); }

}  // namespace steelyard::server

#endif  // STEELYARD_TESTS_SERVER_STORED_SPECS_H_
