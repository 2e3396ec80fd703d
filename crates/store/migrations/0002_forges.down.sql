DROP TABLE outbox;
CREATE TABLE outbox (
    id {id},
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_at, id);
ALTER TABLE branches DROP COLUMN gone;
DROP TABLE approvals;
DROP INDEX builds_pull;
ALTER TABLE builds DROP COLUMN compare_url;
ALTER TABLE builds DROP COLUMN before_sha;
ALTER TABLE builds DROP COLUMN sender;
ALTER TABLE builds DROP COLUMN pull_request_number;
ALTER TABLE builds DROP COLUMN pull_request;
DROP INDEX requests_sha;
DROP INDEX requests_head;
DROP INDEX requests_pull;
ALTER TABLE requests DROP COLUMN held_at;
ALTER TABLE requests DROP COLUMN delivery_id;
ALTER TABLE requests DROP COLUMN compare_url;
ALTER TABLE requests DROP COLUMN before_sha;
ALTER TABLE requests DROP COLUMN sender;
ALTER TABLE requests DROP COLUMN pull_request_head;
ALTER TABLE requests DROP COLUMN pull_request_number;
ALTER TABLE requests DROP COLUMN pull_request;
DROP TABLE deliveries;
DROP TABLE contributors;
DROP TABLE stars;
DROP TABLE permissions;
DROP INDEX repositories_compare;
DROP INDEX repositories_remote;
ALTER TABLE repositories DROP COLUMN settings;
ALTER TABLE repositories DROP COLUMN compared_at;
ALTER TABLE repositories DROP COLUMN gone_at;
ALTER TABLE repositories DROP COLUMN hooked_by;
ALTER TABLE repositories DROP COLUMN hook_id;
ALTER TABLE repositories DROP COLUMN installation_id;
ALTER TABLE repositories DROP COLUMN fork;
ALTER TABLE repositories DROP COLUMN html_url;
ALTER TABLE repositories DROP COLUMN remote_path;
ALTER TABLE repositories DROP COLUMN remote_id;
ALTER TABLE repositories DROP COLUMN forge_id;
ALTER TABLE api_tokens DROP COLUMN scope;
DROP INDEX sessions_user;
ALTER TABLE sessions DROP COLUMN last_seen_at;
ALTER TABLE sessions DROP COLUMN user_agent;
DROP TABLE sign_in_states;
DROP TABLE accounts;
DROP TABLE identities;
DROP TABLE forges;
