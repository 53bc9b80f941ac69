/** All-day counts: how much of each thing is still to be made, over all tickets of a display; pure. */

import type { Ticket, TicketLine } from "$web/wire";
import { isMade } from "./grouping";

export interface Count {
  key: string;
  names: Record<string, string>;
  variantNames: Record<string, string>;
  size: string | null;
  quantity: number;
}

/** Most first; the same line at two stations of one display is made by each of them. */
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

/** At the pass what others have made already is no longer to be made. */
export function linesToMake(ticket: Ticket): TicketLine[] {
  return ticket.lines.filter((line) => line.status === "fired" && !(ticket.expo && isMade(line)));
}
