-- Sources, contracts and recipes: what an organisation declared, never changed afterwards.
CREATE TABLE documents (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX documents_of_organisation ON documents (organisation, kind, id);

-- A dataset belongs to one project. `last_number` gives out the numbers of its versions.
CREATE TABLE datasets (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    source_id TEXT,
    origin TEXT NOT NULL,
    last_number BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX datasets_of_organisation ON datasets (organisation, id);

-- One row per whole version; what it holds lies in the object store, named by digest.
CREATE TABLE dataset_versions (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    project_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    body TEXT NOT NULL,
    quality TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (dataset_id, number)
);
CREATE INDEX dataset_versions_of_organisation ON dataset_versions (organisation, dataset_id, number);

-- Sealed uploads that wait for their job. A row goes when its object has gone.
CREATE TABLE staged_uploads (
    job_id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_at TEXT NOT NULL
);
