import { describe, expect, it } from "vitest";
import type { Order } from "$web/wire";
import { boardOf, MAKING_SHOWN } from "./board";

let at = 0;
const order = (more: Partial<Order>): Order =>
  ({
    order_id: `o${++at}`, number: `A${String(at).padStart(3, "0")}`, status: "fired", table: null, tab_name: null,
    dining_option: "takeaway", placed_ms: at, fired_ms: at, ready_ms: null, ...more,
  }) as Order; // prettier-ignore

describe("the board", () => {
  it("calls who waits at the counter, and nobody who sits at a table or is a courier's", () => {
    const { making } = boardOf([order({}), order({ table: "4" }), order({ dining_option: "delivery" }), order({ dining_option: "dine_in" })]);
    expect(making).toHaveLength(2);
  });

  it("shows what became ready last first, and what is made longest first", () => {
    const early = order({ status: "ready", ready_ms: 10, tab_name: "Bu Sri" });
    const late = order({ status: "ready", ready_ms: 20 });
    expect(boardOf([early, late]).ready.map((each) => each.id)).toEqual([late.order_id, early.order_id]);
    expect(boardOf([early]).ready[0]!.name).toBe("Bu Sri");
  });

  it("holds no order that is not sent, served or over", () => {
    for (const status of ["held", "open", "served", "closed", "cancelled"] as const) {
      expect(boardOf([order({ status })])).toEqual({ making: [], ready: [] });
    }
  });

  it("has room for so many", () => {
    expect(boardOf(Array.from({ length: 40 }, () => order({}))).making).toHaveLength(MAKING_SHOWN);
  });
});
