-- Long work: one row per job. A worker holds it while `lease_token` is its own and `lease_until` lies ahead.
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    caller TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    stage TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    unit TEXT NOT NULL,
    result TEXT,
    problem TEXT,
    leases BIGINT NOT NULL,
    faults BIGINT NOT NULL,
    run_after TEXT NOT NULL,
    lease_token TEXT,
    lease_until TEXT,
    cancel_requested BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE INDEX jobs_open ON jobs (state, run_after, created_at);

-- Answers of requests that carried an Idempotency-Key, kept 24 hours.
CREATE TABLE idempotency_keys (
    organisation TEXT NOT NULL,
    subject TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    answer TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (organisation, subject, idempotency_key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- Who changed what, written in the transaction of the change.
CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    organisation TEXT NOT NULL,
    subject TEXT NOT NULL,
    client TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL
);
CREATE INDEX audit_by_organisation ON audit (organisation, at);
