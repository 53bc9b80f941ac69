/** The kiosk's pure rules: what is offered, what became of a cart, which day a sale belongs to. */

import { describe, expect, it } from "vitest";
import type { CartLine } from "$web/cart";
import type { Item, Menu } from "$web/wire";
import { followed } from "./changes";
import { nameIn } from "./freshness";
import { MOTIFS, motifOf } from "./motifs";
import { shelvesOf, showpieces, standingOf, upsellOf, type Circumstances } from "./offer";
import { billOf, businessDate } from "./totals";

function item(id: string, given: Partial<Item> = {}): Item {
  return {
    id,
    category_id: "food",
    names: { en: id },
    variants: [{ id: `${id}-v`, names: { en: "" }, price: 10_000, plu: id, size: null, modifier_group_ids: null, dining_prices: {} }],
    descriptions: {},
    modifier_group_ids: [],
    course: 1,
    station_ids: [],
    tax_class: "standard",
    rank: 0,
    available: true,
    photo: null,
    availability: {},
    allergens: [],
    target_s: null,
    ...given,
  };
}

const category = (id: string, rank: number) => ({ id, names: { en: id }, rank, colour: null, station_ids: [] });

function menuOf(...items: Item[]): Menu {
  return {
    version: 1,
    currency: "IDR",
    items,
    categories: [category("food", 0), category("drink", 1)],
    stations: [],
    fallback_station: "kitchen",
    modifier_groups: [
      {
        id: "sauce",
        names: { en: "Sauce" },
        modifiers: [{ id: "hot", names: { en: "Hot" }, price: 1_000, dining_prices: {} }],
        min: 1,
        max: 1,
      },
    ],
    languages: ["id", "en"],
  };
}

function at(given: Partial<Circumstances> = {}): Circumstances {
  return { house: null, eightySix: new Set(), unreachable: new Set(), local: "2026-05-28T10:30", ...given };
}

const breakfast = {
  dayparts: [{ ids: ["toast"], spans: [{ weekdays: [], from_time: "06:00", until_time: "11:00", from_date: "", until_date: "" }] }],
};

function line(dish: Item, given: Partial<CartLine> = {}): CartLine {
  return { line_id: dish.id, item: dish, variant: dish.variants[0]!, quantity: 1, choices: [], note: "", ...given };
}

describe("what guests can have", () => {
  const toast = item("toast");

  it("ends with its daypart, to the minute, by the outlet's own time", () => {
    const standing = (local: string) => standingOf(toast, at({ house: breakfast, local }));
    expect(standing("2026-05-28T10:59")).toBe("yes");
    expect(standing("2026-05-28T11:00")).toBe("later");
    expect(standing("2026-05-29T06:00")).toBe("yes");
  });

  it("shows what is sold out behind what is there, and leaves out what HQ does not offer", () => {
    const menu = menuOf(item("a"), item("b"), item("c", { available: false }));
    const [shelf] = shelvesOf(menu, at({ eightySix: new Set(["a"]) }));
    expect(shelf!.dishes.map((dish) => [dish.item.id, dish.standing])).toEqual([
      ["b", "yes"],
      ["a", "sold_out"],
    ]);
  });

  it("offers nothing whose cooks cannot be reached", () => {
    expect(standingOf(toast, at({ unreachable: new Set(["toast"]) }))).toBe("sold_out");
  });

  it("offers with the order only what is to be had and not in it already", () => {
    const menu = menuOf(item("a"), item("b"), item("c"));
    const offer = upsellOf(menu, ["a", "b", "c-v", "gone"], new Set(["a"]), at({ eightySix: new Set(["b"]) }));
    expect(offer.map((dish) => dish.id)).toEqual(["c"]);
  });

  it("shows dishes of every category in turn, with pictures where there are some", () => {
    const drink = item("cola", { category_id: "drink" });
    expect(showpieces(menuOf(item("a"), item("b"), drink), at(), 2).map((d) => d.id)).toEqual(["a", "cola"]);
    const seen = item("b", { photo: "/pictures/b.webp" });
    expect(showpieces(menuOf(item("a"), seen, drink), at(), 2).map((d) => d.id)).toEqual(["b"]);
  });
});

describe("a cart under a menu that moved", () => {
  it("keeps what can be kept and names the rest", () => {
    const [a, b, toast] = [item("a"), item("b"), item("toast")];
    const dearer = item("a", { variants: [{ ...a.variants[0]!, price: 12_000 }] });
    const { lines, changes } = followed([line(a), line(b), line(toast)], menuOf(dearer, toast), {
      ...at({ house: breakfast, local: "2026-05-28T12:00" }),
    });
    expect(lines.map((each) => each.item.id)).toEqual(["a"]);
    expect(changes).toEqual([
      { kind: "price", names: { en: "a" }, was: 10_000, now: 12_000 },
      { kind: "gone", names: { en: "b" } },
      { kind: "later", names: { en: "toast" }, hours: "06:00–11:00" },
    ]);
  });

  it("names a choice that is gone, and keeps the dish", () => {
    const dish = item("noodles", { modifier_group_ids: ["sauce"] });
    const old = line(dish, { choices: [{ modifier_id: "sweet", names: { en: "Sweet" }, price: 0 }] });
    const { lines, changes } = followed([old], menuOf(dish), at());
    expect(lines[0]!.choices).toEqual([]);
    expect(changes).toEqual([{ kind: "choice", names: { en: "noodles" }, choice: { en: "Sweet" } }]);
  });

  it("says nothing when nothing changed", () => {
    const dish = item("a");
    expect(followed([line(dish)], menuOf(dish), at()).changes).toEqual([]);
  });
});

describe("the bill before the box has said anything", () => {
  it("belongs to the evening before until the day turns", () => {
    expect(businessDate("2026-05-28T01:30", 4)).toBe("2026-05-27");
    expect(businessDate("2026-05-28T04:00", 4)).toBe("2026-05-28");
    expect(businessDate("2026-03-01T00:10", 4)).toBe("2026-02-28");
  });

  it("is the dishes alone where no rules are known", () => {
    const hour = { atMs: 0, local: "2026-05-28T10:30", rolloverHour: 4 };
    expect(billOf([line(item("a"), { quantity: 2 })], null, "dine_in", hour)).toEqual({
      lines: 20_000,
      rows: [],
      total: 20_000,
    });
  });
});

describe("drawings", () => {
  it("fit what a dish is called, and every one exists", () => {
    const kind = (en: string) => motifOf(item("x", { names: { en } }));
    expect(kind("Iced Tea")).toBe("glass");
    expect(kind("Cappuccino")).toBe("latte");
    expect(kind("Nasi Goreng")).toBe("bowl");
    expect(kind("Something Else")).toBe("plate");
    expect(Object.values(MOTIFS).every((parts) => parts.length > 0)).toBe(true);
  });
});

it("knows a page's program by the hash in its name", () => {
  expect(nameIn('<script src="./assets/index-w8_OE-vh4.js">')).toBe("assets/index-w8_OE-vh4.js");
  expect(nameIn("<p>nothing</p>")).toBe("");
});
