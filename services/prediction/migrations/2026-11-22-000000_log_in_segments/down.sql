DROP TABLE processing_segments;

CREATE TABLE processing_records (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (organisation, id)
);
