#ifndef STEELYARD_TESTS_SERVER_FAULTS_H_
#define STEELYARD_TESTS_SERVER_FAULTS_H_

#include <gmock/gmock.h>

#include <string>

#include "server/spec_check.h"

namespace steelyard::server {

// A fault of this path whose message has this part.
inline auto IsFault(const std::string& path, const std::string& part) {
  return testing::AllOf(
      testing::Field(&Fault::path, path),
      testing::Field(&Fault::message, testing::HasSubstr(part)));
}

}  // namespace steelyard::server

#endif  // STEELYARD_TESTS_SERVER_FAULTS_H_
