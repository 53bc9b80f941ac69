/** How an outlet stands: is everything sent, and if not, what a person should know; pure. */

import type { OutletView, Witness } from "./hq";

export type Standing = "well" | "sending" | "attention" | "silent" | "never";

/** A box clock that is further off than this is told. */
export const CLOCK_OFF_MS = 30_000;
const REFUSED_LATELY_MS = 3_600_000;

export interface Concern {
  kind: "parked_at_hq" | "parked_at_box" | "standby" | "menu" | "prices" | "clock" | "refused";
  count: number;
}

/** In one word; silence weighs more than what a silent box said before. */
export function standingOf(outlet: OutletView, nowMs: number): Standing {
  if (outlet.state === "never" || outlet.state === "silent") return outlet.state;
  if (outlet.replication.alarms.length > 0 || concernsOf(outlet, nowMs).length > 0) return "attention";
  return outlet.unsent || outlet.lag ? "sending" : "well";
}

/** What is not as it should be, besides what the box's own alarms say. */
export function concernsOf(outlet: OutletView, nowMs: number): Concern[] {
  const { replication: r } = outlet;
  const found: Concern[] = [];
  const add = (kind: Concern["kind"], count: number) => count > 0 && found.push({ kind, count });
  add("parked_at_hq", r.parked_at_hq);
  add("parked_at_box", r.parked_at_box ?? 0);
  const told = r.alarms.some((alarm) => alarm.code === "two_boxes");
  add("standby", told ? 0 : r.boxes.filter((box) => box.role === "standby" && nowMs - box.last_heard_ms < REFUSED_LATELY_MS).length);
  if (outlet.state === "complete" || outlet.state === "behind") {
    add("menu", behind(outlet.menu_version, outlet.menu_current));
    add("prices", behind(outlet.price_version, outlet.price_current));
  }
  if (Math.abs(outlet.clock_offset_ms ?? 0) > CLOCK_OFF_MS) add("clock", 1);
  if (r.refused && nowMs - r.refused.last_ms < REFUSED_LATELY_MS) add("refused", r.refused.times);
  return found;
}

export type Difference = "never" | "silent" | "unsent" | "uncounted" | "parked" | "diverged" | "gap";

/** Where the ledger that HQ has just read and the box part; empty when both hold the same. */
export function differences(outlet: OutletView, witness: Witness): Difference[] {
  const found: Difference[] = [];
  if (outlet.state === "never" || outlet.state === "silent") found.push(outlet.state);
  if (outlet.unsent) found.push("unsent");
  if (witness.projected < witness.head) found.push("uncounted");
  if (witness.parked > 0) found.push("parked");
  const lately = outlet.replication.oddities.filter((o) => witness.server_ms - o.last_ms < 600_000);
  for (const kind of ["diverged", "gap"] as const) {
    if (lately.some((oddity) => oddity.kind === kind)) found.push(kind);
  }
  return found;
}

/** The first eight signs of a chain, as people compare them aloud. */
export function markOf(chain: string): string {
  const bytes = [...atob(chain)].slice(0, 4).map((c) => c.charCodeAt(0).toString(16).padStart(2, "0"));
  const signs = bytes.join("").toUpperCase();
  return `${signs.slice(0, 4)} ${signs.slice(4)}`;
}

function behind(has: number | null, now: number): number {
  return now > 0 && has !== null && has < now ? now - has : 0;
}
