-- One narrow row for each build that has ended, for charts: a build's own row is wide. The branch
-- is NULL for a pull request's; waits are the milliseconds that each of its jobs waited for a
-- worker, with spaces between.
CREATE TABLE build_ends (
    build_id BIGINT PRIMARY KEY REFERENCES builds(id) ON DELETE CASCADE,
    repository_id BIGINT NOT NULL,
    branch TEXT,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    took BIGINT,
    waits TEXT NOT NULL
);
CREATE INDEX build_ends_repository ON build_ends (repository_id, ended_at);
CREATE INDEX build_ends_branch ON build_ends (repository_id, branch, ended_at);
INSERT INTO build_ends (build_id, repository_id, branch, number, state, ended_at, took, waits)
    SELECT b.id, b.repository_id,
    CASE WHEN b.event_type = 'pull_request' THEN NULL ELSE b.branch END, b.number, b.state,
    b.finished_at, b.finished_at - b.started_at,
    COALESCE((SELECT {list}(CAST(j.received_at - j.queued_at AS TEXT), ' ') FROM jobs j
        WHERE j.build_id = b.id AND j.received_at >= j.queued_at), '')
    FROM builds b WHERE b.finished_at IS NOT NULL
    AND b.state IN ('passed', 'failed', 'errored', 'canceled');
-- How the fleet and the queue stood, once a minute, for 30 days. A platform for which nothing
-- waited has no row; core_ms is the sum of all work so far.
CREATE TABLE fleet_samples (
    minute BIGINT PRIMARY KEY,
    workers BIGINT NOT NULL,
    slots BIGINT NOT NULL,
    busy BIGINT NOT NULL,
    core_ms BIGINT NOT NULL
);
CREATE TABLE queue_samples (
    minute BIGINT NOT NULL REFERENCES fleet_samples(minute) ON DELETE CASCADE,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    waiting BIGINT NOT NULL,
    PRIMARY KEY (minute, os, arch)
);
-- How long jobs waited is read from the index alone.
DROP INDEX jobs_received;
CREATE INDEX jobs_received ON jobs (os, arch, received_at, queued_at) WHERE received_at IS NOT NULL;
