-- People of a tenant: HQ says who works where, in what role and with what PIN; boxes hear it by feed.
CREATE TABLE people (
    tenant_id uuid NOT NULL REFERENCES tenants,
    staff_id uuid NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    -- Empty: at every outlet, also one that is opened later.
    outlets uuid[] NOT NULL DEFAULT '{}',
    language text NOT NULL DEFAULT '',
    also text[] NOT NULL DEFAULT '{}',
    active boolean NOT NULL DEFAULT true,
    pin_hash text NOT NULL DEFAULT '',
    -- Of two who choose a PIN for one person, the one who chose last.
    pin_ms bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    created_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, staff_id)
);

-- What PINs are hashed with: without it a stolen table of hashes cannot be tried out.
CREATE TABLE pin_peppers (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    pepper bytea NOT NULL
);
SELECT keep_tenants_apart('people', 'SELECT, INSERT, UPDATE'),
       keep_tenants_apart('pin_peppers', 'SELECT, INSERT');

CREATE INDEX ledger_of_pins ON ledger (tenant_id, outlet_id, position)
    WHERE type = 'staff.pin_changed';
-- Who did what: the few entries of a day that somebody may ask about later.
CREATE INDEX ledger_of_audit ON ledger (tenant_id, outlet_id, stamp) WHERE type IN (
    'line.voided', 'line.reduced', 'order.cancelled', 'bill.adjusted', 'bill.unadjusted',
    'payment.refunded', 'order.reopened', 'cash.moved', 'drawer.opened', 'shift.opened',
    'shift.closed', 'approval.given', 'staff.signed_in', 'staff.signed_out', 'staff.refused',
    'staff.pin_changed', 'day.closed', 'device.paired', 'device.revoked', 'paper.reprinted',
    'paper.requested', 'paper.discarded', 'coupon.given');

CREATE FUNCTION pins_behind() RETURNS TABLE (tenant_id uuid, outlet_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.tenant_id, c.outlet_id FROM cursors c WHERE c.projection = 'pins'
    AND EXISTS (SELECT 1 FROM ledger l WHERE l.tenant_id = c.tenant_id
        AND l.outlet_id = c.outlet_id AND l.position > c.position
        AND l.type = 'staff.pin_changed')
$$;
GRANT CREATE ON SCHEMA public TO kedai_lookup;
ALTER FUNCTION pins_behind() OWNER TO kedai_lookup;
REVOKE CREATE ON SCHEMA public FROM kedai_lookup;
REVOKE ALL ON FUNCTION pins_behind() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pins_behind() TO kedai_app;

-- Outlets that were there before get a cursor. FORCE would hide them from their owner.
ALTER TABLE outlets NO FORCE ROW LEVEL SECURITY;
ALTER TABLE cursors NO FORCE ROW LEVEL SECURITY;
INSERT INTO cursors (tenant_id, outlet_id, projection)
SELECT o.tenant_id, o.outlet_id, 'pins' FROM outlets o ON CONFLICT DO NOTHING;
ALTER TABLE outlets FORCE ROW LEVEL SECURITY;
ALTER TABLE cursors FORCE ROW LEVEL SECURITY;
