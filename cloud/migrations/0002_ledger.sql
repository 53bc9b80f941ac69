-- The ledger: every box's journal as it was received, and how far each projection has read it.

CREATE TABLE streams (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    stream text NOT NULL,
    last_seq bigint NOT NULL,
    chain bytea NOT NULL,
    node_id text NOT NULL,
    first_heard_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, stream)
) WITH (fillfactor = 70);

-- Bodies are stored as they came: the chain is over these bytes. A row is never changed.
CREATE TABLE ledger (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    position bigint NOT NULL,
    stream text NOT NULL,
    seq bigint NOT NULL,
    chain bytea NOT NULL,
    event_id bytea NOT NULL,
    type text NOT NULL,
    version integer NOT NULL,
    aggregate_kind text NOT NULL,
    aggregate_id text NOT NULL,
    stamp bigint NOT NULL,
    wall_ms bigint NOT NULL,
    mono_ms bigint NOT NULL,
    boot text NOT NULL,
    confidence text NOT NULL,
    command_id text NOT NULL,
    actor text NOT NULL,
    body bytea NOT NULL,
    received_ms bigint NOT NULL,
    duplicate boolean NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, position),
    UNIQUE (tenant_id, outlet_id, stream, seq)
);
CREATE INDEX ledger_by_aggregate ON ledger (tenant_id, outlet_id, aggregate_id, position);
-- An event that came twice is kept twice and counts once.
CREATE UNIQUE INDEX ledger_by_event ON ledger (tenant_id, outlet_id, event_id) WHERE NOT duplicate;

-- How far a projection has read an outlet's ledger; moved in the same transaction as its rows.
CREATE TABLE cursors (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    projection text NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, outlet_id, projection)
) WITH (fillfactor = 50);

-- What could not be projected: this thing waits, everything else flows.
CREATE TABLE parked (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    projection text NOT NULL,
    aggregate_id text NOT NULL,
    event_id bytea NOT NULL,
    event_type text NOT NULL,
    position bigint NOT NULL,
    reason text NOT NULL,
    since_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, projection, aggregate_id)
);

SELECT keep_tenants_apart('streams', 'SELECT, INSERT, UPDATE'),
       keep_tenants_apart('ledger', 'SELECT, INSERT'),
       keep_tenants_apart('cursors', 'SELECT, INSERT, UPDATE'),
       keep_tenants_apart('parked', 'SELECT, INSERT, UPDATE, DELETE');
