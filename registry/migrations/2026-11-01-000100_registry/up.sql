CREATE TABLE organisations (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    challenge TEXT NOT NULL,
    question TEXT NOT NULL,
    doelbinding TEXT NOT NULL,
    grondslag TEXT,
    verwerkingsactiviteit TEXT NOT NULL,
    bewaartermijn TEXT NOT NULL,
    retention_until TEXT NOT NULL,
    phase TEXT NOT NULL,
    steps TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX projects_by_organisation ON projects (organisation, id);

CREATE TABLE artifacts (
    organisation TEXT NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (organisation, digest)
);

CREATE TABLE models (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    title_nl TEXT NOT NULL,
    title_en TEXT NOT NULL,
    description TEXT NOT NULL,
    last_number BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organisation, name)
);
CREATE INDEX models_by_organisation ON models (organisation, id);

CREATE TABLE model_versions (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    model_id TEXT NOT NULL REFERENCES models (id),
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    state_reason TEXT,
    digest TEXT NOT NULL,
    manifest_digest TEXT NOT NULL,
    summary TEXT NOT NULL,
    lineage TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    activated_by TEXT,
    activated_at TEXT,
    ended_at TEXT,
    UNIQUE (model_id, number)
);
CREATE INDEX model_versions_by_digest ON model_versions (digest);
CREATE INDEX model_versions_by_state ON model_versions (state);
-- At most one version of a model answers.
CREATE UNIQUE INDEX model_versions_one_active ON model_versions (model_id) WHERE state = 'active';

CREATE TABLE version_files (
    version_id TEXT NOT NULL REFERENCES model_versions (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (version_id, name)
);

CREATE TABLE aliases (
    model_id TEXT NOT NULL REFERENCES models (id),
    alias TEXT NOT NULL,
    version_id TEXT NOT NULL REFERENCES model_versions (id),
    PRIMARY KEY (model_id, alias)
);

CREATE TABLE reviews (
    id TEXT NOT NULL PRIMARY KEY,
    version_id TEXT NOT NULL REFERENCES model_versions (id),
    reviewer TEXT NOT NULL,
    verdict TEXT NOT NULL,
    remarks TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX reviews_by_version ON reviews (version_id, created_at);

-- The event log: each line carries the digest of the one before it. Rows are only ever added.
CREATE TABLE events (
    organisation TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at TEXT NOT NULL,
    subject TEXT NOT NULL,
    client TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    details TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (organisation, sequence)
);

-- The last line of each organisation's log. Its lock orders writers; its digest shows a cut tail.
CREATE TABLE event_heads (
    organisation TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    digest TEXT NOT NULL
);
