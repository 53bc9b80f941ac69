-- The feed grows up: rows for one outlet only, rows nobody needs any more, and what time it is.

-- NULL: for every outlet of the tenant. Stock levels are an outlet's own.
ALTER TABLE feed_rows ADD COLUMN outlet_id uuid;

-- What one outlet sees: its own rows and everybody's, not those of all the others.
CREATE INDEX feed_rows_by_outlet ON feed_rows (tenant_id, outlet_id, pos);

ALTER TABLE feed_heads
    -- Rows that were overtaken up to here are gone; a cursor below it gets everything there is.
    ADD COLUMN floor_pos bigint NOT NULL DEFAULT 0,
    -- The latest hybrid stamp inside any row: what a box stamps after reading them must be later.
    ADD COLUMN stamp bigint NOT NULL DEFAULT 0,
    -- Where the feed stood when a backup was put back: versions after it leave a gap for lost ones.
    ADD COLUMN restored_pos bigint NOT NULL DEFAULT -1;

-- Which price book an outlet has, as its cursor tells: HQ lists those that are not up to date.
ALTER TABLE outlets ADD COLUMN price_version integer;

-- What was said stays said: a row above the floor cannot be taken back, whatever a bug asks for.
GRANT DELETE ON feed_rows TO kedai_app;
CREATE POLICY only_below_the_floor ON feed_rows AS RESTRICTIVE FOR DELETE
    USING (pos <= (SELECT floor_pos FROM feed_heads WHERE feed_heads.tenant_id = feed_rows.tenant_id));
