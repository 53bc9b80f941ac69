-- What lossless replication needs at HQ: who is the primary of an outlet, what backups hold, what
-- boxes say about themselves, and what was odd or refused.

-- `term` rises with each enrolment and each taking over; the box of the highest is the primary.
-- `primary_line` says which life of that box, when its disk was copied and two of it run.
-- `stamp` is the latest hybrid time told to, or believably heard from, the outlet.
ALTER TABLE outlets
    ADD COLUMN term integer NOT NULL DEFAULT 0,
    ADD COLUMN primary_line text,
    ADD COLUMN stamp bigint NOT NULL DEFAULT 0,
    ADD COLUMN acknowledged bigint,
    ADD COLUMN parked_at_box bigint,
    ADD COLUMN oldest_unsent_ms bigint,
    ADD COLUMN alarms bytea NOT NULL DEFAULT '[]';

ALTER TABLE nodes ADD COLUMN term integer NOT NULL DEFAULT 0;

-- `first_position` is the order in which HQ heard of them.
ALTER TABLE streams
    ADD COLUMN first_position bigint NOT NULL DEFAULT 0,
    ADD COLUMN last_heard_ms bigint NOT NULL DEFAULT 0;

-- The walls hold the tables' owner as well; to fill the new columns they let it through.
ALTER TABLE outlets NO FORCE ROW LEVEL SECURITY;
ALTER TABLE nodes NO FORCE ROW LEVEL SECURITY;
ALTER TABLE streams NO FORCE ROW LEVEL SECURITY;
ALTER TABLE ledger NO FORCE ROW LEVEL SECURITY;
-- Until now a spare box could be enrolled and stay in its drawer: the one that sells is the primary.
UPDATE nodes n SET term = r.term FROM (
    SELECT tenant_id, node_id,
           row_number() OVER (PARTITION BY tenant_id, outlet_id ORDER BY retired_ms IS NULL, (
               SELECT coalesce(max(s.first_heard_ms), 0) FROM streams s
               WHERE s.tenant_id = nodes.tenant_id AND s.outlet_id = nodes.outlet_id
               AND s.node_id = nodes.node_id), enrolled_ms) AS term
    FROM nodes) AS r
WHERE n.tenant_id = r.tenant_id AND n.node_id = r.node_id;
UPDATE outlets o SET term = coalesce((SELECT max(n.term) FROM nodes n
    WHERE n.tenant_id = o.tenant_id AND n.outlet_id = o.outlet_id), 0);
UPDATE streams s SET last_heard_ms = s.first_heard_ms, first_position = coalesce((
    SELECT l.position FROM ledger l WHERE l.tenant_id = s.tenant_id AND l.outlet_id = s.outlet_id
    AND l.stream = s.stream AND l.seq = 1), 0);
ALTER TABLE outlets FORCE ROW LEVEL SECURITY;
ALTER TABLE nodes FORCE ROW LEVEL SECURITY;
ALTER TABLE streams FORCE ROW LEVEL SECURITY;
ALTER TABLE ledger FORCE ROW LEVEL SECURITY;

-- Each start of a box is an instance that says which one it follows. Those that follow one another
-- on one disk are a line; `ended_stamp` is when the next of the line spoke first. One that speaks
-- again later than that is a second box with the same disk.
CREATE TABLE instances (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    node_id text NOT NULL,
    instance text NOT NULL,
    line text NOT NULL,
    rank bigint NOT NULL,
    stamp bigint NOT NULL,
    ended_stamp bigint,
    first_heard_ms bigint NOT NULL,
    last_heard_ms bigint NOT NULL,
    product text NOT NULL,
    unsent bigint,
    alarms bytea NOT NULL DEFAULT '[]',
    PRIMARY KEY (tenant_id, outlet_id, node_id, instance)
) WITH (fillfactor = 50);

-- One row per backup of this database. Restorable: finished and not dropped.
CREATE TABLE backups (
    number bigint PRIMARY KEY,
    label text NOT NULL,
    begun_ms bigint NOT NULL,
    finished_ms bigint,
    dropped_ms bigint
);
GRANT SELECT ON backups TO kedai_app;

-- How far each stream was when a backup began; no row when it had not moved since the one before.
-- Rows stay when their backup is dropped: those of later backups build on them.
CREATE TABLE backup_ends (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    stream text NOT NULL,
    number bigint NOT NULL REFERENCES backups,
    last_seq bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, stream, number)
);

-- What a person should see about an outlet's replication; the same thing again is counted.
CREATE TABLE oddities (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    times bigint NOT NULL,
    first_ms bigint NOT NULL,
    last_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, kind, subject)
);

-- Requests in a box's name that were not taken. Apart from outlets, whose row intake holds.
CREATE TABLE refused_requests (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    times bigint NOT NULL,
    last_code text NOT NULL,
    last_sentence text NOT NULL,
    last_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id)
) WITH (fillfactor = 50);

-- The newest figure of each name.
CREATE TABLE telemetry (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    name text NOT NULL,
    at_ms bigint NOT NULL,
    value double precision NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, name)
) WITH (fillfactor = 50);

SELECT keep_tenants_apart('instances', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('backup_ends', 'SELECT, INSERT'),
       keep_tenants_apart('oddities', 'SELECT, INSERT, UPDATE'),
       keep_tenants_apart('refused_requests', 'SELECT, INSERT, UPDATE'),
       keep_tenants_apart('telemetry', 'SELECT, INSERT, UPDATE');
