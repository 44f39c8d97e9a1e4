ALTER TABLE batches DROP COLUMN control;
