ALTER TABLE jobs DROP COLUMN stage_since;
