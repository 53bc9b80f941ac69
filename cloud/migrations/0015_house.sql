-- Outlets that go by house rules of their own. Those of everybody are the feed's last row of kind
-- `house`; a publish for everybody overtakes the rows of single outlets, so theirs are said again.
CREATE TABLE house_overrides (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    version integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id),
    FOREIGN KEY (tenant_id, outlet_id) REFERENCES outlets
);
SELECT keep_tenants_apart('house_overrides', 'SELECT, INSERT, UPDATE, DELETE');
