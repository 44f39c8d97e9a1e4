ALTER TABLE selections DROP COLUMN kept;
