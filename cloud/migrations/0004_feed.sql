-- What HQ tells its outlets: rows that carry the whole state of a thing, numbered under a lock.

-- Whoever publishes holds this row, so numbers become visible in order and none is skipped.
CREATE TABLE feed_heads (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    incarnation uuid NOT NULL,
    pos bigint NOT NULL DEFAULT 0
);

CREATE TABLE feed_rows (
    tenant_id uuid NOT NULL,
    pos bigint NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    version bigint NOT NULL,
    body bytea,
    publish_id text NOT NULL,
    published_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, pos)
);
CREATE INDEX feed_rows_by_key ON feed_rows (tenant_id, kind, key, pos DESC);

SELECT keep_tenants_apart('feed_heads', 'SELECT, INSERT, UPDATE'),
       keep_tenants_apart('feed_rows', 'SELECT, INSERT');
