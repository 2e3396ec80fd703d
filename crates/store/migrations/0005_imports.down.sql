ALTER TABLE builds DROP COLUMN imports;
