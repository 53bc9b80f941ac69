/** The pass: every order in the kitchen, and how far each of its stations has come; pure. */

import type { Line, Order } from "$web/wire";

export interface Part {
  stationId: string;
  lines: Line[];
  done: number;
  toMake: number;
}

export interface ExpoOrder {
  order: Order;
  parts: Part[];
  /** Courses that are still held back, lowest first. */
  waiting: number[];
  /** Everything that was fired is made: it may go out. */
  ready: boolean;
  /** Since when the oldest thing still to make waits; of a ready order, since its firing. */
  sinceMs: number;
}

/** Orders that are in the kitchen or wait on the pass: rush first, then the oldest. */
export function onThePass(orders: Iterable<Order>): ExpoOrder[] {
  return [...orders]
    .filter((order) => order.status === "fired" || order.status === "ready")
    .map(gathered)
    .filter((each) => each.parts.length > 0)
    .sort(
      (a, b) =>
        Number(b.order.rush) - Number(a.order.rush) ||
        a.sinceMs - b.sinceMs ||
        (a.order.order_id < b.order.order_id ? -1 : 1),
    );
}

/** Whether a station is done with a line. */
export function isMade(line: Line, stationId: string): boolean {
  return line.bumped.includes(stationId) || line.status === "ready" || line.status === "served";
}

function gathered(order: Order): ExpoOrder {
  const fired = order.lines.filter((line) => line.fired_ms !== null);
  const stations = [...new Set(fired.flatMap((line) => line.station_ids))];
  const parts = stations.map((stationId) => partOf(fired, stationId)).filter((part) => part.lines.length > 0);
  const waits = order.lines.filter((line) => line.fired_ms === null && line.status !== "voided");
  const unmade = fired.filter((line) => line.status === "fired");
  const since = (unmade.length > 0 ? unmade : fired).map((line) => line.fired_ms!);
  return {
    order,
    parts,
    waiting: [...new Set(waits.map((line) => line.course))].sort((a, b) => a - b),
    ready: parts.every((part) => part.done === part.toMake),
    sinceMs: since.length > 0 ? Math.min(...since) : order.placed_ms,
  };
}

/** A struck line stays in sight until its station has bumped it, as on the station's own display. */
function partOf(fired: readonly Line[], stationId: string): Part {
  const mine = fired.filter((line) => line.station_ids.includes(stationId));
  const lines = mine.filter((line) => line.status !== "voided" || !line.bumped.includes(stationId));
  const live = lines.filter((line) => line.status !== "voided");
  const done = live.filter((line) => isMade(line, stationId)).length;
  return { stationId, lines, done, toMake: live.length };
}
