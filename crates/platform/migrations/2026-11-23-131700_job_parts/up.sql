-- What a job has finished and keeps for its next attempt, sealed for the organisation. Gone when the job ends.
CREATE TABLE job_parts (
    organisation TEXT NOT NULL,
    job_id TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (organisation, job_id, name)
);
