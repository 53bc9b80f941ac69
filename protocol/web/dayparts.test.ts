import { describe, expect, it } from "vitest";
import { beginsNext, holds, hoursOf, localTime, offeredNow } from "./dayparts";
import vectors from "./dayparts.json";
import type { House, Span } from "./wire";

const spans = (name: string) => (vectors.spans as Record<string, unknown>)[name] as Span[];

describe("dayparts, shared with Python (tests/protocol/test_dayparts.py reads the same file)", () => {
  it.each(vectors.holds as [string, string, boolean][])("%s at %s: %s", (name, local, yes) => {
    expect(holds(spans(name), local)).toBe(yes);
  });

  it.each(vectors.begins as [string, string, string][])("%s after %s begins %s", (name, local, next) => {
    expect(beginsNext(spans(name), local)).toBe(next);
  });

  it.each(vectors.hours as [string, string][])("%s reads %s", (name, text) => {
    expect(hoursOf(spans(name))).toBe(text);
  });

  it.each(vectors.offered.cases as [string, string, string, boolean][])("%s of %s at %s: %s", (id, category_id, local, yes) => {
    const house = { dayparts: vectors.offered.dayparts as unknown as House["dayparts"] };
    expect(offeredNow(house, { id, category_id }, local)).toBe(yes);
  });

  it.each(vectors.local as [number, string, string][])("%i in %s is %s", (ms, zone, text) => {
    expect(localTime(ms, zone)).toBe(text);
  });
});
