DROP TABLE repository_keys;
