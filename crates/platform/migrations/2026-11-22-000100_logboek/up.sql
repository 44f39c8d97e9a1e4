-- Logboek Dataverwerkingen: one row per act on personal data, written in the transaction of what the act made.
CREATE TABLE processing_acts (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    span_id BIGINT NOT NULL,
    parent_span_id BIGINT,
    processor TEXT,
    status TEXT NOT NULL,
    name TEXT NOT NULL,
    start_ms BIGINT NOT NULL,
    end_ms BIGINT NOT NULL,
    activity TEXT NOT NULL,
    project_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    subjects BIGINT NOT NULL,
    PRIMARY KEY (organisation, id)
);
CREATE INDEX processing_acts_by_trace ON processing_acts (organisation, trace_id, id);
CREATE INDEX processing_acts_by_activity ON processing_acts (organisation, activity, id);
CREATE INDEX processing_acts_by_project ON processing_acts (organisation, project_id, id);

-- Whose data an act processed, many to a row: identifiers of one width, in order, each once. The record of each person is the
-- act's, with this person and a span of its own.
CREATE TABLE processing_subjects (
    organisation TEXT NOT NULL,
    act_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    first_id BYTEA NOT NULL,
    last_id BYTEA NOT NULL,
    ids BYTEA NOT NULL,
    PRIMARY KEY (organisation, act_id, place)
);
CREATE INDEX processing_subjects_by_id ON processing_subjects (organisation, first_id, last_id, act_id);

-- In whose trace, and under which act of the caller, a job was asked.
ALTER TABLE jobs ADD COLUMN traceparent TEXT;
ALTER TABLE jobs ADD COLUMN calling_act TEXT;
