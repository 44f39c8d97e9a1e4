-- What a run kept so that the next one links only what changed. One row per state that is there; the bytes lie sealed in the object store.
CREATE TABLE linkage_states (
    run_id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    object TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    made_of TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX linkage_states_of_organisation ON linkage_states (organisation, run_id);
