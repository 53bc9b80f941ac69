/** What the guest is shown while this counter sells: the order as it grows, or the one being paid. */

import type { CounterState } from "./counter_state.svelte";
import { draftBill } from "./bill";
import { IDLE, ofLines, ofOrder, type GuestPicture } from "./guest_view";

export function guestPicture(counter: CounterState): GuestPicture {
  const outlet = counter.link.outlet?.name ?? counter.link.state.outletName;
  const paying = counter.paying ?? counter.checking;
  if (paying) return { ...ofOrder(counter.fresh(paying)), outlet };
  const { draft, target } = counter;
  if (draft.lines.length === 0 && !target) return { ...IDLE, outlet };
  const bill = draftBill(counter);
  const base = target ? ofOrder(target) : IDLE;
  return {
    ...base,
    state: "ordering",
    outlet,
    currency: counter.currency,
    lines: [...base.lines, ...ofLines(draft.lines)],
    totals: target ? null : bill.totals,
    adjustments: target ? [] : bill.adjustments,
    service: target ? null : bill.service,
    due: bill.totals.total + base.due,
  };
}
