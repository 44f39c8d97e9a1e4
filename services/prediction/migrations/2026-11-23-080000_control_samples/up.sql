-- What was asked of a control sample, with its secret seed, and who revealed it; JSON. Null: a batch without one.
ALTER TABLE batches ADD COLUMN control TEXT;
