-- The records of one commit that share organisation, model version and caller: what they share once, then a line each.
-- Lines are only ever added. The id begins with the time, so the key is also the order of writing.
CREATE TABLE processing_segments (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    shared TEXT NOT NULL,
    lines TEXT NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (organisation, id)
);

-- Contract: no release ever wrote this table.
DROP TABLE processing_records;
