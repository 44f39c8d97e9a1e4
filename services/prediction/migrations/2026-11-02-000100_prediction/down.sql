DROP TABLE batches;
DROP TABLE processing_records;
