-- One row per comparison of algorithms. Its outcome holds figures over rows, none of a person.
CREATE TABLE selections (
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
CREATE INDEX selections_of_organisation ON selections (organisation, id);
