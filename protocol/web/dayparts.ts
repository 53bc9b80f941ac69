/** Dayparts as `protocol/dayparts.py` decides them; moments are local time as text, `2026-05-28T09:05`. */

import type { House, Item, Span } from "./wire";

const AHEAD_DAYS = 8;
const DAY_MS = 24 * 3600 * 1000;

/** Whether the house offers an item at this local time; 86 is another question. */
export function offeredNow(house: Pick<House, "dayparts">, item: Pick<Item, "id" | "category_id">, local: string): boolean {
  return holds(spansOf(house, item), local);
}

/** Whether guests may order by themselves, at a kiosk, at this local time. */
export function openNow(house: { kiosk?: { hours?: readonly Span[] } }, local: string): boolean {
  return holds(house.kiosk?.hours ?? [], local);
}

/** When an item is to be had; empty: always. What is said of the item goes before its category. */
export function spansOf(
  house: Pick<House, "dayparts">,
  item: Pick<Item, "id" | "category_id">,
): readonly Span[] {
  for (const wanted of [item.id, item.category_id]) {
    const told = (house.dayparts ?? []).filter((offered) => offered.ids.includes(wanted));
    if (told.length > 0) {
      return told.some((offered) => offered.spans.length === 0) ? [] : told.flatMap((offered) => offered.spans);
    }
  }
  return [];
}

/** Whether any of the spans holds at a local time; no spans, or no time: always. */
export function holds(spans: readonly Span[], local: string): boolean {
  return spans.length === 0 || local === "" || spans.some((span) => spanHolds(span, local));
}

/** The next local time after `local` at which one of the spans begins; empty: not this week. */
export function beginsNext(spans: readonly Span[], local: string): string {
  const begins: string[] = [];
  for (const span of spans) {
    for (let n = 0; n < AHEAD_DAYS; n += 1) {
      const day = later(local.slice(0, 10), n);
      const begin = `${day}T${span.from_time || "00:00"}`;
      if (isOn(span, day) && begin > local.slice(0, 16)) begins.push(begin);
    }
  }
  return begins.sort()[0] ?? "";
}

/** The times of day of spans as people read them: `07:00–11:00`; empty when only days are told. */
export function hoursOf(spans: readonly Span[]): string {
  const told = spans
    .filter((span) => span.from_time || span.until_time)
    .map((span) => `${span.from_time || "00:00"}–${span.until_time || "24:00"}`);
  return [...new Set(told)].join(", ");
}

/** The outlet's local time of an instant (Unix milliseconds) as the functions above take it. */
export function localTime(ms: number, zone: string): string {
  const parts = clock(zone).formatToParts(ms);
  const part = (type: string) => parts.find((found) => found.type === type)?.value ?? "00";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

function spanHolds(span: Span, local: string): boolean {
  const day = local.slice(0, 10);
  const time = local.slice(11, 16);
  const begin = span.from_time || "00:00";
  const end = span.until_time || "24:00";
  if (begin < end) return begin <= time && time < end && isOn(span, day);
  // It goes on after midnight, and belongs to the day on which it began.
  if (time >= begin && isOn(span, day)) return true;
  return time < end && isOn(span, later(day, -1));
}

function isOn(span: Span, day: string): boolean {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
  return (
    (!span.weekdays?.length || span.weekdays.includes(weekday)) &&
    (span.from_date ?? "") <= day &&
    (!span.until_date || day <= span.until_date)
  );
}

function later(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clock(zone: string): Intl.DateTimeFormat {
  let found = clocks.get(zone);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    clocks.set(zone, found);
  }
  return found;
}
