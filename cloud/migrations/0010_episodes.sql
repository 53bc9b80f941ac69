-- Since when a box has been running without a long break: a spare that was put away and is switched
-- on again is a new matter for a person, one that only started again is not.
ALTER TABLE instances ADD COLUMN awake_since_ms bigint NOT NULL DEFAULT 0;
