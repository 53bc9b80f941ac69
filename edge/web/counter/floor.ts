/** The floor as it is now: every table with its parties, how far they are and since when; pure. */

import { dueOf, liveLines } from "$web/orders_state";
import type { Order, Section, Table } from "$web/wire";

/** What whoever looks over the floor wants to know of a table, the most pressing first. */
export type TableState = "ready" | "kitchen" | "seated" | "unpaid" | "paid" | "free";

export interface Seated {
  table: Table;
  orders: Order[];
  state: TableState;
  /** When the first of its parties came; 0 when it is free. */
  sinceMs: number;
  covers: number;
  due: number;
}

const PRESSING: TableState[] = ["ready", "kitchen", "seated", "unpaid", "paid", "free"];

export function seatedAt(section: Section, orders: readonly Order[]): Seated[] {
  const byTable = groupedByTable(orders);
  return section.tables.map((table) => seated(table, byTable.get(key(table.name)) ?? []));
}

/** Parties that sit at no table of the plan: takeaway, tabs by name, a table nobody drew. */
export function elsewhere(sections: readonly Section[], orders: readonly Order[]): Order[] {
  const drawn = new Set(sections.flatMap((s) => s.tables.map((t) => key(t.name))));
  return orders.filter((order) => !order.table || !drawn.has(key(order.table)));
}

export function stateOf(order: Order): TableState {
  if (order.status === "ready") return "ready";
  if (order.status === "fired") {
    const lines = liveLines(order);
    return lines.some((line) => line.status === "ready") ? "ready" : "kitchen";
  }
  if (order.status === "open" || order.status === "held") return "seated";
  return dueOf(order) > 0 ? "unpaid" : "paid";
}

function seated(table: Table, orders: Order[]): Seated {
  const states = orders.map(stateOf);
  return {
    table,
    orders,
    state: PRESSING.find((each) => states.includes(each)) ?? "free",
    sinceMs: orders.length > 0 ? Math.min(...orders.map((o) => o.placed_ms)) : 0,
    covers: orders.reduce((sum, o) => sum + (o.covers ?? 0), 0),
    due: orders.reduce((sum, o) => sum + Math.max(0, dueOf(o)), 0),
  };
}

function groupedByTable(orders: readonly Order[]): Map<string, Order[]> {
  const found = new Map<string, Order[]>();
  for (const order of orders) {
    if (!order.table) continue;
    found.set(key(order.table), [...(found.get(key(order.table)) ?? []), order]);
  }
  return found;
}

function key(name: string): string {
  return name.trim().toLowerCase();
}
