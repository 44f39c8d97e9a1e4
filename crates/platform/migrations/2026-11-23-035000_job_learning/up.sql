-- How learning goes, as JSON: round and losses.
ALTER TABLE jobs ADD COLUMN learning TEXT;
