-- One row per linkage run. What it read and made lies in the object store, named by digest.
CREATE TABLE linkage_runs (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project_id TEXT NOT NULL,
    left_version TEXT NOT NULL,
    right_version TEXT NOT NULL,
    job_id TEXT NOT NULL,
    spec TEXT NOT NULL,
    inputs TEXT NOT NULL,
    outcome TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX linkage_runs_of_organisation ON linkage_runs (organisation, id);
