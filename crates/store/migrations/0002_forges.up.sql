CREATE TABLE forges (
    id {id},
    kind TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    web_url TEXT NOT NULL,
    api_url TEXT NOT NULL,
    client_id TEXT,
    client_secret {bytes},
    app_id BIGINT,
    app_slug TEXT,
    app_key {bytes},
    hook_secret {bytes},
    configured BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE TABLE identities (
    id {id},
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    forge_id BIGINT NOT NULL REFERENCES forges(id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT,
    email TEXT,
    avatar_url TEXT,
    token {bytes},
    refresh_token {bytes},
    token_expires_at BIGINT,
    scopes TEXT NOT NULL,
    sync TEXT NOT NULL,
    sync_done BIGINT NOT NULL,
    sync_total BIGINT,
    sync_error TEXT,
    sync_started_at BIGINT,
    synced_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (forge_id, remote_id)
);
CREATE UNIQUE INDEX identities_user ON identities (user_id, forge_id);
CREATE INDEX identities_sync ON identities (id) WHERE sync = 'running';
CREATE TABLE accounts (
    id {id},
    forge_id BIGINT NOT NULL REFERENCES forges(id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT,
    avatar_url TEXT,
    organization BOOLEAN NOT NULL,
    installation_id BIGINT,
    UNIQUE (forge_id, remote_id)
);
CREATE INDEX accounts_login ON accounts (forge_id, LOWER(login));
CREATE TABLE sign_in_states (
    state_hash {bytes} PRIMARY KEY,
    browser_hash {bytes} NOT NULL,
    purpose TEXT NOT NULL,
    forge_id BIGINT,
    verifier {bytes} NOT NULL,
    user_id BIGINT,
    next TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN last_seen_at BIGINT;
CREATE INDEX sessions_user ON sessions (user_id);
ALTER TABLE api_tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'all';

ALTER TABLE repositories ADD COLUMN forge_id BIGINT;
ALTER TABLE repositories ADD COLUMN remote_id TEXT;
ALTER TABLE repositories ADD COLUMN remote_path TEXT;
ALTER TABLE repositories ADD COLUMN html_url TEXT;
ALTER TABLE repositories ADD COLUMN fork BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE repositories ADD COLUMN installation_id BIGINT;
ALTER TABLE repositories ADD COLUMN hook_id TEXT;
ALTER TABLE repositories ADD COLUMN hooked_by BIGINT;
ALTER TABLE repositories ADD COLUMN gone_at BIGINT;
ALTER TABLE repositories ADD COLUMN compared_at BIGINT;
ALTER TABLE repositories ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX repositories_remote ON repositories (forge_id, remote_id);
CREATE INDEX repositories_compare ON repositories (compared_at, id) WHERE active AND forge_id IS NOT NULL;
CREATE TABLE permissions (
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    level TEXT NOT NULL,
    checked_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, repository_id)
);
CREATE INDEX permissions_repository ON permissions (repository_id);
CREATE TABLE stars (
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, repository_id)
);
CREATE TABLE contributors (
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (repository_id, remote_id)
);
CREATE TABLE deliveries (
    id {id},
    source TEXT NOT NULL,
    forge_id BIGINT,
    repository_id BIGINT,
    guid TEXT NOT NULL,
    event TEXT NOT NULL,
    action TEXT,
    headers TEXT NOT NULL,
    body {bytes} NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    request_id BIGINT,
    tries BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    done_at BIGINT,
    UNIQUE (source, guid)
);
CREATE INDEX deliveries_due ON deliveries (next_at, id) WHERE state = 'pending';
CREATE INDEX deliveries_repository ON deliveries (repository_id, id);
CREATE INDEX deliveries_received ON deliveries (received_at);

ALTER TABLE requests ADD COLUMN pull_request TEXT;
ALTER TABLE requests ADD COLUMN pull_request_number BIGINT;
ALTER TABLE requests ADD COLUMN pull_request_head TEXT;
ALTER TABLE requests ADD COLUMN sender TEXT;
ALTER TABLE requests ADD COLUMN before_sha TEXT;
ALTER TABLE requests ADD COLUMN compare_url TEXT;
ALTER TABLE requests ADD COLUMN delivery_id BIGINT;
ALTER TABLE requests ADD COLUMN held_at BIGINT;
CREATE INDEX requests_pull ON requests (repository_id, pull_request_number, id) WHERE pull_request_number IS NOT NULL;
CREATE INDEX requests_head ON requests (repository_id, pull_request_head, id) WHERE pull_request_head IS NOT NULL;
CREATE INDEX requests_sha ON requests (repository_id, sha, id) WHERE sha IS NOT NULL;
ALTER TABLE builds ADD COLUMN pull_request TEXT;
ALTER TABLE builds ADD COLUMN pull_request_number BIGINT;
ALTER TABLE builds ADD COLUMN sender TEXT;
ALTER TABLE builds ADD COLUMN before_sha TEXT;
ALTER TABLE builds ADD COLUMN compare_url TEXT;
CREATE INDEX builds_pull ON builds (repository_id, pull_request_number, number) WHERE pull_request_number IS NOT NULL;
CREATE TABLE approvals (
    id {id},
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    pull_request_number BIGINT NOT NULL,
    head_sha TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    secrets BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX approvals_pull ON approvals (repository_id, pull_request_number);
ALTER TABLE branches ADD COLUMN gone BOOLEAN NOT NULL DEFAULT FALSE;

DROP TABLE outbox;
CREATE TABLE outbox (
    id {id},
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    memo TEXT,
    version BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    error TEXT,
    next_at BIGINT,
    lease_until BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX outbox_due ON outbox (kind, next_at, id) WHERE next_at IS NOT NULL;
