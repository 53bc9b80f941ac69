import { describe, expect, it } from "vitest";
import type { Order } from "$web/wire";
import { creditOf, givenBack, handedBack, leftOf } from "./refunds";

const line = (id: string, quantity: number, amount: number) => ({ line_id: id, quantity, amount, tax_class: "standard", status: "served" });
const order = (more: Partial<Order> = {}): Order =>
  ({
    lines: [line("a", 3, 100), line("b", 1, 200)],
    adjustments: [],
    refunds: [],
    rules: null,
    currency: "IDR",
    totals: { total: 300 },
    ...more,
  }) as unknown as Order;
const refund = (credit: number, ...lines: [string, number][]) => ({
  credit,
  amount: credit,
  lines: lines.map(([line_id, quantity]) => ({ line_id, quantity })),
});

describe("money back for lines", () => {
  it("is their part of the bill, and everything is the whole of it", () => {
    expect(creditOf(order(), { b: 1 })).toBe(200);
    expect(creditOf(order(), { a: 1 })).toBe(33);
    expect(creditOf(order(), { a: 3, b: 1 })).toBe(300);
  });

  it("piece by piece comes to the same as all at once", () => {
    const once = order({ refunds: [refund(33, ["a", 1])] as unknown as Order["refunds"] });
    const twice = order({ refunds: [refund(33, ["a", 1]), refund(33, ["a", 1])] as unknown as Order["refunds"] });
    expect(creditOf(once, { a: 1 })).toBe(33);
    expect(creditOf(twice, { a: 1 })).toBe(34);
    expect(givenBack(twice).get("a"), "both count, not the last one").toBe(2);
  });

  it("leaves of a payment and its tip what has not gone back yet", () => {
    const paid = order({
      payments: [{ payment_id: "p", amount: 300, tip: 50 }] as unknown as Order["payments"],
      refunds: [
        { payment_id: "p", amount: 100, tip: 0 },
        { payment_id: "p", amount: 0, tip: 20 },
        { payment_id: "other", amount: 5, tip: 5 },
      ] as unknown as Order["refunds"],
    });
    expect(leftOf(paid, "p")).toEqual({ amount: 200, tip: 30 });
    expect(leftOf(paid, null)).toEqual({ amount: 0, tip: 0 });
  });

  it("is rounded only in cash, and only where the house has rules", () => {
    expect(handedBack(order(), 33, "cash")).toBe(33);
    const ruled = order({ rules: { cash_step: 100, cash_rounding: "half_up" } as unknown as Order["rules"] });
    expect(handedBack(ruled, 17_672, "cash")).toBe(17_700);
    expect(handedBack(ruled, 17_672, "qris")).toBe(17_672);
  });
});
