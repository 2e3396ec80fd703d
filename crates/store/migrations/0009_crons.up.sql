CREATE TABLE crons (
    id {id},
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    branch TEXT NOT NULL,
    span TEXT NOT NULL,
    skip_if_recent BOOLEAN NOT NULL,
    next_run BIGINT NOT NULL,
    last_run BIGINT,
    last_request_id BIGINT,
    created_by BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (repository_id, branch)
);
CREATE INDEX crons_due ON crons (next_run, id);
CREATE TABLE ssh_keys (
    repository_id BIGINT PRIMARY KEY REFERENCES repositories(id) ON DELETE CASCADE,
    description TEXT NOT NULL,
    public_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    private_key {bytes} NOT NULL,
    created_at BIGINT NOT NULL
);
ALTER TABLE users ADD COLUMN suspended_at BIGINT;
