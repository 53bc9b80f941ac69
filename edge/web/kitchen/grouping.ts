/** How the lines of a ticket are put together for reading: by course, or at the pass by who makes them; pure. */

import type { Ticket, TicketLine } from "$web/wire";

export interface Group {
  key: string;
  lines: TicketLine[];
  /** At the pass: who makes these lines; empty elsewhere. */
  stations: readonly string[];
  /** The course these lines are of, where a ticket has several; null where it has one. */
  course: number | null;
  /** At the pass: how many of the lines to make are made. */
  made: number;
  toMake: number;
}

/** Groups in reading order; a ticket with one course is one group. */
export function groupsOf(ticket: Ticket, lines: readonly TicketLine[]): Group[] {
  const courses = new Set(lines.map((line) => line.course)).size > 1;
  const groups = new Map<string, Group>();
  for (const line of lines) {
    const stations = ticket.expo ? line.station_ids : [];
    const key = ticket.expo ? stations.join("+") : String(line.course);
    const course = courses && !ticket.expo ? line.course : null;
    const group = groups.get(key) ?? { key, lines: [], stations, course, made: 0, toMake: 0 };
    group.lines.push(line);
    if (line.status !== "voided") {
      group.toMake += 1;
      if (isMade(line)) group.made += 1;
    }
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => (a.course ?? 0) - (b.course ?? 0));
}

/** At the pass: everybody who makes the line is done with it, or it is handed out already. */
export function isMade(line: TicketLine): boolean {
  if (line.status === "done") return true;
  return line.station_ids.length > 0 && line.station_ids.every((station) => line.made.includes(station));
}

/** At the pass: nothing is missing, so the order may go out. */
export function isReady(ticket: Ticket): boolean {
  const live = ticket.lines.filter((line) => line.status === "fired");
  return ticket.expo && live.length > 0 && live.every(isMade);
}
