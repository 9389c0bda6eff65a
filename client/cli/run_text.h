#ifndef STEELYARD_CLIENT_CLI_RUN_TEXT_H_
#define STEELYARD_CLIENT_CLI_RUN_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/cli/terminal.h"
#include "steelyard/v1/run.pb.h"

// Runs as people are shown them.
namespace steelyard::cli {

// When and for whom a text is made.
struct Viewer {
  absl::Time now;
  absl::TimeZone zone;
  Terminal terminal;
};

// `ls`: a line a run.
std::string RunTable(const std::vector<v1::Run>& runs, const Viewer& viewer);

// `show`: everything that is known of a run.
std::string RunText(const v1::Run& run, const Viewer& viewer);

// How a run ended or why it waits, in some words: "3.9 s of training",
// "DIVERGED: train/loss is not finite at step 12"; may be empty.
std::string RunNote(const v1::Run& run);

// Whether the steps wanted are more than are counted.
bool IsFar(const v1::Stop& stop);

// The steps that a run wants, 0 where they are not known or not counted.
uint64_t TotalSteps(const v1::Stop& stop);

// E/R and the spec's name.
std::string RunTitle(const v1::Run& run);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_RUN_TEXT_H_
