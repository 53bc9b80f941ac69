/** The tickets of a display as the broker tells them; pure, so that every reconnect can be proven. */

import type { Ticket } from "$web/wire";

/** Tickets that are gone, remembered so that a message that comes late brings none of them back. */
export const FINISHED_MAX = 500;

/** Came in, or was changed, while this display was away. */
export type Missed = "new" | "changed";

/** What a cook should hear of. */
export type News = "new" | "missed" | "added" | "voided" | "rush";

export interface TicketsState {
  tickets: ReadonlyMap<string, Ticket>;
  /** Ids seen since the last (re)subscription: what is not among them afterwards is gone. */
  seen: ReadonlySet<string>;
  /** False from a (re)subscription until the broker has told everything it retains. */
  complete: boolean;
  /** Whether this display was ever complete: then what is new after an outage was missed. */
  everComplete: boolean;
  missed: ReadonlyMap<string, Missed>;
  /** Struck lines that a cook has bumped away, of tickets that are still here. */
  waved: ReadonlySet<string>;
  /** The newest tickets that are gone, oldest first, with the last position they showed. */
  finished: ReadonlyMap<string, number>;
}

export const NO_TICKETS: TicketsState = {
  tickets: new Map(),
  seen: new Set(),
  complete: false,
  everComplete: false,
  missed: new Map(),
  waved: new Set(),
  finished: new Map(),
};

/** One ticket message; null (an empty payload) takes the ticket away. */
export type Told = readonly [ticketId: string, ticket: Ticket | null];

export interface Circumstances {
  /** The line was silent until just now without having broken, so what is new was missed too. */
  catchingUp?: boolean;
  /** The box counts from a lower position than before (put back from a copy): what comes is right. */
  anew?: boolean;
}

/** A subscription begins: the broker is about to tell all open tickets again. */
export function subscribed(before: TicketsState): TicketsState {
  return { ...before, seen: new Set(), complete: false };
}

/** What a display of every station shows of a ticket: the pass has again what the others make. */
export function withoutThePass(ticket: Ticket | null): Ticket | null {
  if (!ticket?.expo) return ticket;
  const lines = ticket.lines.filter((line) => line.station_ids.length === 0);
  return lines.length > 0 ? { ...ticket, lines } : null;
}

/** Fold messages in the order they came; late and repeated ones change nothing. */
export function told(
  before: TicketsState,
  messages: readonly Told[],
  { catchingUp = false, anew = false }: Circumstances = {},
): { state: TicketsState; news: ReadonlySet<News> } {
  const next = opened(before);
  const news = new Set<News>();
  const away = catchingUp || (!before.complete && before.everComplete);
  for (const [id, ticket] of messages) {
    const known = next.tickets.get(id);
    if (ticket === null || ticket.status === "done") {
      remove(next, id);
      continue;
    }
    if (!anew && ticket.position < (known?.position ?? 0)) continue;
    if (!anew && !known && ticket.position <= (next.finished.get(id) ?? -1)) continue;
    next.tickets.set(id, ticket);
    next.seen.add(id);
    next.finished.delete(id);
    for (const line of wavedAway(known, ticket)) next.waved.add(line);
    const heard = before.everComplete || before.complete ? newsOf(known, ticket, away, shownElsewhere(next, id)) : [];
    for (const each of heard) news.add(each);
    if (away && heard.length > 0 && !next.missed.has(id)) next.missed.set(id, known ? "changed" : "new");
  }
  return { state: closed(next, before), news };
}

/** Everything retained has been told: tickets that were not among it were finished meanwhile. */
export function completed(before: TicketsState): TicketsState {
  if (before.complete) return before;
  const next = opened(before);
  for (const id of before.tickets.keys()) if (!before.seen.has(id)) remove(next, id);
  return { ...closed(next, before), complete: true, everComplete: true };
}

/**
 * What has changed for the cook between two pictures of a ticket.
 *
 * `elsewhere`: lines that are on another ticket of this display: a guest changed the table, and what
 * goes over with them is neither new nor added.
 */
export function newsOf(
  known: Ticket | undefined,
  now: Ticket,
  away: boolean,
  elsewhere: ReadonlySet<string> = new Set(),
): News[] {
  const before = new Map(known?.lines.map((line) => [line.line_id, line]));
  const heard: News[] = [];
  const toMake = now.lines.filter((line) => line.status === "fired");
  const moved = toMake.length > 0 && toMake.every((line) => elsewhere.has(line.line_id));
  if (!known && !moved) heard.push(away ? "missed" : "new");
  const struck = now.lines.filter((l) => l.status === "voided" && before.get(l.line_id)?.status !== "voided");
  // Fewer than were fired: part of the line is off.
  const fewer = now.lines.filter((line) => (line.reduced || 0) > (before.get(line.line_id)?.reduced || 0));
  if (struck.length + fewer.length > 0) heard.push("voided");
  const more = toMake.filter((line) => before.get(line.line_id)?.status !== "fired" && !elsewhere.has(line.line_id));
  if (known && more.length > 0) heard.push("added");
  if (now.rush && !known?.rush) heard.push("rush");
  return heard;
}

/** Lines to make that are on other tickets here. The box tells where they came to before it takes them away. */
function shownElsewhere(at: Open, id: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [other, ticket] of at.tickets) {
    if (other === id || ticket.station_id !== at.tickets.get(id)?.station_id) continue;
    for (const line of ticket.lines) if (line.status === "fired") found.add(line.line_id);
  }
  return found;
}

interface Open {
  tickets: Map<string, Ticket>;
  seen: Set<string>;
  missed: Map<string, Missed>;
  waved: Set<string>;
  finished: Map<string, number>;
}

function opened(before: TicketsState): Open {
  return {
    tickets: new Map(before.tickets),
    seen: new Set(before.seen),
    missed: new Map(before.missed),
    waved: new Set(before.waved),
    finished: new Map(before.finished),
  };
}

function closed(next: Open, before: TicketsState): TicketsState {
  for (const id of next.finished.keys()) {
    if (next.finished.size <= FINISHED_MAX) break;
    next.finished.delete(id);
  }
  return { ...before, ...next };
}

function remove(next: Open, id: string): void {
  const known = next.tickets.get(id);
  if (known) next.finished.set(id, known.position);
  for (const line of known?.lines ?? []) next.waved.delete(lineOf(id, line.line_id));
  next.tickets.delete(id);
  next.seen.delete(id);
  next.missed.delete(id);
}

function wavedAway(known: Ticket | undefined, now: Ticket): string[] {
  const struck = new Set(known?.lines.filter((l) => l.status === "voided").map((l) => l.line_id));
  const seen = now.lines.filter((l) => l.status === "done" && struck.has(l.line_id));
  return seen.map((l) => lineOf(now.ticket_id, l.line_id));
}

/** A line on one ticket: the same line may be on the tickets of several stations. */
export function lineOf(ticketId: string, lineId: string): string {
  return `${ticketId}:${lineId}`;
}
