DROP INDEX jobs_received;
CREATE INDEX jobs_received ON jobs (os, arch, received_at) WHERE received_at IS NOT NULL;
DROP TABLE queue_samples;
DROP TABLE fleet_samples;
DROP TABLE build_ends;
