#ifndef STEELYARD_STORAGE_QUERY_TEXT_H_
#define STEELYARD_STORAGE_QUERY_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "storage/reader.h"

// The reader's longer queries as text, apart from the code so that a test can
// ask SQLite for their plans.
namespace steelyard::storage {

inline constexpr int kRunColumnCount = 23;

// kRunColumnCount columns, then spec and submitted_spec.  ?1: the run.
std::string GetRunText();
// experiment, state, sample_count.  ?1: the run.
std::string GetRunHeadText();
// kRunColumnCount columns.
std::string UnendedRunsText();
// ?1: the run.
std::string AttemptsText();
std::string FinalMetricsText();

// What ListRuns asks for.
struct RunQuery {
  const RunFilter& filter;
  int64_t experiment_id = 0;  // of filter.experiment, when that is not empty
  RunId before;               // 0: no bound
};

// kRunColumnCount columns, then the spec; newest first.  Its parameters: key
// and value of each label, user, experiment, state, before, as far as they are
// given.
std::string ListRunsText(const RunQuery& query);

// ordinal, step, log10_step, wall_s, attempt of the samples from ?2 on of the
// run ?1, and for each value a row with metric_id and value (NULL without any).
// `metric_count`: how many parameters from ?3 on name the metrics wanted; -1
// for all.
std::string SamplesText(int metric_count);

// ?1: the user, ?2: how many at most, ?3: how many are skipped.
std::string ListDatasetsText();
std::string PendingDatasetsText();
// ?1 hash
std::string CountRunsText();
// ?1: the hash, ?2: the user.
std::string GetDatasetText();
// ?1: the user, ?2: the label.
std::string GetDatasetByLabelText();

// ?1: the run, ?2: the name before the first, ?3: how many at most.
std::string ListArtifactsText();
// ?1: the run, ?2: the name.
std::string GetArtifactText();

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_QUERY_TEXT_H_
