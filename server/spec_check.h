#ifndef STEELYARD_SERVER_SPEC_CHECK_H_
#define STEELYARD_SERVER_SPEC_CHECK_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "steelyard/v1/dataset.pb.h"
#include "steelyard/v1/spec.pb.h"

// What can be said of a spec before it runs.  The words are docs/spec.md's.
//
// A message comes from any client and may hold anything: unset oneofs, unknown
// enum numbers, NaN, lists of any length.  Each function here answers with all
// faults (of one list's elements with the first hundred and a count), in a
// fixed order, and never crashes.  Thread-safe; no state.
namespace steelyard::server {

// One thing that is wrong in a spec.
struct Fault {
  std::string
      path;  // as in RunSpec: weighting.per_class.ratio; empty: the whole
  // What was wanted and what came: "want a finite value >= 0, got -1".  The
  // path is not repeated in it.
  std::string message;

  bool operator==(const Fault&) const = default;
};

// The limits that a spec meets; GetServerInfo shows them.
struct SpecLimits {
  int64_t text_bytes = int64_t{16} << 20;  // of YAML, and of one `--set` value
  int64_t depth = 64;                      // of lists and maps in the text
  int64_t nodes = 1'000'000;               // keys, scalars, lists and maps
  int64_t map_keys = 4'096;                // in one map of the text: keys are
                                           // compared with each other
  int64_t set_changes = 1'000;             // `--set` values
  int64_t faults = 100;                    // named in an answer, then counted
  int64_t inline_data_bytes = int64_t{1} << 20;  // over all sets, serialised
  int64_t spec_bytes = int64_t{9} << 20;         // the spec with its defaults,
                                          // serialised: a run shows it twice
  int64_t labels = 50;
  int64_t samples = 1'000'000;
  int64_t metrics = 10'000;
};

// Checks the message alone, with or without its defaults filled in: required
// fields, signs, finiteness, lengths, names, and which field needs which.
// Inline data is followed through `classes`, `take` and the weights.
//
// Cost: linear in the message.
std::vector<Fault> CheckSpec(const v1::RunSpec& spec, const SpecLimits& limits);

// What is known of a dataset.
struct KnownDataset {
  v1::DatasetForm form = v1::DATASET_FORM_UNSPECIFIED;
  v1::DatasetSummary
      summary;  // without a shape until a worker has inspected it
};

// Checks a spec in which CheckSpec finds nothing against what is known of its
// datasets: the form, the label's column, finite features, labels that fit
// `classes`, equal row counts of images and labels, as many features in each
// test set as in training, and as many weights as rows.  `known` is keyed by
// the words of the spec's `dataset` fields; what is not in it is not checked.
std::vector<Fault> CheckAgainstSummaries(
    const v1::RunSpec& spec, const std::map<std::string, KnownDataset>& known);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_CHECK_H_
