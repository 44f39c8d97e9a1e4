DROP TABLE encodings;
