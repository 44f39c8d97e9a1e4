-- What was removed at the end of its term, how much, by which rule, when. No personal data; lines are only ever added.
CREATE TABLE retention_proofs (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    parts BIGINT NOT NULL,
    part_rows BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX retention_proofs_of_organisation ON retention_proofs (organisation, id);

-- The parts that are gone. Their versions stay, with digests and counts.
CREATE TABLE removed_parts (
    organisation TEXT NOT NULL,
    version_id TEXT NOT NULL,
    part TEXT NOT NULL,
    digest TEXT NOT NULL,
    proof_id TEXT NOT NULL,
    PRIMARY KEY (organisation, version_id, part)
);
