DROP TABLE audit;
DROP TABLE idempotency_keys;
DROP TABLE jobs;
