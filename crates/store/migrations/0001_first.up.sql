CREATE TABLE users (
    id {id},
    login TEXT NOT NULL,
    login_key TEXT NOT NULL UNIQUE,
    name TEXT,
    admin BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE sessions (
    id {id},
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    token_hash {bytes} NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE sign_in_links (
    token_hash {bytes} PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE TABLE api_tokens (
    id {id},
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    token_hash {bytes} NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX api_tokens_user ON api_tokens (user_id, id);
CREATE TABLE enrolment_tokens (
    token_hash {bytes} PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);

CREATE TABLE repositories (
    id {id},
    owner TEXT NOT NULL,
    owner_key TEXT NOT NULL,
    name TEXT NOT NULL,
    slug_key TEXT NOT NULL UNIQUE,
    description TEXT,
    clone_url TEXT NOT NULL,
    default_branch TEXT NOT NULL,
    private BOOLEAN NOT NULL,
    active BOOLEAN NOT NULL,
    ping_secret {bytes} NOT NULL,
    poll_seconds BIGINT,
    polled_at BIGINT,
    current_build_id BIGINT,
    next_build_number BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX repositories_owner ON repositories (owner_key);
CREATE INDEX repositories_poll ON repositories (id) WHERE active AND poll_seconds IS NOT NULL;
CREATE TABLE env_vars (
    id {id},
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value {bytes} NOT NULL,
    public BOOLEAN NOT NULL,
    branch TEXT
);
CREATE UNIQUE INDEX env_vars_name ON env_vars (repository_id, name, COALESCE(branch, ''));
CREATE TABLE requests (
    id {id},
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    event_type TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    branch TEXT,
    sha TEXT,
    tag TEXT,
    message TEXT,
    delivery TEXT,
    created_by BIGINT REFERENCES users(id),
    created_at BIGINT NOT NULL,
    UNIQUE (repository_id, delivery)
);
CREATE INDEX requests_list ON requests (repository_id, id);
CREATE INDEX requests_pending ON requests (id) WHERE state = 'pending';
CREATE TABLE commits (
    id {id},
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    sha TEXT NOT NULL,
    reference TEXT,
    message TEXT NOT NULL,
    author_name TEXT NOT NULL,
    author_email TEXT NOT NULL,
    committer_name TEXT NOT NULL,
    committed_at BIGINT NOT NULL,
    UNIQUE (repository_id, sha)
);
CREATE TABLE branches (
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    last_build_id BIGINT,
    head_sha TEXT,
    PRIMARY KEY (repository_id, name)
);

CREATE TABLE builds (
    id {id},
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    request_id BIGINT NOT NULL REFERENCES requests(id) ON DELETE CASCADE,
    commit_id BIGINT NOT NULL REFERENCES commits(id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    previous_state TEXT,
    event_type TEXT NOT NULL,
    branch TEXT NOT NULL,
    tag TEXT,
    message TEXT,
    raw_config TEXT,
    config TEXT NOT NULL,
    messages TEXT NOT NULL,
    fast_finish BOOLEAN NOT NULL,
    created_by BIGINT REFERENCES users(id),
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    updated_at BIGINT NOT NULL,
    UNIQUE (repository_id, number)
);
CREATE INDEX builds_branch ON builds (repository_id, branch, number);
CREATE INDEX builds_request ON builds (request_id);
CREATE INDEX builds_commit ON builds (commit_id);
CREATE INDEX builds_state ON builds (state, id);
CREATE INDEX builds_passed ON builds (repository_id, id) WHERE state = 'passed';
CREATE TABLE stages (
    id {id},
    build_id BIGINT NOT NULL REFERENCES builds(id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    UNIQUE (build_id, number)
);
CREATE TABLE jobs (
    id {id},
    build_id BIGINT NOT NULL REFERENCES builds(id) ON DELETE CASCADE,
    repository_id BIGINT NOT NULL,
    stage_id BIGINT NOT NULL,
    stage_number BIGINT NOT NULL,
    number TEXT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT,
    state TEXT NOT NULL,
    allow_failure BOOLEAN NOT NULL,
    config TEXT NOT NULL,
    cell TEXT NOT NULL,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    attempt_id BIGINT,
    lost BIGINT NOT NULL DEFAULT 0,
    run BIGINT NOT NULL DEFAULT 1,
    reason TEXT,
    created_at BIGINT NOT NULL,
    queued_at BIGINT,
    received_at BIGINT,
    started_at BIGINT,
    finished_at BIGINT,
    restarted_at BIGINT,
    restarted_by BIGINT,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    UNIQUE (build_id, position)
);
CREATE INDEX jobs_queued ON jobs (os, arch, id) WHERE state = 'queued';
CREATE INDEX jobs_held ON jobs (id) WHERE state IN ('received', 'started');
CREATE INDEX jobs_passed ON jobs (repository_id, cell, id) WHERE state = 'passed';
CREATE TABLE workers (
    id {id},
    owner_id BIGINT NOT NULL REFERENCES users(id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    public_key {bytes} NOT NULL,
    facts TEXT NOT NULL,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    executor TEXT NOT NULL,
    slots BIGINT NOT NULL,
    paused BOOLEAN NOT NULL,
    draining BOOLEAN NOT NULL,
    banned BOOLEAN NOT NULL,
    removed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT
);
CREATE UNIQUE INDEX workers_name ON workers (owner_id, name_key) WHERE NOT removed;
CREATE TABLE worker_sessions (
    token_hash {bytes} PRIMARY KEY,
    worker_id BIGINT NOT NULL REFERENCES workers(id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX worker_sessions_worker ON worker_sessions (worker_id);
CREATE TABLE attempts (
    id {id},
    job_id BIGINT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    run BIGINT NOT NULL,
    worker_id BIGINT NOT NULL REFERENCES workers(id),
    state TEXT NOT NULL,
    outcome TEXT,
    exit_code BIGINT,
    reason TEXT,
    token_hash {bytes} NOT NULL,
    lease_until BIGINT NOT NULL,
    leased_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    log_length BIGINT,
    log_sha256 TEXT,
    log_sealed BOOLEAN NOT NULL,
    signature {bytes},
    executor TEXT NOT NULL,
    UNIQUE (job_id, number)
);
CREATE INDEX attempts_worker ON attempts (worker_id, state, id);
CREATE INDEX attempts_live ON attempts (lease_until) WHERE state IN ('leased', 'running');

CREATE TABLE outbox (
    id {id},
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_at, id);
CREATE TABLE audit_log (
    id {id},
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
