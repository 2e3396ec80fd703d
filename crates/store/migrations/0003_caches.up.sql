CREATE TABLE caches (
    id {id},
    repository_id BIGINT NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    slug TEXT NOT NULL,
    object_key TEXT NOT NULL UNIQUE,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    UNIQUE (repository_id, scope, slug)
);
CREATE INDEX caches_used ON caches (used_at, id);
