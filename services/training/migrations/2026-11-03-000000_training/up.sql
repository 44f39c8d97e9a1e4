-- One row per frame. Its rows lie in the object store, named by digest.
CREATE TABLE frames (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    job_id TEXT NOT NULL,
    request TEXT NOT NULL,
    inputs TEXT NOT NULL,
    outcome TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX frames_of_organisation ON frames (organisation, id);

-- One row per training run. Model and proofs lie in the registry.
CREATE TABLE training_runs (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project_id TEXT NOT NULL,
    frame_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    request TEXT NOT NULL,
    outcome TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX training_runs_of_organisation ON training_runs (organisation, id);
