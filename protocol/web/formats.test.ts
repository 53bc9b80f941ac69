/** Counts, percentages and dates in each language, with the digits that paper has. */

import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  vi.stubGlobal("location", { search: "" });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
});

test.each([
  ["id", "1.204", "7,5%", "22 Nov 2026", "Minggu, 22 November 2026", "Sen"],
  ["en", "1,204", "7.5%", "22 Nov 2026", "Sunday 22 November 2026", "Mon"],
])("in %s", async (code, count, percent, short, long, monday) => {
  const { language } = await import("./language.svelte");
  const { formatCount, formatDate, formatPercent, weekdays } = await import("./formats");
  language.now = code;
  expect(formatCount(1204)).toBe(count);
  expect(formatPercent("7.5").replace(/\s/, "")).toBe(percent);
  expect(formatDate("2026-11-22")).toBe(short);
  // With or without a comma after the day: browsers differ.
  expect(formatDate("2026-11-22", "long").replace(",", "")).toBe(long.replace(",", ""));
  expect(weekdays()[0]).toBe(monday);
});

test("digits are those of the paper, also where others are written", async () => {
  const { language } = await import("./language.svelte");
  const { formatCount } = await import("./formats");
  language.now = "ar-EG";
  expect(formatCount(1204)).toMatch(/^1.?204$/);
  expect(language.rightToLeft).toBe(true);
  language.now = "id";
});

test("an amount is read as the currency writes it", async () => {
  const { formatNumber, parseAmount } = await import("./money");
  for (const [code, minor] of [["IDR", 25_000], ["USD", 1_275], ["EUR", 123_450]] as const) {
    expect(parseAmount(formatNumber(minor, code), code)).toBe(minor);
  }
  expect(parseAmount("25000", "IDR")).toBe(25_000);
  for (const odd of ["", "-5", "a", "12,345"]) expect(parseAmount(odd, "EUR")).toBeNull();
});

test("a digest is read in groups, as on paper", async () => {
  const { inGroups } = await import("./formats");
  expect(inGroups("9f2c41d07ab3e6588d10c7a2f4be3391")).toBe("9f2c 41d0 7ab3 e658 8d10 c7a2 f4be 3391");
  expect(inGroups("")).toBe("");
});
