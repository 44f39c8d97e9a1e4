-- Since when a job is in its stage: how fast it goes, and when it will be done, follow from that.
ALTER TABLE jobs ADD COLUMN stage_since TEXT;
