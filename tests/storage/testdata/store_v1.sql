-- A store that version 1 of the schema wrote, as sqlite3's .dump shows it.
PRAGMA application_id=1400138873;
PRAGMA user_version=1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE experiment (
  experiment_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
  create_time_ns INTEGER NOT NULL,
  run_count INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO experiment VALUES(1,'default','',1,1001000000000,2);
CREATE TABLE run (
  run_id INTEGER PRIMARY KEY AUTOINCREMENT,
  experiment_id INTEGER NOT NULL REFERENCES experiment,
  name TEXT NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
  user TEXT NOT NULL,
  host TEXT NOT NULL,
  program TEXT NOT NULL,
  program_version TEXT NOT NULL,
  request_id TEXT,
  create_time_ns INTEGER NOT NULL,
  start_time_ns INTEGER,
  end_time_ns INTEGER,
  newest_attempt INTEGER NOT NULL DEFAULT 0,
  losses_in_a_row INTEGER NOT NULL DEFAULT 0,
  sample_count INTEGER NOT NULL DEFAULT 0,
  unequal_repeats INTEGER NOT NULL DEFAULT 0,
  ended_by INTEGER,
  steps INTEGER,
  training_s REAL,
  failure_reason INTEGER,
  message TEXT,
  CHECK ((state >= 4) = (end_time_ns IS NOT NULL)),
  CHECK ((state >= 4) = (ended_by IS NOT NULL))
) STRICT;
INSERT INTO run VALUES(1,1,'d8',4,'ann','laptop','steelyard','0.1.0','request',1001000000000,2001000000000,3000000000000,1,0,3,0,1,100,1.5,0,'');
INSERT INTO run VALUES(2,1,'d8',1,'ann','laptop','steelyard','0.1.0',NULL,1002000000000,2001000000000,NULL,1,1,1,0,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE run_spec (
  run_id INTEGER PRIMARY KEY REFERENCES run,
  spec BLOB NOT NULL,
  submitted_spec BLOB NOT NULL
) STRICT;
INSERT INTO run_spec VALUES(1,X'73706563',X'7375626d6974746564');
INSERT INTO run_spec VALUES(2,X'73706563',X'7375626d6974746564');
CREATE TABLE run_label (
  run_id INTEGER NOT NULL REFERENCES run,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO run_label VALUES(1,'paper','xu2021');
CREATE TABLE attempt (
  run_id INTEGER NOT NULL REFERENCES run,
  number INTEGER NOT NULL CHECK (number >= 1),
  worker TEXT NOT NULL,
  host TEXT NOT NULL,
  level TEXT NOT NULL,
  numerics_id TEXT NOT NULL,
  start_time_ns INTEGER NOT NULL,
  end_time_ns INTEGER,
  end INTEGER NOT NULL DEFAULT 0 CHECK (end BETWEEN 0 AND 4),
  end_message TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run_id, number),
  CHECK ((end = 0) = (end_time_ns IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO attempt VALUES(1,1,'w1','node','x86-64','1-x86-64-double',2001000000000,3000000000000,1,'');
INSERT INTO attempt VALUES(2,1,'w1','node','x86-64','1-x86-64-double',2001000000000,2500000000000,3,'no contact for 20 s');
CREATE TABLE checkpoint (
  run_id INTEGER PRIMARY KEY REFERENCES run,
  numerics_id TEXT NOT NULL,
  step INTEGER NOT NULL,
  next_ordinal INTEGER NOT NULL,
  training_s REAL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
) STRICT;
CREATE TABLE absent_metric (
  run_id INTEGER NOT NULL REFERENCES run,
  metric TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (run_id, metric)
) STRICT, WITHOUT ROWID;
INSERT INTO absent_metric VALUES(1,'margin/ratio','not separable');
CREATE TABLE metric (
  metric_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO metric VALUES(1,'train/loss');
INSERT INTO metric VALUES(2,'train/error');
INSERT INTO metric VALUES(3,'nan');
INSERT INTO metric VALUES(4,'infinity');
INSERT INTO metric VALUES(5,'denormal');
CREATE TABLE sample (
  run_id INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  step INTEGER,
  log10_step REAL,
  wall_s REAL,
  attempt INTEGER NOT NULL,
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO sample VALUES(1,0,0,NULL,0.0,1);
INSERT INTO sample VALUES(1,1,10,1.0,5.0,1);
INSERT INTO sample VALUES(1,2,20,1.3010299956639812535,10.0,1);
INSERT INTO sample VALUES(2,0,1,0.0,0.5,1);
CREATE TABLE point (
  run_id INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  metric_id INTEGER NOT NULL,
  value REAL,
  PRIMARY KEY (run_id, ordinal, metric_id)
) STRICT, WITHOUT ROWID;
INSERT INTO point VALUES(1,0,1,1.0);
INSERT INTO point VALUES(1,0,2,0.0);
INSERT INTO point VALUES(1,1,1,0.5);
INSERT INTO point VALUES(1,1,2,0.84147098480789650487);
INSERT INTO point VALUES(1,2,1,0.33333333333333331482);
INSERT INTO point VALUES(1,2,2,0.90929742682568170941);
INSERT INTO point VALUES(2,0,3,NULL);
INSERT INTO point VALUES(2,0,4,1e999);
INSERT INTO point VALUES(2,0,5,4.9406564584124654428e-324);
CREATE TABLE final_metric (
  run_id INTEGER NOT NULL REFERENCES run,
  metric_id INTEGER NOT NULL REFERENCES metric,
  value REAL,
  PRIMARY KEY (run_id, metric_id)
) STRICT, WITHOUT ROWID;
INSERT INTO final_metric VALUES(1,1,0.33333333333333331482);
INSERT INTO final_metric VALUES(1,2,0.90929742682568170941);
INSERT INTO final_metric VALUES(2,3,NULL);
INSERT INTO final_metric VALUES(2,4,1e999);
INSERT INTO final_metric VALUES(2,5,4.9406564584124654428e-324);
CREATE TABLE dataset (
  sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  form INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
  summary BLOB,
  rejection TEXT,
  inspect_time_ns INTEGER,
  CHECK ((state = 2) = (summary IS NOT NULL)),
  CHECK ((state = 3) = (rejection IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO dataset VALUES('52186c933993da4082b3cdc7c40bb4bf735b391ff54a2ef78c037dda6c38a680',4,1,2,X'73756d6d617279',NULL,600000000000);
CREATE TABLE dataset_entry (
  entry_id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL REFERENCES dataset,
  owner TEXT NOT NULL,
  label TEXT,
  shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
  create_time_ns INTEGER NOT NULL,
  UNIQUE (sha256, owner),
  UNIQUE (owner, label)
) STRICT;
INSERT INTO dataset_entry VALUES(1,'52186c933993da4082b3cdc7c40bb4bf735b391ff54a2ef78c037dda6c38a680','ann','tiny',0,500000000000);
CREATE TABLE run_dataset (
  run_id INTEGER NOT NULL REFERENCES run,
  position INTEGER NOT NULL,
  sha256 TEXT NOT NULL REFERENCES dataset,
  PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO run_dataset VALUES(1,0,'52186c933993da4082b3cdc7c40bb4bf735b391ff54a2ef78c037dda6c38a680');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('run',2);
CREATE INDEX run_by_experiment ON run (experiment_id);
CREATE INDEX run_by_state ON run (state);
CREATE INDEX run_by_user ON run (user);
CREATE UNIQUE INDEX run_by_request ON run (user, request_id)
  WHERE request_id IS NOT NULL;
CREATE INDEX run_by_request_time ON run (create_time_ns)
  WHERE request_id IS NOT NULL;
CREATE INDEX run_label_by_value ON run_label (key, value, run_id);
CREATE INDEX checkpoint_by_file ON checkpoint (sha256);
CREATE VIEW metric_points AS
SELECT point.run_id AS run, metric.name AS metric, sample.step AS step,
       point.value AS value
FROM point
JOIN sample USING (run_id, ordinal)
JOIN metric USING (metric_id);
CREATE INDEX dataset_by_state ON dataset (state);
CREATE INDEX dataset_entry_by_shared ON dataset_entry (shared);
CREATE INDEX run_dataset_by_file ON run_dataset (sha256);
COMMIT;
