-- Closed days with their certificates, and shifts: as boxes told them. All of it can be dropped and
-- made again from the ledger. What HQ worked out itself of a closed day is kept beside it, since the
-- entries that a Z counts never change.

CREATE TABLE closed_days (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    digest text NOT NULL,
    number_z integer NOT NULL,
    business_date date NOT NULL,
    closed_ms bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, digest)
);
CREATE INDEX closed_days_by_date ON closed_days (tenant_id, business_date, outlet_id);

CREATE TABLE day_certificates (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    number_z integer NOT NULL,
    event_id text NOT NULL,
    at_ms bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, number_z, event_id)
);

CREATE TABLE day_checks (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    digest text NOT NULL,
    holding bytea NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, digest)
);

CREATE TABLE till_shifts (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    shift_id text NOT NULL,
    business_date date NOT NULL,
    opened_ms bigint NOT NULL,
    closed_ms bigint,
    body bytea NOT NULL,
    moves bytea NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, shift_id)
);
CREATE INDEX till_shifts_by_date ON till_shifts (tenant_id, business_date, outlet_id);

SELECT keep_tenants_apart('closed_days', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('day_certificates', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('day_checks', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('till_shifts', 'SELECT, INSERT, UPDATE, DELETE');

CREATE INDEX ledger_of_days ON ledger (tenant_id, outlet_id, position)
    WHERE type IN ('day.closed', 'day.certified', 'shift.opened', 'shift.closed', 'cash.moved',
                   'drawer.opened');

CREATE FUNCTION days_behind() RETURNS TABLE (tenant_id uuid, outlet_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.tenant_id, c.outlet_id FROM cursors c WHERE c.projection = 'days'
    AND EXISTS (SELECT 1 FROM ledger l WHERE l.tenant_id = c.tenant_id
        AND l.outlet_id = c.outlet_id AND l.position > c.position
        AND l.type IN ('day.closed', 'day.certified', 'shift.opened', 'shift.closed', 'cash.moved',
                       'drawer.opened'))
$$;

GRANT CREATE ON SCHEMA public TO kedai_lookup;
ALTER FUNCTION days_behind() OWNER TO kedai_lookup;
REVOKE ALL ON FUNCTION days_behind() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION days_behind() TO kedai_app;
REVOKE CREATE ON SCHEMA public FROM kedai_lookup;

-- Outlets that were there before get a cursor. FORCE would hide them from their owner.
ALTER TABLE outlets NO FORCE ROW LEVEL SECURITY;
ALTER TABLE cursors NO FORCE ROW LEVEL SECURITY;
INSERT INTO cursors (tenant_id, outlet_id, projection)
    SELECT tenant_id, outlet_id, 'days' FROM outlets ON CONFLICT DO NOTHING;
ALTER TABLE cursors FORCE ROW LEVEL SECURITY;
ALTER TABLE outlets FORCE ROW LEVEL SECURITY;
