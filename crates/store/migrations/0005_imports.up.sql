-- The files that a build's .travis.yml imports: a list of source and text, as JSON.
ALTER TABLE builds ADD COLUMN imports TEXT NOT NULL DEFAULT '[]';
