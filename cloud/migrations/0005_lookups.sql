-- The few questions that come before the tenant is known, each answered by a function that sees
-- only what it must: they run as kedai_lookup, which can read these columns and do nothing else.

GRANT SELECT (tenant_id, name, currency, zone, created_ms) ON tenants TO kedai_lookup;
GRANT SELECT (tenant_id, outlet_id, head) ON outlets TO kedai_lookup;
GRANT SELECT (tenant_id, node_id, outlet_id, public_key, retired_ms) ON nodes TO kedai_lookup;
GRANT SELECT (tenant_id, code_hash) ON enrolment_codes TO kedai_lookup;
GRANT SELECT (tenant_id, key_hash, name, revoked_ms) ON access_keys TO kedai_lookup;
GRANT SELECT (tenant_id, outlet_id, projection, position) ON cursors TO kedai_lookup;
GRANT SELECT (tenant_id, outlet_id, projection) ON parked TO kedai_lookup;

CREATE POLICY lookup ON tenants FOR SELECT TO kedai_lookup USING (true);
CREATE POLICY lookup ON outlets FOR SELECT TO kedai_lookup USING (true);
CREATE POLICY lookup ON nodes FOR SELECT TO kedai_lookup USING (true);
CREATE POLICY lookup ON enrolment_codes FOR SELECT TO kedai_lookup USING (true);
CREATE POLICY lookup ON access_keys FOR SELECT TO kedai_lookup USING (true);
CREATE POLICY lookup ON cursors FOR SELECT TO kedai_lookup USING (true);
CREATE POLICY lookup ON parked FOR SELECT TO kedai_lookup USING (true);

CREATE FUNCTION find_node(node text)
RETURNS TABLE (tenant_id uuid, outlet_id uuid, public_key bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT n.tenant_id, n.outlet_id, n.public_key FROM nodes n
    WHERE n.node_id = node AND n.retired_ms IS NULL
$$;

CREATE FUNCTION find_enrolment(hash bytea) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.tenant_id FROM enrolment_codes c WHERE c.code_hash = hash
$$;

CREATE FUNCTION find_access_key(hash bytea) RETURNS TABLE (tenant_id uuid, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.tenant_id, k.name FROM access_keys k WHERE k.key_hash = hash AND k.revoked_ms IS NULL
$$;

CREATE FUNCTION list_tenants() RETURNS TABLE (tenant_id uuid, name text, currency text, zone text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.tenant_id, t.name, t.currency, t.zone FROM tenants t ORDER BY t.created_ms, t.name
$$;

CREATE FUNCTION outlets_behind(wanted text) RETURNS TABLE (tenant_id uuid, outlet_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.tenant_id, o.outlet_id FROM outlets o
    LEFT JOIN cursors c ON c.tenant_id = o.tenant_id AND c.outlet_id = o.outlet_id
        AND c.projection = wanted
    WHERE o.head > coalesce(c.position, 0)
$$;

CREATE FUNCTION outlets_parked(wanted text) RETURNS TABLE (tenant_id uuid, outlet_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT p.tenant_id, p.outlet_id FROM parked p WHERE p.projection = wanted
$$;

-- Handing a function over needs the right to create in the schema, for this moment only.
GRANT CREATE ON SCHEMA public TO kedai_lookup;
DO $$
DECLARE
    lookup regprocedure;
BEGIN
    FOREACH lookup IN ARRAY ARRAY[
        'find_node(text)', 'find_enrolment(bytea)', 'find_access_key(bytea)', 'list_tenants()',
        'outlets_behind(text)', 'outlets_parked(text)'
    ]::regprocedure[] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO kedai_lookup', lookup);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', lookup);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO kedai_app', lookup);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM kedai_lookup;

-- Until statistics exist, an index that fits looks no cheaper than one that does not; autovacuum
-- comes only after a minute, and a new HQ may get a year of sales in its first.
CREATE FUNCTION refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Only what look-ups choose an index by: the bodies would cost a hundred times as much.
    ANALYZE ledger (tenant_id, outlet_id, position, aggregate_id);
END $$;
REVOKE ALL ON FUNCTION refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_statistics() TO kedai_app;
