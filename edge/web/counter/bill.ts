/** What the order being entered comes to, before the box has seen it. */

import { lineAmount } from "$web/cart";
import { localTime } from "$web/dayparts";
import { codeKey, draftBill as billOfCart } from "$web/promotions";
import { steadyMs } from "$web/steady";
import type { Adjustment, Service, Totals } from "$web/wire";
import type { CounterState } from "./counter_state.svelte";

export interface DraftBill {
  totals: Totals;
  adjustments: readonly Adjustment[];
  service: Service | null;
}

const DAY_MS = 24 * 3600 * 1000;

/** As the box will work it out when it is placed; `codes` of coupons included. */
export function draftBill(counter: CounterState): DraftBill {
  const { draft, link } = counter;
  const lines = draft.lines.map((line) => ({
    line_id: line.line_id,
    amount: lineAmount(line),
    quantity: line.quantity,
    tax_class: line.item.tax_class,
    item_id: line.item.id,
    variant_id: line.variant.id,
    category_id: line.item.category_id,
  }));
  // By the box's clock: this screen's own may be set to anything, at any moment.
  const at_ms = steadyMs() + link.state.aheadMs;
  const local = localTime(at_ms, link.outlet?.zone ?? "UTC");
  const { totals, rules, adjustments } = billOfCart(lines, link.house, {
    local,
    at_ms,
    dining_option: draft.dining,
    codes: new Set(draft.codes.map(codeKey)),
    business_date: businessDate(local, link.outlet?.rollover_hour ?? 0),
    covers: draft.covers,
  });
  return { totals, adjustments, service: rules?.service ?? null };
}

/** The business date (ISO) of an outlet's local time; after midnight it is still yesterday's evening. */
export function businessDate(local: string, rolloverHour: number): string {
  const day = local.slice(0, 10);
  if (Number(local.slice(11, 13)) >= rolloverHour) return day;
  return new Date(Date.parse(`${day}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10);
}
