-- Encodings that an organisation offers for linkage with one other. The bytes lie in the object store until they are linked or withdrawn.
CREATE TABLE encodings (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project_id TEXT NOT NULL,
    activity TEXT NOT NULL,
    partner TEXT NOT NULL,
    header TEXT NOT NULL,
    object TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    state TEXT NOT NULL,
    counterpart TEXT,
    job_id TEXT,
    links TEXT,
    n_links BIGINT,
    expected_right DOUBLE PRECISION,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX encodings_of_organisation ON encodings (organisation, id);
CREATE INDEX encodings_for_partner ON encodings (partner, organisation, state);
