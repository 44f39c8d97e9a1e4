DROP TABLE subject_places;
DROP TABLE subject_places_recent;
DROP INDEX processing_segments_by_project;
ALTER TABLE processing_segments DROP COLUMN project_id;
