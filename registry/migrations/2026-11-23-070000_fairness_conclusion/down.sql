ALTER TABLE reviews DROP COLUMN fairness_conclusion;
ALTER TABLE model_versions DROP COLUMN fairness;
