-- How disagreements end, and what the rules work from: decisions, product fields, stock, clocks.
-- All but HQ's own edits, HQ's own counts and who settled what can be made again from the ledger.

-- A decision's id follows from its kind and subject, so working it out again is the same one. It
-- waits for a person while `automatic` is false and `settled_ms` null.
CREATE TABLE decisions (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    decision_id text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    order_id text,
    automatic boolean NOT NULL,
    sides jsonb NOT NULL,
    params jsonb NOT NULL,
    at_ms bigint NOT NULL,
    money bigint NOT NULL,
    currency text NOT NULL,
    settled_ms bigint,
    settled_by text,
    note text,
    PRIMARY KEY (tenant_id, outlet_id, decision_id)
);
CREATE INDEX decisions_by_time ON decisions (tenant_id, automatic, at_ms DESC);
CREATE INDEX decisions_open ON decisions (tenant_id, outlet_id)
    WHERE NOT automatic AND settled_ms IS NULL;
CREATE INDEX decisions_by_order ON decisions (tenant_id, outlet_id, order_id)
    WHERE order_id IS NOT NULL;
CREATE INDEX decisions_by_subject ON decisions (tenant_id, outlet_id, subject);

-- Every edit of a product field, an outlet's or HQ's own (`origin` hq), with the stamp that counts:
-- the box's own, or HQ's clock when the edit came (`clock`) if the box's ran ahead of that.
CREATE TABLE product_edits (
    tenant_id uuid NOT NULL,
    edit_id text NOT NULL,
    origin text NOT NULL,
    position bigint NOT NULL,
    item_id text NOT NULL,
    field text NOT NULL,
    value text NOT NULL,
    stamp bigint NOT NULL,
    clock bigint NOT NULL,
    who text NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, edit_id)
);
CREATE INDEX product_edits_by_field ON product_edits (tenant_id, item_id, field);
CREATE INDEX product_edits_by_origin ON product_edits (tenant_id, origin, position DESC);

-- The edit that won, per field: what the feed's row of kind `product` says.
CREATE TABLE product_fields (
    tenant_id uuid NOT NULL,
    item_id text NOT NULL,
    field text NOT NULL,
    value text NOT NULL,
    stamp bigint NOT NULL,
    origin text NOT NULL,
    who text NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, item_id, field)
);

CREATE TABLE stock_moves (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    item_id text NOT NULL,
    event_id text NOT NULL,
    stream text NOT NULL,
    seq bigint NOT NULL,
    delta bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, item_id, event_id)
);

-- `as_of` says up to which entry of each stream the count knew the movements. `box` is false for
-- what somebody at HQ set: that is in no ledger.
CREATE TABLE stock_counts (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    item_id text NOT NULL,
    event_id text NOT NULL,
    stamp bigint NOT NULL,
    clock bigint NOT NULL,
    quantity bigint NOT NULL,
    as_of jsonb NOT NULL,
    at_ms bigint NOT NULL,
    who text NOT NULL,
    box boolean NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, item_id, event_id)
);

-- `seen`: the last entry of each stream that is in the level. What the count it stands on knew, and
-- which one it is, stand here too, so that an ordinary sale only subtracts.
CREATE TABLE stock_levels (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    item_id text NOT NULL,
    level bigint NOT NULL,
    seen jsonb NOT NULL,
    count_as_of jsonb NOT NULL,
    count_id text NOT NULL,
    count_stamp bigint NOT NULL,
    changed_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, item_id)
) WITH (fillfactor = 70);

-- What HQ asked for, and since when. The feed forgets what was overtaken; a box that was offline for
-- a month, or figures made again after a year, are judged by what was in force then.
CREATE TABLE price_history (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    pos bigint NOT NULL,
    version bigint NOT NULL,
    published_ms bigint NOT NULL,
    body bytea,
    PRIMARY KEY (tenant_id, kind, key, pos)
);

-- One row per process start of a box; they follow each other by `stamp`. `first_mono_ms` and
-- `last_mono_ms`: what the box's own count of milliseconds showed in the entries read here.
CREATE TABLE boots (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    boot text NOT NULL,
    machine text NOT NULL,
    node_id text NOT NULL,
    first_mono_ms bigint NOT NULL,
    last_mono_ms bigint NOT NULL,
    stamp bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, boot)
);

CREATE TABLE clock_anchors (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    event_id text NOT NULL,
    boot text NOT NULL,
    mono_ms bigint NOT NULL,
    server_ms bigint NOT NULL,
    rtt_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, event_id)
);
CREATE INDEX clock_anchors_by_boot ON clock_anchors (tenant_id, outlet_id, boot);

-- Orders whose box was not sure of the time, and between which times they were really taken.
-- `anchored`: HQ told that start of the box the time; `certain`: both ends lie on the business date
-- that the order is counted on.
CREATE TABLE order_times (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    order_id text NOT NULL,
    boot text NOT NULL,
    machine text NOT NULL,
    mono_ms bigint NOT NULL,
    business_date date NOT NULL,
    received_ms bigint NOT NULL,
    from_ms bigint,
    to_ms bigint,
    anchored boolean NOT NULL DEFAULT false,
    certain boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, outlet_id, order_id)
);
CREATE INDEX order_times_unsure ON order_times (tenant_id, outlet_id, business_date)
    WHERE NOT certain;
CREATE INDEX order_times_adrift ON order_times (tenant_id, outlet_id) WHERE NOT anchored;
CREATE INDEX order_times_by_machine ON order_times (tenant_id, outlet_id, machine);

SELECT keep_tenants_apart('decisions', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('product_edits', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('product_fields', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('stock_moves', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('stock_counts', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('stock_levels', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('price_history', 'SELECT, INSERT'),
       keep_tenants_apart('boots', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('clock_anchors', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('order_times', 'SELECT, INSERT, UPDATE, DELETE');

CREATE FUNCTION remember_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO price_history
    VALUES (NEW.tenant_id, NEW.kind, NEW.key, NEW.pos, NEW.version, NEW.published_ms, NEW.body);
    RETURN NULL;
END $$;
CREATE TRIGGER remember_price AFTER INSERT ON feed_rows FOR EACH ROW
    WHEN (NEW.kind IN ('menu', 'prices')) EXECUTE FUNCTION remember_price();
ALTER TABLE feed_rows NO FORCE ROW LEVEL SECURITY;
ALTER TABLE price_history NO FORCE ROW LEVEL SECURITY;
INSERT INTO price_history
SELECT tenant_id, kind, key, pos, version, published_ms, body FROM feed_rows
WHERE kind IN ('menu', 'prices');
ALTER TABLE feed_rows FORCE ROW LEVEL SECURITY;
ALTER TABLE price_history FORCE ROW LEVEL SECURITY;

-- Most entries are orders, and only one projection reads those. The others find their few in an
-- index that holds no others, so that an ordinary sale costs them nothing.
CREATE INDEX ledger_of_products ON ledger (tenant_id, outlet_id, position)
    WHERE type = 'product.edited';
CREATE INDEX ledger_of_stock ON ledger (tenant_id, outlet_id, position)
    WHERE type IN ('stock.moved', 'stock.counted');
CREATE INDEX ledger_of_clocks ON ledger (tenant_id, outlet_id, position)
    WHERE type IN ('clock.anchored', 'stream.opened')
       OR (type = 'order.placed' AND confidence IN ('free', 'uncertain'));

GRANT SELECT (tenant_id, outlet_id, position, type, confidence) ON ledger TO kedai_lookup;
CREATE POLICY lookup ON ledger FOR SELECT TO kedai_lookup USING (true);

CREATE FUNCTION products_behind() RETURNS TABLE (tenant_id uuid, outlet_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.tenant_id, c.outlet_id FROM cursors c WHERE c.projection = 'products'
    AND EXISTS (SELECT 1 FROM ledger l WHERE l.tenant_id = c.tenant_id
        AND l.outlet_id = c.outlet_id AND l.position > c.position AND l.type = 'product.edited')
$$;

CREATE FUNCTION stock_behind() RETURNS TABLE (tenant_id uuid, outlet_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.tenant_id, c.outlet_id FROM cursors c WHERE c.projection = 'stock'
    AND EXISTS (SELECT 1 FROM ledger l WHERE l.tenant_id = c.tenant_id
        AND l.outlet_id = c.outlet_id AND l.position > c.position
        AND l.type IN ('stock.moved', 'stock.counted'))
$$;

CREATE FUNCTION clocks_behind() RETURNS TABLE (tenant_id uuid, outlet_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.tenant_id, c.outlet_id FROM cursors c WHERE c.projection = 'clocks'
    AND EXISTS (SELECT 1 FROM ledger l WHERE l.tenant_id = c.tenant_id
        AND l.outlet_id = c.outlet_id AND l.position > c.position
        AND (l.type IN ('clock.anchored', 'stream.opened')
             OR (l.type = 'order.placed' AND l.confidence IN ('free', 'uncertain'))))
$$;

GRANT CREATE ON SCHEMA public TO kedai_lookup;
DO $$
DECLARE
    lookup regprocedure;
BEGIN
    FOREACH lookup IN ARRAY ARRAY[
        'products_behind()', 'stock_behind()', 'clocks_behind()'
    ]::regprocedure[] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO kedai_lookup', lookup);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', lookup);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO kedai_app', lookup);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM kedai_lookup;

-- Outlets that were there before get a cursor for each. FORCE would hide them from their owner.
ALTER TABLE outlets NO FORCE ROW LEVEL SECURITY;
ALTER TABLE cursors NO FORCE ROW LEVEL SECURITY;
INSERT INTO cursors (tenant_id, outlet_id, projection)
SELECT o.tenant_id, o.outlet_id, p.name
FROM outlets o CROSS JOIN (VALUES ('products'), ('stock'), ('clocks')) AS p (name)
ON CONFLICT DO NOTHING;
ALTER TABLE outlets FORCE ROW LEVEL SECURITY;
ALTER TABLE cursors FORCE ROW LEVEL SECURITY;
