DROP TABLE artifacts;
DROP TABLE test_reports;
