/** The tickets of a station as the broker tells them; pure, so that every reconnect can be proven. */

import type { Ticket, TicketLine } from "$web/wire";

export interface TicketsState {
  tickets: ReadonlyMap<string, Ticket>;
  /** Ids seen since the last (re)subscription: what is not among them afterwards is gone. */
  seen: ReadonlySet<string>;
  /** False from a (re)subscription until the broker has told everything it retains. */
  complete: boolean;
  /** Tickets that came in while this display was away. */
  late: ReadonlySet<string>;
  /** Whether this display was ever complete: then what is new after an outage was missed. */
  everComplete: boolean;
}

export const NO_TICKETS: TicketsState = {
  tickets: new Map(),
  seen: new Set(),
  complete: false,
  late: new Set(),
  everComplete: false,
};

/** A subscription begins: the broker is about to tell all open tickets again. */
export function subscribed(before: TicketsState): TicketsState {
  return { ...before, seen: new Set(), complete: false };
}

/**
 * One ticket message; null (an empty payload) takes the ticket away. `catchingUp`: the line was
 * silent until just now without having broken, so what is new was missed as well.
 */
export function told(
  before: TicketsState,
  ticketId: string,
  ticket: Ticket | null,
  catchingUp = false,
): TicketsState {
  const known = before.tickets.get(ticketId);
  if (ticket && known && ticket.position < known.position) return before;
  const tickets = new Map(before.tickets);
  const seen = new Set(before.seen);
  const late = new Set(before.late);
  if (ticket === null || ticket.status === "done") {
    tickets.delete(ticketId);
    seen.delete(ticketId);
    late.delete(ticketId);
  } else {
    tickets.set(ticketId, ticket);
    seen.add(ticketId);
    const missed = catchingUp || (!before.complete && before.everComplete);
    if (!known && missed) late.add(ticketId);
  }
  return { ...before, tickets, seen, late };
}

/** Everything retained has been told: tickets that were not among it were finished meanwhile. */
export function completed(before: TicketsState): TicketsState {
  if (before.complete) return before;
  const tickets = new Map([...before.tickets].filter(([id]) => before.seen.has(id)));
  return { ...before, tickets, complete: true, everComplete: true };
}

/** Oldest first; the id settles equals, so that cards never swap places. */
export function byAge(state: TicketsState): Ticket[] {
  return [...state.tickets.values()].sort(
    (a, b) => a.fired_ms - b.fired_ms || (a.ticket_id < b.ticket_id ? -1 : 1),
  );
}

export interface Count {
  key: string;
  names: Record<string, string>;
  variantNames: Record<string, string>;
  size: string | null;
  quantity: number;
}

/** The all-day counts: how much of each thing is still to be made, most first. */
export function allDay(tickets: readonly Ticket[]): Count[] {
  const counts = new Map<string, Count>();
  for (const line of tickets.flatMap(linesToMake)) {
    const key = JSON.stringify([line.names, line.variant_names, line.size]);
    const before = counts.get(key);
    counts.set(key, {
      key,
      names: line.names,
      variantNames: line.variant_names,
      size: line.size ?? null,
      quantity: (before?.quantity ?? 0) + line.quantity,
    });
  }
  return [...counts.values()].sort((a, b) => b.quantity - a.quantity || (a.key < b.key ? -1 : 1));
}

export function linesToMake(ticket: Ticket): TicketLine[] {
  return ticket.lines.filter((line) => line.status === "fired");
}

export type Lateness = "fresh" | "soon" | "late";

/** How late a ticket is: calm for five minutes, urgent from ten. */
export function latenessOf(ageMs: number): Lateness {
  if (ageMs >= 10 * 60_000) return "late";
  return ageMs >= 5 * 60_000 ? "soon" : "fresh";
}

/** An age for a display: `0:42`, `12:05`, `1:03:10`. */
export function ageText(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = `${h ? String(m).padStart(2, "0") : m}:${String(s).padStart(2, "0")}`;
  return h ? `${h}:${tail}` : tail;
}
