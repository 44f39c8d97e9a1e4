-- Files of offers are sealed, each with a key of its own: the digest of what was sent tells whether a file was offered before. Absent for
-- offers from before, whose files lie as they were sent.
ALTER TABLE encodings ADD COLUMN content TEXT;
