DROP TABLE log_removals;
