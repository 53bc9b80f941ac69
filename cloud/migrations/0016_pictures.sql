-- Pictures of dishes as screens show them, one row per width. Which item shows which is a product
-- field like its name; a name (digest) never means another picture.
CREATE TABLE pictures (
    tenant_id uuid NOT NULL REFERENCES tenants,
    digest text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    body bytea NOT NULL,
    made_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, digest, width)
);
SELECT keep_tenants_apart('pictures', 'SELECT, INSERT, DELETE');
