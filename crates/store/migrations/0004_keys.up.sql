CREATE TABLE repository_keys (
    repository_id BIGINT PRIMARY KEY REFERENCES repositories(id) ON DELETE CASCADE,
    public_key {bytes} NOT NULL,
    private_key {bytes} NOT NULL,
    created_at BIGINT NOT NULL
);
