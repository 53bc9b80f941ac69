-- What the sales projection keeps of bills: how gross sales become the total, taxes, and refunds.
-- Minor units; `voids` counts units. All of it can be made again from the ledger.
ALTER TABLE orders
    ADD COLUMN gross bigint NOT NULL DEFAULT 0,
    ADD COLUMN discounts bigint NOT NULL DEFAULT 0,
    ADD COLUMN comps bigint NOT NULL DEFAULT 0,
    ADD COLUMN promotions bigint NOT NULL DEFAULT 0,
    ADD COLUMN coupons bigint NOT NULL DEFAULT 0,
    ADD COLUMN service bigint NOT NULL DEFAULT 0,
    ADD COLUMN rounding bigint NOT NULL DEFAULT 0,
    ADD COLUMN service_included bigint NOT NULL DEFAULT 0,
    ADD COLUMN tips bigint NOT NULL DEFAULT 0,
    ADD COLUMN cash_rounding bigint NOT NULL DEFAULT 0,
    ADD COLUMN voids bigint NOT NULL DEFAULT 0,
    ADD COLUMN void_amount bigint NOT NULL DEFAULT 0,
    -- Its lines went over to another order: it was not called off, and is in no figure.
    ADD COLUMN merged boolean NOT NULL DEFAULT false;
ALTER TABLE hourly_sales
    ADD COLUMN gross bigint NOT NULL DEFAULT 0,
    ADD COLUMN discounts bigint NOT NULL DEFAULT 0,
    ADD COLUMN comps bigint NOT NULL DEFAULT 0,
    ADD COLUMN promotions bigint NOT NULL DEFAULT 0,
    ADD COLUMN coupons bigint NOT NULL DEFAULT 0,
    ADD COLUMN service bigint NOT NULL DEFAULT 0,
    ADD COLUMN rounding bigint NOT NULL DEFAULT 0,
    ADD COLUMN service_included bigint NOT NULL DEFAULT 0,
    ADD COLUMN tips bigint NOT NULL DEFAULT 0,
    ADD COLUMN cash_rounding bigint NOT NULL DEFAULT 0,
    ADD COLUMN voids bigint NOT NULL DEFAULT 0,
    ADD COLUMN void_amount bigint NOT NULL DEFAULT 0;

-- Until now a bill was its lines. (The owner of a table is bound by its policies, too.)
ALTER TABLE orders NO FORCE ROW LEVEL SECURITY;
ALTER TABLE order_lines NO FORCE ROW LEVEL SECURITY;
ALTER TABLE hourly_sales NO FORCE ROW LEVEL SECURITY;
UPDATE orders o SET gross = o.total, voids = v.units, void_amount = v.amount
FROM (
    SELECT w.tenant_id, w.outlet_id, w.order_id,
        coalesce(sum(l.quantity) FILTER (WHERE NOT l.counts), 0) AS units,
        coalesce(sum(l.amount) FILTER (WHERE NOT l.counts), 0) AS amount
    FROM orders w LEFT JOIN order_lines l USING (tenant_id, outlet_id, order_id)
    GROUP BY 1, 2, 3
) v
WHERE (o.tenant_id, o.outlet_id, o.order_id) = (v.tenant_id, v.outlet_id, v.order_id) AND o.counts;
UPDATE hourly_sales h SET gross = h.sales, voids = v.units, void_amount = v.amount
FROM (
    SELECT tenant_id, outlet_id, business_date, hour, sum(voids) AS units, sum(void_amount) AS amount
    FROM orders WHERE counts GROUP BY 1, 2, 3, 4
) v
WHERE (h.tenant_id, h.outlet_id, h.business_date, h.hour)
    = (v.tenant_id, v.outlet_id, v.business_date, v.hour);
ALTER TABLE hourly_sales FORCE ROW LEVEL SECURITY;
ALTER TABLE order_lines FORCE ROW LEVEL SECURITY;
ALTER TABLE orders FORCE ROW LEVEL SECURITY;

CREATE TABLE order_taxes (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    order_id text NOT NULL,
    name text NOT NULL,
    inclusive boolean NOT NULL,
    business_date date NOT NULL,
    base bigint NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, order_id, name, inclusive)
);
CREATE INDEX order_taxes_by_day ON order_taxes (tenant_id, outlet_id, business_date);

-- A refund counts on the business date on which it was given, whatever became of its order.
CREATE TABLE order_refunds (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    order_id text NOT NULL,
    refund_id text NOT NULL,
    business_date date NOT NULL,
    tender text NOT NULL,
    amount bigint NOT NULL,
    credit bigint NOT NULL,
    rounding bigint NOT NULL,
    tip bigint NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, order_id, refund_id)
);
CREATE INDEX order_refunds_by_day ON order_refunds (tenant_id, outlet_id, business_date);

-- Coupons on the bills of orders that count: HQ alone sees the uses of all outlets.
CREATE TABLE order_coupons (
    tenant_id uuid NOT NULL,
    outlet_id uuid NOT NULL,
    order_id text NOT NULL,
    promotion_id text NOT NULL,
    PRIMARY KEY (tenant_id, outlet_id, order_id, promotion_id)
);
CREATE INDEX order_coupons_by_promotion ON order_coupons (tenant_id, promotion_id);

SELECT keep_tenants_apart('order_coupons', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('order_taxes', 'SELECT, INSERT, UPDATE, DELETE'),
       keep_tenants_apart('order_refunds', 'SELECT, INSERT, UPDATE, DELETE');
