-- Whose project the records of a segment are about. Null: written by the version before, which kept no places of people.
ALTER TABLE processing_segments ADD COLUMN project_id TEXT;
CREATE INDEX processing_segments_by_project ON processing_segments (organisation, project_id, id);

-- Where the records of people stand, one row per commit and organisation: entries in order, 8 bytes of the pseudonym and 16 of the
-- segment's key each. Written in the transaction of the records, and moved to `subject_places` many at a time.
CREATE TABLE subject_places_recent (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    entries BYTEA NOT NULL,
    PRIMARY KEY (organisation, id)
);

-- The entries of many commits in order, some to a row. `run` and `until` are the first and last segment among them.
CREATE TABLE subject_places (
    organisation TEXT NOT NULL,
    run TEXT NOT NULL,
    place BIGINT NOT NULL,
    until TEXT NOT NULL,
    first_key BYTEA NOT NULL,
    last_key BYTEA NOT NULL,
    entries BYTEA NOT NULL,
    PRIMARY KEY (organisation, run, place)
);
CREATE INDEX subject_places_by_key ON subject_places (organisation, first_key, last_key);
