import { describe, expect, it } from "vitest";
import type { Order, Section } from "$web/wire";
import { byPlu, matches, wantedOf } from "./finding";
import { elsewhere, seatedAt, stateOf } from "./floor";
import type { Item, Menu } from "$web/wire";

const SECTION = {
  id: "s", names: {}, tables: ["1", "T2"].map((name) => ({ id: name, name, x: 0, y: 0, width: 10, height: 10, round: false, seats: 4 })),
} as Section; // prettier-ignore
const order = (table: string | null, status: Order["status"], more: Partial<Order> = {}): Order =>
  ({
    order_id: `${table}-${status}`, table, status, covers: 2, placed_ms: 5, lines: [], payments: [], refunds: [],
    totals: { total: 40 }, ...more,
  }) as unknown as Order; // prettier-ignore

describe("the floor", () => {
  it("says of a table what presses most, and sums up its parties", () => {
    const [one, two] = seatedAt(SECTION, [order("1", "fired"), order("1", "ready", { placed_ms: 3 }), order(" t2 ", "held")]);
    expect([one!.state, one!.orders.length, one!.covers, one!.due, one!.sinceMs]).toEqual(["ready", 2, 4, 80, 3]);
    expect(two!.state).toBe("seated");
    expect(seatedAt(SECTION, [])[0]!.state).toBe("free");
  });

  it("knows who sits nowhere on the plan", () => {
    const orders = [order("1", "fired"), order(null, "fired"), order("99", "open")];
    expect(elsewhere([SECTION], orders).map((o) => o.table)).toEqual([null, "99"]);
  });

  it("tells a served party that has paid from one that has not", () => {
    expect(stateOf(order("1", "served"))).toBe("unpaid");
    const paid = order("1", "served", { payments: [{ amount: 40 }] as Order["payments"] });
    expect(stateOf(paid)).toBe("paid");
  });
});

describe("finding something to sell", () => {
  const item = {
    id: "n", available: true, names: { id: "Nasi Goreng Kampung" }, variants: [{ id: "v", plu: "104" }],
  } as unknown as Item; // prettier-ignore

  it("reads a quantity before the name or PLU", () => {
    expect(wantedOf("3x104")).toEqual({ quantity: 3, text: "104" });
    expect(wantedOf(" nas ")).toEqual({ quantity: 1, text: "nas" });
  });

  it("finds by parts of the name in any order, and by PLU", () => {
    expect([matches(item, "nas"), matches(item, "kampung nasi"), matches(item, "10"), matches(item, "ayam")]).toEqual([
      true, true, true, false,
    ]); // prettier-ignore
    const menu = { items: [item] } as unknown as Menu;
    expect(byPlu(menu, "104")?.variant.id).toBe("v");
    expect(byPlu(menu, "10")).toBeNull();
  });
});
