-- What the version's fairness report says, read once when it was registered; JSON. Absent for versions from before.
ALTER TABLE model_versions ADD COLUMN fairness TEXT;
-- What the reviewer concluded from it; JSON. Absent where nothing had to be concluded.
ALTER TABLE reviews ADD COLUMN fairness_conclusion TEXT;
