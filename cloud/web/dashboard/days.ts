/** Closed days summed up, and where a box and HQ count otherwise. */

import type { DayFigures } from "$web/wire";
import type { Day } from "./hq";

export interface DaySums {
  total: number;
  over: number;
  /** Below zero, or zero. */
  short: number;
  /** Somebody has to look at these. */
  wrong: number;
  /** These follow by themselves. */
  unsigned: number;
}

/** Of days of one currency. */
export function sumOf(days: readonly Day[]): DaySums {
  const sums = { total: 0, over: 0, short: 0, wrong: 0, unsigned: 0 };
  for (const day of days) {
    sums.total += day.figures.total;
    for (const shift of day.figures.shifts) {
      const off = (shift.counted ?? 0) - (shift.expected ?? 0);
      if (off > 0) sums.over += off;
      else sums.short += off;
    }
    if (day.state === "differs" || day.state === "bad_signature" || !day.chained || (day.double && !day.joined)) sums.wrong += 1;
    else if (day.state !== "certified") sums.unsigned += 1;
  }
  return sums;
}

/** What was counted beyond (+) or below (−) what should have been in the tills of a day. */
export const overShort = (day: Day): number => sumOf([day]).over + sumOf([day]).short;

const COUNTS = ["orders", "covers", "units", "voids", "cancelled", "refunds", "earlier"];

export interface Difference {
  part: string;
  /** Empty where it is no single figure. */
  box: string;
  hq: string;
}

/** What box and HQ do not have alike, with both figures where there is one of each. */
export function differences(day: Day, money: (amount: number) => string): Difference[] {
  const found = new Map<string, Difference>();
  for (const name of day.differs) {
    const part = name.replace(/^figures\./, "");
    const box = day.figures[part as keyof DayFigures];
    const hq = day.hq_figures?.[part as keyof DayFigures];
    const both = name !== part && typeof box === "number" && typeof hq === "number";
    const text = (figure: number) => (COUNTS.includes(part) ? String(figure) : money(figure));
    if (both || !found.has(part)) found.set(part, { part, box: both ? text(box) : "", hq: both ? text(hq) : "" });
  }
  return [...found.values()];
}
