-- One row per report on outflow. The analysis holds figures over at least ten spells, none of a person.
CREATE TABLE outflow_reports (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project_id TEXT NOT NULL,
    frame_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    request TEXT NOT NULL,
    outcome TEXT,
    analysis TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX outflow_reports_of_organisation ON outflow_reports (organisation, id);
