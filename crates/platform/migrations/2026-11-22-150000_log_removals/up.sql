-- What was removed from the logs at the end of its term; nobody is named.
CREATE TABLE log_removals (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    log TEXT NOT NULL,
    project_id TEXT,
    term_days BIGINT NOT NULL,
    older_than TEXT NOT NULL,
    records BIGINT NOT NULL,
    people BIGINT NOT NULL,
    oldest TEXT NOT NULL,
    newest TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (organisation, id)
);
