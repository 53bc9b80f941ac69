-- Many paid lines that deviate alike are one card: `part_of` is what that card is about. What was
-- settled is remembered with the money of then, so that figures made again end as settled as they
-- were, whatever they add up to on the way.
ALTER TABLE decisions
    ADD COLUMN part_of text NOT NULL DEFAULT '',
    ADD COLUMN settled_money bigint;
ALTER TABLE decisions NO FORCE ROW LEVEL SECURITY;
UPDATE decisions SET settled_money = money WHERE settled_ms IS NOT NULL;
ALTER TABLE decisions FORCE ROW LEVEL SECURITY;
-- A settled card comes back when more is at stake than was settled. An HQ process of the version
-- before, that still runs, settles without saying with how much.
ALTER TABLE decisions ADD COLUMN open boolean NOT NULL GENERATED ALWAYS AS (
    NOT automatic AND (settled_ms IS NULL OR abs(money) > abs(coalesce(settled_money, money))
                       OR sign(money) * sign(coalesce(settled_money, money)) < 0)) STORED;
DROP INDEX decisions_open;
CREATE INDEX decisions_open ON decisions (tenant_id, outlet_id) WHERE open;
CREATE INDEX decisions_by_part ON decisions (tenant_id, outlet_id, part_of) WHERE part_of <> '';
