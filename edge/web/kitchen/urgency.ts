/** How late a ticket is against what its lines may take, and which one a cook makes first; pure. */

import type { Station, Ticket, TicketLine } from "$web/wire";

/** What anything may take when neither its item nor its station says (seconds). */
export const TARGET_S = 600;
/** From this share of its target on a ticket asks for attention; from all of it on it is late. */
export const SOON_SHARE = 0.6;

export type Lateness = "calm" | "soon" | "late";

export interface Urgency {
  /** Age over target of the line that is worst off. */
  share: number;
  lateness: Lateness;
  /** The target of that line (seconds). */
  targetS: number;
}

/** How long a line may take: what its item says, else its station, else ten minutes (seconds). */
export function targetOf(line: Pick<TicketLine, "target_s">, station?: Pick<Station, "target_s">): number {
  return line.target_s || station?.target_s || TARGET_S;
}

/** By the line that is worst off; what is done or struck out no longer counts. */
export function urgencyOf(ticket: Ticket, station: Pick<Station, "target_s"> | undefined, nowMs: number): Urgency {
  let worst = { share: 0, targetS: 0 };
  for (const line of ticket.lines) {
    if (line.status !== "fired") continue;
    const targetS = targetOf(line, station);
    const share = (nowMs - (line.fired_ms || ticket.fired_ms)) / 1000 / targetS;
    if (worst.targetS === 0 || share > worst.share) worst = { share, targetS };
  }
  return { ...worst, lateness: latenessOf(worst.share) };
}

export function latenessOf(share: number): Lateness {
  if (share >= 1) return "late";
  return share >= SOON_SHARE ? "soon" : "calm";
}

/** Rush first, then the oldest; the id settles equals, so that cards never swap places. */
export function inOrder(tickets: Iterable<Ticket>): Ticket[] {
  return [...tickets].sort(
    (a, b) => Number(b.rush) - Number(a.rush) || a.fired_ms - b.fired_ms || (a.ticket_id < b.ticket_id ? -1 : 1),
  );
}

/** An age for a display: `0:42`, `12:05`, `1:03:10`. */
export function ageText(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = `${h ? String(m).padStart(2, "0") : m}:${String(s).padStart(2, "0")}`;
  return h ? `${h}:${tail}` : tail;
}
