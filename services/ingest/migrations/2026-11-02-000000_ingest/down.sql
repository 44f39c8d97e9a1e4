DROP TABLE staged_uploads;
DROP TABLE dataset_versions;
DROP TABLE datasets;
DROP TABLE documents;
