/** What can be asked of an order that is on the box; each answers the order after it, or null. */

import { mint } from "$web/ids";
import { add, cartOfOrder, take } from "$web/shared_cart";
import type {
  Adjust,
  ChangeDetails,
  ChangeLine,
  Check,
  Line,
  Order,
  RefundPayment,
} from "$web/wire";
import type { CounterState } from "./counter_state.svelte";

type Done = Promise<Order | null>;

/** Release what waits: these courses, or all of it. */
export function fire(counter: CounterState, order: Order, courses: number[] = []): Done {
  const id = order.order_id;
  return counter.tell({ type: "order.fire", order_id: id, courses }, `fire:${id}:${courses.join(",")}`);
}

export function rush(counter: CounterState, order: Order, wanted: boolean): Done {
  const id = order.order_id;
  return counter.tell({ type: "order.rush", order_id: id, rush: wanted }, `rush:${id}:${wanted}`);
}

/** Bring it back to this screen, to go on with it. */
export async function recall(counter: CounterState, order: Order): Promise<void> {
  const id = order.order_id;
  const done =
    order.status === "held" ? await counter.tell({ type: "order.recall", order_id: id }, `recall:${id}`) : order;
  if (done) counter.addTo(done);
}

export function serve(counter: CounterState, order: Order): Done {
  const id = order.order_id;
  return counter.tell({ type: "order.status", order_id: id, status: "served" }, `serve:${id}`);
}

export function cancel(counter: CounterState, order: Order, reason: string): Done {
  const id = order.order_id;
  return counter.tell({ type: "order.status", order_id: id, status: "cancelled", reason }, `cancel:${id}`);
}

/** Take a line off before it was made; `quantity`: only so many of it. */
export function voidLine(counter: CounterState, order: Order, line: Line, reason: string, quantity: number): Done {
  const some = quantity < line.quantity ? { quantity } : {};
  return counter.tell(
    { type: "line.void", order_id: order.order_id, line_id: line.line_id, reason, ...some },
    `void:${line.line_id}:${line.quantity}`,
  );
}

/**
 * More or fewer of a line that waits. It goes as an edit of the shared cart: two screens that change
 * the same line at once both count, whatever order the box hears them in.
 */
export function resize(counter: CounterState, order: Order, line: Line, quantity: number): Done {
  const actor = screenId();
  const cart = cartOfOrder(order);
  const by = quantity - line.quantity;
  const edited = by > 0 ? add(cart, actor, line.line_id, by) : take(cart, actor, line.line_id, -by);
  return counter.tell(
    { type: "cart.merge", order_id: order.order_id, cart: edited },
    `merge:${line.line_id}:${line.quantity}:${quantity}`,
  );
}

export function changeLine(counter: CounterState, order: Order, change: Omit<ChangeLine, "type" | "order_id">): Done {
  const once = `change:${JSON.stringify(change)}`;
  return counter.tell({ type: "line.change", order_id: order.order_id, ...change }, once);
}

/** Where and how the party eats, from now on. */
export function changeDetails(
  counter: CounterState,
  order: Order,
  change: Partial<Omit<ChangeDetails, "type" | "order_id">>,
): Done {
  const { table, tab_name, covers, dining_option } = order;
  const once = `details:${order.order_id}:${JSON.stringify(change)}`;
  return counter.tell(
    { type: "order.details", order_id: order.order_id, table, tab_name, covers, dining_option, ...change },
    once,
  );
}

/** Some of its lines go over to another order; all of them when none are named. */
export function transfer(counter: CounterState, order: Order, to: Order, lineIds: string[]): Done {
  return counter.tell(
    { type: "lines.transfer", order_id: order.order_id, to_order_id: to.order_id, line_ids: lineIds },
    `transfer:${order.order_id}:${to.order_id}:${lineIds.join(",")}`,
  );
}

export function adjust(counter: CounterState, order: Order, what: Partial<Adjust>): Done {
  const adjustment_id = mint();
  return counter.tell(
    { type: "bill.adjust", order_id: order.order_id, adjustment_id, ...what },
    `adjust:${order.order_id}:${JSON.stringify(what)}`,
  );
}

export function unadjust(counter: CounterState, order: Order, adjustmentId: string): Done {
  return counter.tell(
    { type: "bill.unadjust", order_id: order.order_id, adjustment_id: adjustmentId },
    `unadjust:${adjustmentId}`,
  );
}

/** The party pays in these checks; none: together again. */
export function split(counter: CounterState, order: Order, checks: Check[]): Done {
  const once = `split:${order.order_id}:${checks.map((c) => c.check_id).join(",")}`;
  return counter.tell({ type: "checks.split", order_id: order.order_id, checks }, once);
}

export function refund(counter: CounterState, order: Order, what: Partial<RefundPayment>): Done {
  return counter.tell(
    { type: "payment.refund", order_id: order.order_id, refund_id: mint(), ...what },
    `refund:${order.order_id}:${JSON.stringify(what)}`,
  );
}

export function reopen(counter: CounterState, order: Order, reason: string): Done {
  return counter.tell({ type: "order.reopen", order_id: order.order_id, reason }, `reopen:${order.order_id}`);
}

const SCREEN = "kedai.counter.screen";

/** This screen among those of the outlet; made up once. */
export function screenId(): string {
  try {
    const kept = localStorage.getItem(SCREEN);
    if (kept) return kept;
    const made = mint();
    localStorage.setItem(SCREEN, made);
    return made;
  } catch {
    made ??= mint();
    return made;
  }
}

let made: string | undefined;
