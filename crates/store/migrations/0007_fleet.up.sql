-- Tokens with which machines join, kept for a while after their use, so that whoever made one sees
-- what became of it.
CREATE TABLE enrolments (
    id {id},
    token_hash {bytes} NOT NULL UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    way TEXT NOT NULL,
    name TEXT,
    lending TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT,
    worker_id BIGINT REFERENCES workers(id) ON DELETE SET NULL
);
CREATE INDEX enrolments_user ON enrolments (user_id, id);
CREATE INDEX enrolments_expire ON enrolments (expires_at);
INSERT INTO enrolments (token_hash, user_id, way, created_at, expires_at)
    SELECT token_hash, user_id, 'command', expires_at - 3600000, expires_at FROM enrolment_tokens;
DROP TABLE enrolment_tokens;
-- What a worker said of itself when it was last heard of.
CREATE TABLE worker_now (
    worker_id BIGINT PRIMARY KEY REFERENCES workers(id) ON DELETE CASCADE,
    online_since BIGINT NOT NULL,
    slots BIGINT NOT NULL,
    presence TEXT,
    presence_since BIGINT,
    usage_now TEXT,
    lending TEXT,
    frozen TEXT NOT NULL,
    network TEXT
);
-- What a worker's page says that it may lend.
CREATE TABLE worker_wishes (
    worker_id BIGINT PRIMARY KEY REFERENCES workers(id) ON DELETE CASCADE,
    lending TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- What workers did: in all, by day, by hour, by repository. Core time is that of results that stand.
CREATE TABLE worker_totals (
    worker_id BIGINT PRIMARY KEY REFERENCES workers(id) ON DELETE CASCADE,
    jobs BIGINT NOT NULL,
    core_ms BIGINT NOT NULL,
    yields BIGINT NOT NULL,
    freeze_ms BIGINT
);
CREATE TABLE worker_days (
    worker_id BIGINT NOT NULL REFERENCES workers(id) ON DELETE CASCADE,
    day BIGINT NOT NULL,
    jobs BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    broken BIGINT NOT NULL,
    core_ms BIGINT NOT NULL,
    PRIMARY KEY (worker_id, day)
);
CREATE INDEX worker_days_day ON worker_days (day);
CREATE TABLE worker_hours (
    worker_id BIGINT NOT NULL REFERENCES workers(id) ON DELETE CASCADE,
    hour BIGINT NOT NULL,
    busy_ms BIGINT NOT NULL,
    PRIMARY KEY (worker_id, hour)
);
CREATE INDEX worker_hours_hour ON worker_hours (hour);
CREATE TABLE worker_repositories (
    worker_id BIGINT NOT NULL REFERENCES workers(id) ON DELETE CASCADE,
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (worker_id, repository_id)
);
CREATE INDEX worker_repositories_repository ON worker_repositories (repository_id);
-- How busy platforms were, by half hour.
CREATE TABLE platform_load (
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    period BIGINT NOT NULL,
    busy_ms BIGINT NOT NULL,
    PRIMARY KEY (os, arch, period)
);
CREATE INDEX jobs_received ON jobs (os, arch, received_at) WHERE received_at IS NOT NULL;
CREATE INDEX attempts_of_worker ON attempts (worker_id, id);
-- What was done before there was a ledger.
INSERT INTO worker_totals (worker_id, jobs, core_ms, yields)
    SELECT worker_id, COUNT(*), COALESCE(SUM(finished_at - leased_at), 0), 0 FROM attempts
    WHERE state = 'finished' AND finished_at IS NOT NULL GROUP BY worker_id;
INSERT INTO worker_repositories (worker_id, repository_id, last_at)
    SELECT a.worker_id, j.repository_id, MAX(a.finished_at) FROM attempts a
    JOIN jobs j ON j.id = a.job_id JOIN repositories r ON r.id = j.repository_id
    WHERE a.state = 'finished' AND a.finished_at IS NOT NULL GROUP BY a.worker_id, j.repository_id;
INSERT INTO worker_days (worker_id, day, jobs, kept, broken, core_ms)
    SELECT worker_id, finished_at / 86400000, SUM(CASE WHEN state = 'finished' THEN 1 ELSE 0 END),
    SUM(CASE WHEN state = 'finished' THEN 1 ELSE 0 END),
    SUM(CASE WHEN state = 'finished' THEN 0 ELSE 1 END),
    SUM(CASE WHEN state = 'finished' THEN finished_at - leased_at ELSE 0 END) FROM attempts
    WHERE finished_at IS NOT NULL GROUP BY worker_id, finished_at / 86400000;
