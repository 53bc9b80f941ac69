-- Which database made a backup, and in which life of it. A copy put back elsewhere has the same rows,
-- with the same files' names, and must not delete those files. Of older rows nobody knows.
ALTER TABLE backups ADD COLUMN made_by text;
