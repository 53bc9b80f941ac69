import { describe, expect, it } from "vitest";
import { EMPTY, add, cartOfOrder, join, quantity, remove, take, wish, writeNote } from "./shared_cart";
import vectors from "./vectors.json";
import type { Cart, Order } from "./wire";

const LINE = "0190c7d2-0000-7000-8000-00000000000a";
const WATER = wish("water-1");
const shown = (cart: Cart) => (cart.lines[LINE] ? quantity(cart.lines[LINE]) : 0);

describe("carts of several screens (tests/protocol/test_carts.py reads the same file)", () => {
  it.each(vectors.carts.map((v) => [v.about, v] as const))("%s", (_, vector) => {
    const carts: Cart[] = [EMPTY, EMPTY, EMPTY];
    for (const [who, what, n] of vector.steps as [number, string, number][]) {
      const cart = carts[who]!;
      if (what === "add") carts[who] = add(cart, `screen-${who}`, LINE, n, WATER);
      if (what === "take") carts[who] = take(cart, `screen-${who}`, LINE, n);
      if (what === "remove") carts[who] = remove(cart, LINE);
      if (what === "hear") carts[who] = join(cart, carts[n]!);
    }
    expect(carts.map(shown)).toEqual(vector.shown);
    expect(carts.reduce<Cart>(join, EMPTY)).toEqual(vector.joined);
    expect([...carts, ...carts].reverse().reduce<Cart>(join, EMPTY)).toEqual(vector.joined);
  });

  it("keep the last note", () => {
    const cart = add(EMPTY, "a", LINE, 1, WATER);
    const first = writeNote(cart, "a", LINE, "hot", 5);
    const second = writeNote(first, "b", LINE, "cold", 1);
    expect(join(second, first).lines[LINE]!.note).toEqual({ stamp: 6, actor: "b", text: "cold" });
  });

  it("begin with what the order had", () => {
    const line = { line_id: LINE, variant_id: "water-1", quantity: 2, choices: [], note: "cold", status: "waiting" };
    const order = { lines: [line, { ...line, line_id: "struck", status: "voided" }], cart: null } as unknown as Order;
    const cart = cartOfOrder(order);
    expect(Object.keys(cart.lines)).toEqual([LINE]);
    expect(shown(cart)).toBe(2);
    expect(cart.lines[LINE]!.note.text).toBe("cold");
    const grown = add(cart, "a", LINE, 1);
    expect(shown(cartOfOrder({ ...order, cart: grown }))).toBe(3);
  });
});
