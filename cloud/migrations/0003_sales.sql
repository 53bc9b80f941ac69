-- What the sales projection keeps: orders with their lines and payments, and sales by hour.
-- All of it can be dropped and made again from the ledger. Money is in minor units.

CREATE TABLE orders (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    order_id text NOT NULL,
    number text NOT NULL,
    business_date date NOT NULL,
    hour smallint NOT NULL,
    placed_ms bigint NOT NULL,
    status text NOT NULL,
    source text NOT NULL,
    dining_option text NOT NULL,
    lines integer NOT NULL,
    units integer NOT NULL,
    total bigint NOT NULL,
    paid bigint NOT NULL,
    counts boolean NOT NULL,
    currency text NOT NULL,
    menu_version integer NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, order_id)
) WITH (fillfactor = 80);
CREATE INDEX orders_by_time ON orders (tenant_id, placed_ms);
CREATE INDEX orders_by_day ON orders (tenant_id, outlet_id, business_date, hour);

-- `counts` is false for a voided line, and for every line of a cancelled order.
CREATE TABLE order_lines (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    order_id text NOT NULL,
    line_id text NOT NULL,
    business_date date NOT NULL,
    item_id text NOT NULL,
    variant_id text NOT NULL,
    plu text NOT NULL,
    names text NOT NULL,
    variant_names text NOT NULL,
    category_id text NOT NULL,
    size text NOT NULL,
    quantity integer NOT NULL,
    amount bigint NOT NULL,
    expected bigint NOT NULL,
    counts boolean NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, order_id, line_id)
);
CREATE INDEX order_lines_by_day ON order_lines (tenant_id, outlet_id, business_date);

-- A payment counts on its order's business date, so that tenders and sales of a day agree.
CREATE TABLE payments (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    order_id text NOT NULL,
    payment_id text NOT NULL,
    business_date date NOT NULL,
    tender text NOT NULL,
    label text NOT NULL,
    amount bigint NOT NULL,
    tendered bigint NOT NULL,
    change bigint NOT NULL,
    at_ms bigint NOT NULL,
    counts boolean NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, order_id, payment_id)
);
CREATE INDEX payments_by_day ON payments (tenant_id, outlet_id, business_date);

CREATE TABLE hourly_sales (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    business_date date NOT NULL,
    hour smallint NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    sales bigint NOT NULL,
    paid bigint NOT NULL,
    cancelled bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, business_date, hour)
) WITH (fillfactor = 50);

SELECT keep_tenants_apart('orders', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('order_lines', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('payments', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('hourly_sales', 'SELECT, INSERT, UPDATE, DELETE');
