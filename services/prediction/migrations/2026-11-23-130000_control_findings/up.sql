-- What people found of those on a work list, one row per delivery; later ones hold over earlier ones. `findings` is sealed with the key of
-- the organisation: numbers on the list and what was found. Rows are added and never changed.
CREATE TABLE batch_findings (
    organisation TEXT NOT NULL,
    batch_id TEXT NOT NULL REFERENCES batches (id),
    delivery INTEGER NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    after_reveal INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    corrected INTEGER NOT NULL,
    reason TEXT,
    findings BYTEA NOT NULL,
    PRIMARY KEY (organisation, batch_id, delivery)
);
