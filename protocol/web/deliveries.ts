/** Where the kitchen's part of an order is, line by line and station by station; pure. */

import { liveLines } from "./orders_state";
import type { Delivery, Line, LineDelivery, Order } from "./wire";

type Told = readonly LineDelivery[] | undefined;

/** What the kitchen's part of an order comes to, in one word.
 *
 * `unconfirmed`: no display and no printer has proved in time that a cook can see a line.
 */
export type KitchenWord = "nothing" | "sending" | "confirmed" | "unconfirmed";

const UNPROVEN: readonly Delivery[] = ["queued", "sent"];
const OVERDUE: readonly Delivery[] = ["rerouted", "escalated"];

/** Where one line is at each of its stations. What the box has not spoken of yet is queued. */
export function whereabouts(line: Line, told: Told): LineDelivery[] {
  if (!told || line.fired_ms === null) return [];
  const mine = told.filter((d) => d.line_id === line.line_id);
  const known = new Map(mine.map((d) => [d.station_id, d]));
  const stations = [...new Set([...line.station_ids, ...known.keys()])];
  return stations.map((station_id) => {
    const found = known.get(station_id);
    const done = line.bumped.includes(station_id);
    if (found && !(done && found.state !== "bumped")) return found;
    const state: Delivery = done ? "bumped" : "queued";
    return { line_id: line.line_id, station_id, state, by: "", at_ms: 0 };
  });
}

/** Says `nothing` also of an order that is over: nobody has to look for it any more. */
export function kitchenWord(order: Order, told: Told): KitchenWord {
  const states = toMake(order, told).map((d) => d.state);
  if (states.some((state) => OVERDUE.includes(state))) return "unconfirmed";
  if (states.some((state) => UNPROVEN.includes(state))) return "sending";
  return states.length > 0 ? "confirmed" : "nothing";
}

/** Stations of which nobody has seen their part of the order: staff are to call it out there. */
export function unseenStations(order: Order, told: Told): string[] {
  const unseen = toMake(order, told).filter((d) => d.state === "escalated");
  return [...new Set(unseen.map((d) => d.station_id))].sort();
}

/** Courses that are held back although the kitchen has others of the order, lowest first. */
export function waitingCourses(order: Order): number[] {
  const waiting = liveLines(order).filter((line) => line.status === "waiting");
  return [...new Set(waiting.map((line) => line.course))].sort((a, b) => a - b);
}

function toMake(order: Order, told: Told): LineDelivery[] {
  if (order.status !== "fired" && order.status !== "ready") return [];
  return liveLines(order).flatMap((line) => whereabouts(line, told));
}
