-- A run that changes the model of another: which, why and what, as JSON. Absent for runs that learn.
ALTER TABLE training_runs ADD COLUMN edit TEXT;
