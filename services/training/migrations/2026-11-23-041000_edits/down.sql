ALTER TABLE training_runs DROP COLUMN edit;
