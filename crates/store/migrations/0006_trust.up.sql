-- Whose word counts how far, and the second opinions on results that do not count alone.
ALTER TABLE builds ADD COLUMN provisional TEXT;
ALTER TABLE jobs ADD COLUMN verification TEXT NOT NULL DEFAULT 'none';
ALTER TABLE jobs ADD COLUMN provisional BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE jobs ADD COLUMN flaky BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE jobs ADD COLUMN opinion_id BIGINT;
ALTER TABLE jobs ADD COLUMN yielded_at BIGINT;
CREATE INDEX jobs_opinions ON jobs (os, arch, id) WHERE verification IN ('second', 'third');
ALTER TABLE attempts ADD COLUMN purpose TEXT NOT NULL DEFAULT 'job';
ALTER TABLE attempts ADD COLUMN tier TEXT;
ALTER TABLE attempts ADD COLUMN network TEXT;
ALTER TABLE attempts ADD COLUMN yielded BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE standings (
    worker_id BIGINT PRIMARY KEY REFERENCES workers(id) ON DELETE CASCADE,
    earned TEXT NOT NULL,
    fixed TEXT,
    known_passed BIGINT NOT NULL,
    known_failed BIGINT NOT NULL,
    known_problem TEXT,
    known_at BIGINT,
    streak BIGINT NOT NULL,
    agreed BIGINT NOT NULL,
    checked BIGINT NOT NULL,
    doubts BIGINT NOT NULL,
    proven_false BIGINT NOT NULL,
    proven_false_at BIGINT,
    kept BIGINT NOT NULL,
    yielded BIGINT NOT NULL,
    broken BIGINT NOT NULL,
    since BIGINT
);
CREATE TABLE known_answers (
    id {id},
    worker_id BIGINT NOT NULL REFERENCES workers(id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    nonce TEXT NOT NULL,
    passed BOOLEAN,
    problem TEXT,
    token_hash {bytes} NOT NULL,
    lease_until BIGINT NOT NULL,
    leased_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    executor TEXT NOT NULL
);
CREATE INDEX known_answers_worker ON known_answers (worker_id, id);
CREATE INDEX known_answers_live ON known_answers (lease_until) WHERE state IN ('leased', 'running');
