-- Who HQ knows: tenants, their outlets, the boxes in them, and who may ask. Tenants are kept apart
-- by row-level security from the first table; the reasons are in cloud/DESIGN.md.

DO $$
BEGIN
    -- Roles belong to the whole server: another database on it may have made them already.
    CREATE ROLE kedai_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    CREATE ROLE kedai_lookup NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT kedai_app, kedai_lookup TO %I', current_user);
    END IF;
END $$;

-- Every table that belongs to tenants goes through this, and a test asks for it.
CREATE FUNCTION keep_tenants_apart(what regclass, rights text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    own CONSTANT text := 'tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid';
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', what);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', what);
    EXECUTE format('CREATE POLICY own_tenant ON %s USING (%s) WITH CHECK (%s)', what, own, own);
    EXECUTE format('GRANT %s ON %s TO kedai_app', rights, what);
END $$;
REVOKE ALL ON FUNCTION keep_tenants_apart FROM PUBLIC;

-- One row: which life of this database it is. An operator changes it after restoring a backup, and
-- every box then says hello again and sends what the backup did not hold.
CREATE TABLE installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    incarnation uuid NOT NULL
);
INSERT INTO installation (incarnation) VALUES (gen_random_uuid());
GRANT SELECT ON installation TO kedai_app;

CREATE TABLE tenants (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    currency text NOT NULL,
    zone text NOT NULL,
    created_ms bigint NOT NULL
);

-- `head` is the last position of the outlet's ledger; whoever appends holds this row.
CREATE TABLE outlets (
    tenant_id uuid NOT NULL REFERENCES tenants,
    outlet_id uuid NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    zone text NOT NULL,
    rollover_hour smallint NOT NULL CHECK (rollover_hour BETWEEN 0 AND 23),
    created_ms bigint NOT NULL,
    head bigint NOT NULL DEFAULT 0,
    last_heard_ms bigint,
    unsent bigint,
    unsent_ms bigint,
    product text,
    protocol integer,
    menu_version integer,
    clock_offset_ms bigint,
    PRIMARY KEY (tenant_id, outlet_id),
    UNIQUE (tenant_id, name)
) WITH (fillfactor = 50);

CREATE TABLE nodes (
    tenant_id uuid NOT NULL,
    node_id text NOT NULL,
    outlet_id uuid NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    product text NOT NULL,
    enrolled_ms bigint NOT NULL,
    retired_ms bigint,
    PRIMARY KEY (tenant_id, node_id),
    FOREIGN KEY (tenant_id, outlet_id) REFERENCES outlets
);
CREATE UNIQUE INDEX nodes_by_id ON nodes (node_id);

-- Codes and keys are kept as hashes: whoever reads the database cannot use them.
CREATE TABLE enrolment_codes (
    tenant_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    outlet_id uuid NOT NULL,
    expires_ms bigint NOT NULL,
    used_ms bigint,
    PRIMARY KEY (tenant_id, code_hash),
    FOREIGN KEY (tenant_id, outlet_id) REFERENCES outlets
);
CREATE UNIQUE INDEX enrolment_codes_by_hash ON enrolment_codes (code_hash);

CREATE TABLE access_keys (
    tenant_id uuid NOT NULL REFERENCES tenants,
    key_hash bytea NOT NULL,
    name text NOT NULL,
    created_ms bigint NOT NULL,
    revoked_ms bigint,
    PRIMARY KEY (tenant_id, key_hash)
);
CREATE UNIQUE INDEX access_keys_by_hash ON access_keys (key_hash);

SELECT keep_tenants_apart('tenants', 'SELECT, INSERT'),
       keep_tenants_apart('outlets', 'SELECT, INSERT, UPDATE'),
       keep_tenants_apart('nodes', 'SELECT, INSERT, UPDATE'),
       keep_tenants_apart('enrolment_codes', 'SELECT, INSERT, UPDATE'),
       keep_tenants_apart('access_keys', 'SELECT, INSERT, UPDATE');
