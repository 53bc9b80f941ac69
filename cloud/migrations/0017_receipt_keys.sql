-- What the codes on an outlet's printed receipts are made with, by each box it has had: the box that
-- replaces one reads its papers. Nobody but the outlet's boxes is told.
CREATE TABLE receipt_keys (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    key bytea NOT NULL,
    heard_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, key),
    FOREIGN KEY (tenant_id, outlet_id) REFERENCES outlets
);
SELECT keep_tenants_apart('receipt_keys', 'SELECT, INSERT, DELETE');
