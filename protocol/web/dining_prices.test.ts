import { describe, expect, it } from "vitest";
import { pricedFor } from "./dining_prices";
import type { Menu } from "./wire";

const menu = {
  version: 1,
  items: [
    { id: "rice", variants: [{ id: "rice-1", price: 25_000, dining_prices: { takeaway: 28_000 } }] },
    { id: "tea", variants: [{ id: "tea-1", price: 9_000, dining_prices: {} }] },
  ],
  modifier_groups: [{ id: "milk", modifiers: [{ id: "oat", price: 5_000, dining_prices: { delivery: 6_000 } }] }],
} as unknown as Menu;

describe("a menu for guests who eat one way", () => {
  it("has the prices of that way, and the others as they are", () => {
    const prices = (eats: "dine_in" | "takeaway" | "delivery") => {
      const priced = pricedFor(menu, eats);
      return [...priced.items.map((item) => item.variants[0]!.price), priced.modifier_groups[0]!.modifiers[0]!.price];
    };
    expect(prices("dine_in")).toEqual([25_000, 9_000, 5_000]);
    expect(prices("takeaway")).toEqual([28_000, 9_000, 5_000]);
    expect(prices("delivery")).toEqual([25_000, 9_000, 6_000]);
  });

  it("is made once for each menu", () => {
    expect(pricedFor(menu, "takeaway")).toBe(pricedFor(menu, "takeaway"));
    expect(pricedFor(menu, "dine_in")).toBe(menu);
  });
});
