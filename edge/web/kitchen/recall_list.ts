/** Tickets that left this display, newest first, whoever bumped them: what can be called back; pure. */

import type { Ticket } from "$web/wire";

export const RECALL_MAX = 24;

export interface Bumped {
  ticket: Ticket;
  lineIds: string[];
  atMs: number;
}

/** Put one in front; the same lines of the same ticket are there once. */
export function withBumped(list: readonly Bumped[], bumped: Bumped): Bumped[] {
  const others = list.filter((each) => !sameLines(each, bumped));
  return [bumped, ...others].slice(0, RECALL_MAX);
}

/** A ticket left the display: what was still to make on it is taken as bumped, here or elsewhere. */
export function withGone(list: readonly Bumped[], ticket: Ticket, atMs: number): Bumped[] {
  const known = new Set(list.filter((b) => b.ticket.ticket_id === ticket.ticket_id).flatMap((b) => b.lineIds));
  const lineIds = ticket.lines.filter((l) => l.status === "fired" && !known.has(l.line_id)).map((l) => l.line_id);
  return lineIds.length > 0 ? withBumped(list, { ticket, lineIds, atMs }) : [...list];
}

/** A list as it was kept; what cannot be read is empty. */
export function readBumped(kept: string | null): Bumped[] {
  try {
    const read: unknown = JSON.parse(kept ?? "[]");
    return Array.isArray(read) ? (read as Bumped[]).filter((b) => b?.ticket?.lines && b.lineIds).slice(0, RECALL_MAX) : [];
  } catch {
    return [];
  }
}

function sameLines(a: Bumped, b: Bumped): boolean {
  return a.ticket.ticket_id === b.ticket.ticket_id && a.lineIds.join() === b.lineIds.join();
}
