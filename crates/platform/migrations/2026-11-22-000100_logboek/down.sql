ALTER TABLE jobs DROP COLUMN calling_act;
ALTER TABLE jobs DROP COLUMN traceparent;
DROP TABLE processing_subjects;
DROP TABLE processing_acts;
