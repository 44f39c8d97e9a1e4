-- A review task on a run: settings, and how many pairs its random share was drawn from, as JSON.
CREATE TABLE reviews (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    settings TEXT NOT NULL,
    strata TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX reviews_of_run ON reviews (organisation, run_id, id);
-- The queue: pairs by the stable keys of their records, in the order in which they teach most. No value of a record.
CREATE TABLE review_pairs (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    review_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    left_row BIGINT NOT NULL,
    right_row BIGINT NOT NULL,
    left_key TEXT NOT NULL,
    right_key TEXT NOT NULL,
    stratum TEXT NOT NULL,
    is_blind BOOLEAN NOT NULL,
    part BIGINT NOT NULL,
    first_by TEXT,
    second_by TEXT,
    verdict TEXT,
    leased_to TEXT,
    leased_until TEXT
);
CREATE INDEX review_pairs_in_order ON review_pairs (organisation, review_id, place);
-- Labels. A row stays as it was written; a changed decision is a new row that names the one it supersedes.
CREATE TABLE review_decisions (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    review_id TEXT NOT NULL,
    pair_id TEXT NOT NULL,
    part BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT,
    supersedes TEXT,
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL
);
CREATE INDEX review_decisions_of_pair ON review_decisions (organisation, review_id, pair_id, id);
-- Labels that a run was asked to use, as they were then, and what became of them.
CREATE TABLE run_labels (
    run_id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    review_id TEXT NOT NULL,
    labels TEXT NOT NULL,
    used TEXT
);
CREATE INDEX run_labels_of_organisation ON run_labels (organisation, run_id);
