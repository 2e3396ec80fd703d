DROP INDEX attempts_of_worker;
DROP INDEX jobs_received;
DROP TABLE platform_load;
DROP TABLE worker_repositories;
DROP TABLE worker_hours;
DROP TABLE worker_days;
DROP TABLE worker_totals;
DROP TABLE worker_wishes;
DROP TABLE worker_now;
CREATE TABLE enrolment_tokens (
    token_hash {bytes} PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
INSERT INTO enrolment_tokens (token_hash, user_id, expires_at)
    SELECT token_hash, user_id, expires_at FROM enrolments WHERE used_at IS NULL AND revoked_at IS NULL;
DROP TABLE enrolments;
