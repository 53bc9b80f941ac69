/** Closed days summed up, and where box and HQ differ. */

import { expect, test } from "vitest";
import type { DayFigures, Shift } from "$web/wire";
import { differences, overShort, sumOf } from "./days";
import type { Day } from "./hq";

const figures = (more: Partial<DayFigures> = {}) => ({ total: 100_000, orders: 4, shifts: [], ...more }) as unknown as DayFigures;
const counted = (off: number) => ({ counted: 50_000 + off, expected: 50_000 }) as Shift;
const day = (more: Partial<Day> = {}) =>
  ({ state: "certified", chained: true, double: false, differs: [], figures: figures(), hq_figures: null, ...more }) as Day;

test("what is over does not make up for what is short", () => {
  const days = [day({ figures: figures({ shifts: [counted(2_000), counted(-5_000)] }) }), day()];
  expect(sumOf(days)).toEqual({ total: 200_000, over: 2_000, short: -5_000, wrong: 0, unsigned: 0 });
  expect(overShort(days[0]!)).toBe(-3_000);
});

test("days that somebody must look at are told from those that only wait", () => {
  const days = [day({ state: "differs" }), day({ chained: false }), day({ double: true }), day({ state: "waiting" }), day({ state: "not_certified" }), day()];
  expect([sumOf(days).wrong, sumOf(days).unsigned]).toEqual([3, 2]);
});

test("both figures stand beside each other where each side has one", () => {
  const differing = day({
    differs: ["entries", "voids", "figures.total", "figures.orders", "figures.tenders"],
    hq_figures: figures({ total: 90_000, orders: 3 }),
  });
  expect(differences(differing, (amount) => `Rp ${amount}`)).toEqual([
    { part: "entries", box: "", hq: "" },
    { part: "voids", box: "", hq: "" },
    { part: "total", box: "Rp 100000", hq: "Rp 90000" },
    { part: "orders", box: "4", hq: "3" },
    { part: "tenders", box: "", hq: "" },
  ]);
});
