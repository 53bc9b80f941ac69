/** Which numbers stand on the board: whoever waits at the counter for them; pure. */

import type { Order } from "$web/wire";

export interface Called {
  id: string;
  number: string;
  /** The name the guest gave. */
  name: string;
}

/** More than these and nobody finds theirs. */
export const READY_SHOWN = 10;
export const MAKING_SHOWN = 16;

/**
 * Ready ones with the newest first, those being made with the oldest first. Parties at a table are
 * served there and are not called; somebody who eats here without a table is.
 */
export function boardOf(orders: readonly Order[]): { making: Called[]; ready: Called[] } {
  const called = orders.filter((order) => !order.table && order.dining_option !== "delivery");
  const since = (order: Order) => order.ready_ms ?? order.fired_ms ?? order.placed_ms;
  const ready = called.filter((o) => o.status === "ready").sort((a, b) => since(b) - since(a));
  const making = called.filter((o) => o.status === "fired").sort((a, b) => a.placed_ms - b.placed_ms);
  return { ready: ready.slice(0, READY_SHOWN).map(asCalled), making: making.slice(0, MAKING_SHOWN).map(asCalled) };
}

function asCalled(order: Order): Called {
  return { id: order.order_id, number: order.number, name: order.tab_name ?? "" };
}
