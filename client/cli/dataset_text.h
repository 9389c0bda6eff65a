#ifndef STEELYARD_CLIENT_CLI_DATASET_TEXT_H_
#define STEELYARD_CLIENT_CLI_DATASET_TEXT_H_

#include <string>
#include <vector>

#include "client/cli/run_text.h"
#include "steelyard/v1/dataset.pb.h"

// Datasets as people are shown them.
namespace steelyard::cli {

// READY for DATASET_STATE_READY.
std::string StateText(v1::DatasetState state);

// `data ls`: a line a dataset.
std::string DatasetTable(const std::vector<v1::Dataset>& datasets,
                         const Viewer& viewer);

// `data show`: everything that is known of a dataset.
std::string DatasetText(const v1::Dataset& dataset, const Viewer& viewer);

// In some words: "60,000 x 28 x 28 of uint8, 0 to 255"; the rejection; or that
// it was not read yet.
std::string SummaryText(const v1::Dataset& dataset);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_DATASET_TEXT_H_
