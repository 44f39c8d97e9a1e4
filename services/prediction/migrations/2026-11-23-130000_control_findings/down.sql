DROP TABLE batch_findings;
