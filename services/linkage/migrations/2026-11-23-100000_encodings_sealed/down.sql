ALTER TABLE encodings DROP COLUMN content;
