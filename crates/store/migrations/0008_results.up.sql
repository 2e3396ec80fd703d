CREATE TABLE test_reports (
    attempt_id BIGINT PRIMARY KEY REFERENCES attempts(id) ON DELETE CASCADE,
    job_id BIGINT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    build_id BIGINT NOT NULL,
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    cell TEXT NOT NULL,
    branch TEXT NOT NULL,
    on_branch BOOLEAN NOT NULL,
    sha TEXT NOT NULL,
    passed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    micros BIGINT NOT NULL,
    body {bytes} NOT NULL,
    marks {bytes} NOT NULL,
    created_at BIGINT NOT NULL
);
-- Earlier runs of one job: of a branch, and of a commit.
CREATE INDEX test_reports_branch ON test_reports (repository_id, cell, branch, on_branch, attempt_id);
CREATE INDEX test_reports_commit ON test_reports (repository_id, cell, sha, attempt_id);
CREATE TABLE artifacts (
    id {id},
    attempt_id BIGINT NOT NULL REFERENCES attempts(id) ON DELETE CASCADE,
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    object_key TEXT UNIQUE,
    created_at BIGINT NOT NULL,
    UNIQUE (attempt_id, kind, path)
);
