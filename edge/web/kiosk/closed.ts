/** Why guests cannot order here just now, known before they choose anything and before anybody pays. */

import type { BoxLink } from "$web/box_link.svelte";
import { openNow } from "$web/dayparts";
import { standsBy } from "$web/orders_state";
import { Freshness } from "./freshness";

/** `rest`: for a reason that is none of a guest's business. */
export type Closed = "rest" | "hours" | "kitchen" | "away" | "updating" | "preparing";

/** An outlet's box that was not heard for so long takes no guest's order soon. */
const AWAY_MS = 3 * 60_000;

export function closedBecause(link: BoxLink, local: string, nowMs: number): Closed | null {
  if ((link.menu?.version ?? 0) < 1) return "preparing";
  if (Freshness.mustChange(link.outlet)) return "updating";
  if (standsBy(link.state)) return "rest";
  const { takingOrders } = link.state;
  if (!takingOrders.yes) return takingOrders.why === "kitchen" ? "kitchen" : "rest";
  if (!openNow(link.house ?? {}, local)) return "hours";
  if (!link.alive && nowMs - Math.max(link.lastHeardMs, link.startedMs) > AWAY_MS) return "away";
  return null;
}
