/** What the order comes to, row by row, as the box will work it out when it is placed. */

import { lineAmount, type CartLine } from "$web/cart";
import { draftBill } from "$web/promotions";
import type { DiningOption, House } from "$web/wire";

type Names = Record<string, string>;

export interface BillRow {
  kind: "discount" | "service" | "tax" | "included" | "rounding";
  /** Empty: what its kind is called. */
  names: Names;
  amount: number;
}

export interface Bill {
  lines: number;
  rows: BillRow[];
  total: number;
}

/** The outlet's time, and where its business day turns. */
export interface Hour {
  atMs: number;
  local: string;
  rolloverHour: number;
}

export function billOf(lines: CartLine[], house: House | null, dining: DiningOption, hour: Hour): Bill {
  const sold = lines.map((line) => ({
    line_id: line.line_id,
    amount: lineAmount(line),
    quantity: line.quantity,
    tax_class: line.item.tax_class,
    item_id: line.item.id,
    variant_id: line.variant.id,
    category_id: line.item.category_id,
  }));
  const { totals, rules, adjustments } = draftBill(sold, house, {
    local: hour.local,
    at_ms: hour.atMs,
    dining_option: dining,
    business_date: businessDate(hour.local, hour.rolloverHour),
  });
  const rows: BillRow[] = [
    ...merged(adjustments.map((one) => ({ kind: "discount", names: one.names, amount: -one.given }))),
    { kind: "service", names: rules?.service?.names ?? {}, amount: totals.service },
    ...totals.taxes.map((tax): BillRow => ({
      kind: tax.inclusive ? "included" : "tax",
      names: rules?.taxes.find((each) => each.id === tax.tax_id)?.names ?? { "": tax.name },
      amount: tax.amount,
    })),
    { kind: "rounding", names: {}, amount: totals.rounding },
  ];
  return { lines: totals.lines, rows: rows.filter((row) => row.amount !== 0), total: totals.total };
}

/** One row for an offer, however many lines it is on. */
function merged(rows: BillRow[]): BillRow[] {
  const byName = new Map<string, BillRow>();
  for (const row of rows) {
    const key = JSON.stringify(row.names);
    const known = byName.get(key);
    byName.set(key, known ? { ...known, amount: known.amount + row.amount } : row);
  }
  return [...byName.values()];
}

/** What is sold after midnight belongs to the evening before, until the hour at which the day turns. */
export function businessDate(local: string, rolloverHour: number): string {
  const day = local.slice(0, 10);
  if (Number(local.slice(11, 13)) >= rolloverHour) return day;
  return new Date(Date.parse(`${day}T00:00:00Z`) - 24 * 3600 * 1000).toISOString().slice(0, 10);
}
