ALTER TABLE users DROP COLUMN suspended_at;
DROP TABLE ssh_keys;
DROP TABLE crons;
