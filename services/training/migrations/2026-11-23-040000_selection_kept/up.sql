-- What a comparison has tried so far, as JSON: figures of folds, to go on from after a crash. Gone when it is done.
ALTER TABLE selections ADD COLUMN kept TEXT;
