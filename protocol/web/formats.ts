/**
 * Counts, percentages and dates for people, by the language now spoken. Amounts of money are
 * `money.ts`: they look as on paper in every language. Digits are the same everywhere, so that a
 * number on the screen can be compared with one on paper.
 */

import { language, zoneNow } from "./language.svelte";

const REGIONS: Record<string, string> = { en: "en-GB", id: "id-ID" };
const kept = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

/** A digest as people read it to each other: groups of four signs, as on paper. */
export function inGroups(digest: string): string {
  return digest.match(/.{1,4}/g)?.join(" ") ?? "";
}

/** A whole number of things: `1.204` in Indonesian, `1,204` in English. */
export function formatCount(count: number): string {
  return numbers("count", { maximumFractionDigits: 0 }).format(count);
}

/** A percentage that comes as decimal text: `7.5` becomes `7,5 %`, or `7.5%` in English. */
export function formatPercent(text: string | number): string {
  return numbers("percent", { style: "percent", maximumFractionDigits: 2 }).format(Number(text) / 100);
}

/** A business date (2026-11-22) as people say it: `22 Nov 2026`; `long` with the weekday. */
export function formatDate(date: string, how: "short" | "long" = "short"): string {
  const at = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(at)) return date;
  const parts: Intl.DateTimeFormatOptions =
    how === "long"
      ? { weekday: "long", day: "numeric", month: "long", year: "numeric" }
      : { day: "numeric", month: "short", year: "numeric" };
  return dates(how, { ...parts, timeZone: "UTC" }).format(at);
}

/** A moment, by the outlet's clock: `22 Nov, 19.14`. */
export function formatMoment(ms: number): string {
  const parts = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const zone = zoneNow();
  try {
    return dates(`moment ${zone}`, { ...parts, timeZone: zone || undefined }).format(ms);
  } catch {
    return dates("moment", parts).format(ms);
  }
}

/** The days of the week from Monday, in few letters or whole. */
export function weekdays(how: "short" | "long" = "short"): string[] {
  // 1 January 2024 was a Monday.
  const day = (i: number) => Date.UTC(2024, 0, 1 + i);
  return Array.from({ length: 7 }, (_, i) =>
    dates(`day ${how}`, { weekday: how, timeZone: "UTC" }).format(day(i)),
  );
}

function numbers(name: string, parts: Intl.NumberFormatOptions): Intl.NumberFormat {
  return keep(`n ${name}`, (tag) => new Intl.NumberFormat(tag, parts));
}

function dates(name: string, parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return keep(`d ${name}`, (tag) => new Intl.DateTimeFormat(tag, parts));
}

function keep<T extends Intl.NumberFormat | Intl.DateTimeFormat>(name: string, make: (tag: string) => T): T {
  const spoken = language.now;
  const key = `${spoken} ${name}`;
  let found = kept.get(key) as T | undefined;
  if (!found) {
    found = make(`${REGIONS[spoken] ?? spoken}-u-nu-latn`);
    kept.set(key, found);
  }
  return found;
}
