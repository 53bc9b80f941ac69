import { describe, expect, it } from "vitest";
import { mint } from "./ids";
import { formatAmount, quickAmounts } from "./money";
import vectors from "./vectors.json";

describe("shared with Python (tests/test_wire_fresh.py reads the same file)", () => {
  it.each(vectors.amounts as [number, string, string][])("%i %s is written %s", (minor, code, text) => {
    expect(formatAmount(minor, code)).toBe(text);
  });

  it.each(vectors.ids as [number, string, string][])("at %i an id is minted", (nowMs, entropy, minted) => {
    const bytes = Uint8Array.from(entropy.match(/../g)!, (pair) => parseInt(pair, 16));
    expect(mint(nowMs, bytes)).toBe(minted);
  });
});

describe("ids", () => {
  it("sort by time and never repeat", () => {
    const ids = Array.from({ length: 500 }, () => mint());
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(500);
  });
});

describe("quick amounts", () => {
  it("offer the exact amount first, then notes a guest is likely to hold", () => {
    expect(quickAmounts(71_000, "IDR")).toEqual([71_000, 75_000, 80_000, 100_000]);
    expect(quickAmounts(50_000, "IDR")).toEqual([50_000, 60_000, 100_000]);
    expect(quickAmounts(1_275, "USD")).toEqual([1_275, 1_500, 2_000, 5_000, 10_000]);
  });

  it("never ask for coins that do not exist", () => {
    expect(quickAmounts(12_345, "IDR")[0]).toBe(12_400);
  });
});
