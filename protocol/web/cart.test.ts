import { describe, expect, it } from "vitest";
import { added, cartOf, cartTotal, coursesOf, placeOrder, repriced, toggled, unmetGroups, withCourse, withQuantity, type CartLine } from "./cart";
import type { Item, Menu, ModifierGroup } from "./wire";

const SUGAR: ModifierGroup = {
  id: "sugar",
  names: { en: "Sugar" },
  min: 1,
  max: 1,
  modifiers: [
    { id: "less", names: { en: "Less" }, price: 0, dining_prices: {} },
    { id: "palm", names: { en: "Palm" }, price: 2_000, dining_prices: {} },
  ],
};
const EXTRAS: ModifierGroup = {
  id: "extras",
  names: { en: "Extras" },
  min: 0,
  max: 2,
  modifiers: ["shot", "cream", "syrup"].map((id) => ({ id, names: { en: id }, price: 5_000, dining_prices: {} })),
};
const COFFEE: Item = {
  id: "coffee",
  category_id: "c",
  names: { id: "Kopi", en: "Coffee" },
  variants: [{ id: "hot", names: { en: "Hot" }, price: 18_000, plu: "1", size: null, modifier_group_ids: null, dining_prices: {} }],
  descriptions: {},
  modifier_group_ids: ["sugar", "extras"],
  course: 1,
  station_ids: [],
  tax_class: "standard",
  rank: 0,
  available: true,
  photo: null,
  availability: {},
  allergens: [],
  target_s: null,
};
const MENU: Menu = {
  version: 3,
  currency: "IDR",
  items: [COFFEE],
  categories: [],
  stations: [],
  fallback_station: "kitchen",
  modifier_groups: [SUGAR, EXTRAS],
  languages: ["id", "en"],
};

function line(id: string, choices: string[] = ["palm"], quantity = 1): CartLine {
  const all = [...SUGAR.modifiers, ...EXTRAS.modifiers];
  return {
    line_id: id,
    item: COFFEE,
    variant: COFFEE.variants[0]!,
    quantity,
    choices: all.filter((m) => choices.includes(m.id)).map((m) => ({ modifier_id: m.id, names: m.names, price: m.price })),
    note: "",
  };
}

describe("a cart", () => {
  it("adds modifiers to the price before multiplying", () => {
    expect(cartTotal([line("a", ["palm", "shot"], 3)])).toBe(75_000);
  });

  it("raises the quantity for the same wish and keeps different ones apart", () => {
    const lines = added(added(added([], line("a")), line("b")), line("c", ["less"]));
    expect(lines.map((l) => [l.line_id, l.quantity])).toEqual([["a", 2], ["c", 1]]);
  });

  it("takes a line off at zero and stops at the most the box takes", () => {
    expect(withQuantity([line("a")], "a", 0)).toEqual([]);
    expect(withQuantity([line("a")], "a", 5_000)[0]!.quantity).toBe(999);
  });

  it("becomes a command that says what the guest was shown", () => {
    const command = placeOrder([line("a", ["palm"], 2)], {
      orderId: "o",
      source: "counter",
      dining: "dine_in",
      table: "7",
      menuVersion: 3,
    });
    expect(command).toMatchObject({ expected_total: 40_000, menu_version: 3, table: "7", tab_name: null, hold: false });
    expect(cartOf(command, MENU)).toEqual([line("a", ["palm"], 2)]);
  });
});

describe("modifier groups", () => {
  it("swap inside a group of one, and cannot be emptied when one is needed", () => {
    const chosen = toggled(toggled(new Set(), SUGAR, "less"), SUGAR, "palm");
    expect([...chosen]).toEqual(["palm"]);
    expect([...toggled(chosen, SUGAR, "palm")]).toEqual(["palm"]);
  });

  it("take no more than their maximum", () => {
    const two = toggled(toggled(new Set(), EXTRAS, "shot"), EXTRAS, "cream");
    expect([...toggled(two, EXTRAS, "syrup")]).toEqual(["shot", "cream"]);
    expect([...toggled(two, EXTRAS, "shot")]).toEqual(["cream"]);
  });

  it("say which of them are not met", () => {
    expect(unmetGroups([SUGAR, EXTRAS], new Set(["shot"])).map((g) => g.id)).toEqual(["sugar"]);
  });
});

describe("a new menu", () => {
  it("reprices what it still has and names what is gone", () => {
    const dearer = { ...COFFEE, variants: [{ ...COFFEE.variants[0]!, price: 20_000 }] };
    const { lines, gone } = repriced([line("a")], { ...MENU, items: [dearer] }, new Set());
    expect(cartTotal(lines)).toBe(22_000);
    expect(gone).toEqual([]);
    expect(repriced([line("a")], MENU, new Set(["coffee"])).gone).toHaveLength(1);
    expect(repriced([line("a")], { ...MENU, items: [] }, new Set()).gone).toHaveLength(1);
  });

  it("keeps apart what is eaten at different times, and fires only what was asked for", () => {
    const moved = withCourse([line("1"), line("2")], "2", 2);
    expect(coursesOf(moved)).toEqual([1, 2]);
    expect(added(moved, line("3")).map((l) => l.quantity)).toEqual([2, 1]);
    const placing = { orderId: "o", source: "counter", dining: "dine_in", menuVersion: 3 } as const;
    const command = placeOrder(moved, { ...placing, fireCourses: [1] });
    expect(command.lines.map((l) => l.course)).toEqual([undefined, 2]);
    expect(command.fire_courses).toEqual([1]);
    expect("fire_courses" in placeOrder(moved, placing)).toBe(false);
    expect(coursesOf(cartOf(command, MENU))).toEqual([1, 2]);
  });
});
