/** Payloads as they come from the broker: anybody on the LAN may publish, so nothing is believed. */

import type { BoxStatus, Ticket, TicketLine } from "$web/wire";

/** A ticket, with what an older box leaves out filled in; undefined when it is none. */
export function readTicket(payload: string): Ticket | undefined {
  const read = parsed(payload);
  if (!read || typeof read["ticket_id"] !== "string" || !Array.isArray(read["lines"])) return undefined;
  if (typeof read["order_id"] !== "string" || typeof read["station_id"] !== "string") return undefined;
  const lines = read["lines"].map(readLine);
  if (lines.some((line) => line === undefined)) return undefined;
  const ticket = read as unknown as Ticket;
  return {
    ...ticket,
    number: String(ticket.number ?? ""),
    fired_ms: Number(ticket.fired_ms) || 0,
    position: Number(ticket.position) || 0,
    rush: ticket.rush === true,
    waiting_courses: listOf(ticket.waiting_courses),
    expo: ticket.expo === true,
    late: ticket.late === true,
    also_at: ticket.also_at ?? null,
    lines: lines as TicketLine[],
  };
}

/** The heartbeat of the box; undefined when it is none. */
export function readStatus(payload: string): BoxStatus | undefined {
  const read = parsed(payload);
  return read && typeof read["online"] === "boolean" ? (read as unknown as BoxStatus) : undefined;
}

/** What a device says it is called; undefined when it says nothing. */
export function readName(payload: string): string | undefined {
  const name = parsed(payload)?.["name"];
  return typeof name === "string" ? name : undefined;
}

function readLine(value: unknown): TicketLine | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const line = value as TicketLine;
  if (typeof line.line_id !== "string" || typeof line.status !== "string") return undefined;
  return {
    ...line,
    quantity: Number(line.quantity) || 0,
    names: line.names ?? {},
    variant_names: line.variant_names ?? {},
    choices: listOf(line.choices),
    note: line.note ?? "",
    course: Number(line.course) || 1,
    seat: line.seat ?? null,
    size: line.size ?? null,
    allergens: listOf(line.allergens),
    target_s: line.target_s ?? null,
    added: line.added === true,
    reduced: Number(line.reduced) || 0,
    station_ids: listOf(line.station_ids),
    made: listOf(line.made),
  };
}

function listOf<T>(value: T[]): T[] {
  return Array.isArray(value) ? value : [];
}

function parsed(payload: string): Record<string, unknown> | undefined {
  try {
    const read: unknown = JSON.parse(payload);
    return typeof read === "object" && read !== null && !Array.isArray(read)
      ? (read as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
