#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/apply.h"

namespace steelyard::storage {
namespace {

constexpr char kInsertRun[] = R"sql(
INSERT INTO run (run_id, experiment_id, name, state, user, host, program,
                 program_version, request_id, create_time_ns)
VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, nullif(?8, ''), ?9))sql";

constexpr char kInsertAttempt[] = R"sql(
INSERT INTO attempt (run_id, number, worker, host, level, numerics_id,
                     start_time_ns)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7))sql";

constexpr char kMarkStarting[] = R"sql(
UPDATE run SET state = 2, newest_attempt = ?2,
               start_time_ns = ifnull(start_time_ns, ?3)
WHERE run_id = ?1)sql";

constexpr char kMarkQueued[] = R"sql(
UPDATE run SET state = 1, losses_in_a_row = ?2 WHERE run_id = ?1)sql";

constexpr char kMarkEnded[] = R"sql(
UPDATE run SET state = ?2, end_time_ns = ?3, ended_by = ?4, steps = ?5,
               training_s = ?6, failure_reason = ?7, message = ?8
WHERE run_id = ?1)sql";

constexpr char kEndAttempt[] = R"sql(
UPDATE attempt SET end = ?3, end_message = ?4, end_time_ns = ?5
WHERE run_id = ?1 AND number = ?2)sql";

// "" is no owner: everyone may use what is nobody's.
absl::StatusOr<int64_t> FindOrAddExperiment(Database& database,
                                            const AddRun& change) {
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows, database.Query("SELECT experiment_id, owner, shared "
                                "FROM experiment WHERE name = ?1",
                                change.experiment));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (found) {
    const std::string owner = rows.Text(1);
    if (owner != change.user && rows.Int(2) == 0) {
      return absl::PermissionDeniedError(absl::StrCat(
          "experiment: want one of your own or a shared one, got \"",
          change.experiment, "\", which is ", owner, "'s"));
    }
    return rows.Int(0);
  }
  const bool nobodys = change.experiment == "default";
  STEELYARD_RETURN_IF_ERROR(database.Run(
      "INSERT INTO experiment (name, owner, shared, create_time_ns) "
      "VALUES (?1, ?2, ?3, ?4)",
      change.experiment, nobodys ? "" : change.user,
      nobodys || change.new_experiment_shared, change.create_time));
  return database.last_row_id();
}

absl::Status CheckIsNew(Database& database, const AddRun& change) {
  if (absl::StatusOr<RunFacts> taken = FindRun(database, change.run);
      !absl::IsNotFound(taken.status())) {
    STEELYARD_RETURN_IF_ERROR(taken.status());
    return absl::AlreadyExistsError(absl::StrCat(
        "run: want a new number, got ", change.run.value, ", which is taken"));
  }
  if (change.request_id.empty()) return absl::OkStatus();
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      database.Query(
          "SELECT run_id FROM run WHERE user = ?1 AND request_id = ?2",
          change.user, change.request_id));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (!found) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(
      "request_id: want a new one, got that of run ", rows.Int(0)));
}

absl::Status CheckAddRun(const AddRun& change) {
  if (change.run.value < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("run: want a number >= 1, got ", change.run.value));
  }
  if (change.experiment.empty()) {
    return absl::InvalidArgumentError("experiment: want a name, got none");
  }
  std::set<std::string> keys;
  for (const auto& [key, value] : change.labels) {
    if (!keys.insert(key).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("labels: want each key once, got ", key, " twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status AddLabels(Database& database, const AddRun& change) {
  for (const auto& [key, value] : change.labels) {
    STEELYARD_RETURN_IF_ERROR(database.Run(
        "INSERT INTO run_label (run_id, key, value) VALUES (?1, ?2, ?3)",
        change.run, key, value));
  }
  return absl::OkStatus();
}

absl::Status AddDatasets(Database& database, const AddRun& change) {
  int64_t position = 0;
  for (const Sha256& sha256 : change.datasets) {
    STEELYARD_RETURN_IF_ERROR(
        database.Run("INSERT INTO run_dataset (run_id, position, sha256) "
                     "SELECT ?1, ?2, sha256 FROM dataset WHERE sha256 = ?3",
                     change.run, position++, sha256));
    if (database.changes() == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("datasets: want stored datasets, got sha256/",
                       sha256.hex, ", which is not there; upload it first"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RunFacts> FindRun(Database& database, RunId run) {
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows, database.Query("SELECT state, newest_attempt, sample_count "
                                "FROM run WHERE run_id = ?1",
                                run));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (!found) {
    return absl::NotFoundError(
        absl::StrCat("run: want an existing one, got ", run.value));
  }
  return RunFacts{.state = static_cast<RunState>(rows.Int(0)),
                  .newest_attempt = AttemptNumber{rows.Int(1)},
                  .sample_count = rows.Int(2)};
}

absl::StatusOr<RunFacts> FindRunOfAttempt(Database& database, RunId run,
                                          AttemptNumber attempt) {
  STEELYARD_ASSIGN_OR_RETURN(const RunFacts facts, FindRun(database, run));
  const bool leased =
      facts.state == RunState::kStarting || facts.state == RunState::kRunning;
  if (!leased || facts.newest_attempt != attempt) {
    return absl::FailedPreconditionError(absl::StrCat(
        "run ", run.value, ": want the attempt that has it, got attempt ",
        attempt.value, " (newest: ", facts.newest_attempt.value,
        leased ? ")" : ", which is over)"));
  }
  return facts;
}

absl::Status Apply(const Store& store, const AddRun& change) {
  Database& database = store.database;
  STEELYARD_RETURN_IF_ERROR(CheckAddRun(change));
  STEELYARD_RETURN_IF_ERROR(CheckIsNew(database, change));
  STEELYARD_ASSIGN_OR_RETURN(const int64_t experiment,
                             FindOrAddExperiment(database, change));
  STEELYARD_RETURN_IF_ERROR(
      database.Run(kInsertRun, change.run, experiment, change.name, change.user,
                   change.host, change.program, change.program_version,
                   change.request_id, change.create_time));
  STEELYARD_RETURN_IF_ERROR(
      database.Run("UPDATE experiment SET run_count = run_count + 1 "
                   "WHERE experiment_id = ?1",
                   experiment));
  STEELYARD_RETURN_IF_ERROR(database.Run(
      "INSERT INTO run_spec (run_id, spec, submitted_spec) VALUES (?1, ?2, ?3)",
      change.run, Blob{change.spec}, Blob{change.submitted_spec}));
  STEELYARD_RETURN_IF_ERROR(AddLabels(database, change));
  return AddDatasets(database, change);
}

absl::Status Apply(const Store& store, const StartAttempt& change) {
  Database& database = store.database;
  STEELYARD_ASSIGN_OR_RETURN(const RunFacts facts,
                             FindRun(database, change.run));
  const int64_t next = facts.newest_attempt.value + 1;
  if (facts.state != RunState::kQueued || change.attempt.value != next) {
    return absl::FailedPreconditionError(absl::StrCat(
        "run ", change.run.value, ": want a QUEUED run and its attempt ", next,
        ", got state ", static_cast<int>(facts.state), " and attempt ",
        change.attempt.value));
  }
  STEELYARD_RETURN_IF_ERROR(
      database.Run(kInsertAttempt, change.run, change.attempt, change.worker,
                   change.host, change.level, change.numerics_id, change.time));
  return database.Run(kMarkStarting, change.run, change.attempt, change.time);
}

absl::Status WriteAttemptEnd(const Store& store, const AttemptEnding& ending) {
  if (ending.end == AttemptEnd::kRunning) {
    return absl::InvalidArgumentError("end: want an end, got 0, which is none");
  }
  store.artifacts.Forget(ending.run);
  return store.database.Run(kEndAttempt, ending.run, ending.attempt,
                            static_cast<int>(ending.end), ending.message,
                            ending.time);
}

absl::Status Apply(const Store& store, const EndAttempt& change) {
  STEELYARD_RETURN_IF_ERROR(
      FindRunOfAttempt(store.database, change.run, change.attempt).status());
  if (change.end == AttemptEnd::kFinished) {
    return absl::InvalidArgumentError(
        "end: want an end without a result, got 1 (finished)");
  }
  STEELYARD_RETURN_IF_ERROR(WriteAttemptEnd(store, {.run = change.run,
                                                    .attempt = change.attempt,
                                                    .end = change.end,
                                                    .message = change.message,
                                                    .time = change.time}));
  return store.database.Run(kMarkQueued, change.run, change.losses_in_a_row);
}

absl::Status WriteRunEnd(const Store& store, const RunEnd& end) {
  if (!IsEnded(end.state)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "state: want that of an ended run, got ", static_cast<int>(end.state)));
  }
  STEELYARD_RETURN_IF_ERROR(store.database.Run(
      kMarkEnded, end.run, static_cast<int>(end.state), end.time,
      end.result.ended_by, end.result.steps, end.result.training_s,
      end.result.failure_reason, end.result.message));
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      store.database.Query("SELECT sha256 FROM checkpoint WHERE run_id = ?1",
                           end.run));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (!found) return absl::OkStatus();
  store.checkpoints.Release(Sha256{rows.Text(0)});
  return store.database.Run("DELETE FROM checkpoint WHERE run_id = ?1",
                            end.run);
}

absl::Status Apply(const Store& store, const EndRun& change) {
  STEELYARD_ASSIGN_OR_RETURN(const RunFacts facts,
                             FindRun(store.database, change.run));
  if (IsEnded(facts.state)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "run ", change.run.value, ": want one that has not ended, got state ",
        static_cast<int>(facts.state)));
  }
  if (facts.state != RunState::kQueued) {
    STEELYARD_RETURN_IF_ERROR(
        WriteAttemptEnd(store, {.run = change.run,
                                .attempt = facts.newest_attempt,
                                .end = change.attempt_end,
                                .message = "",
                                .time = change.time}));
  }
  return WriteRunEnd(store, {.run = change.run,
                             .state = change.state,
                             .result = change.result,
                             .time = change.time});
}

absl::Status Apply(const Store& store, const ForgetRequests& change) {
  return store.database.Run(
      "UPDATE run SET request_id = NULL "
      "WHERE request_id IS NOT NULL AND create_time_ns < ?1",
      change.before);
}

}  // namespace steelyard::storage
