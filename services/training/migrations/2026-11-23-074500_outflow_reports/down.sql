DROP TABLE outflow_reports;
