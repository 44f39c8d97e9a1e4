-- One line per subject per prediction (Logboek Dataverwerkingen). Lines are only ever added.
-- The id begins with the time, so the key is also the order of writing.
CREATE TABLE processing_records (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (organisation, id)
);

-- A model over a whole dataset version.
CREATE TABLE batches (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project_id TEXT NOT NULL,
    model_name TEXT NOT NULL,
    model_version_id TEXT NOT NULL,
    model_digest TEXT NOT NULL,
    dataset_version_id TEXT NOT NULL,
    dataset_digest TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    job_id TEXT NOT NULL,
    outcome TEXT
);
CREATE INDEX batches_by_organisation ON batches (organisation, id);
