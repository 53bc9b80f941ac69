import { describe, expect, it } from "vitest";
import type { Line, Order } from "$web/wire";
import { assignedToFirst, byAmount, byItem, bySeat, checkDues, evenly } from "./checks";

const line = (id: string, quantity: number, seat: number | null = null): Line =>
  ({ line_id: id, quantity, amount: quantity * 10, seat, status: "fired" }) as Line;
const order = (lines: Line[], more: Partial<Order> = {}): Order =>
  ({ lines, checks: [], payments: [], refunds: [], totals: { total: 100 }, ...more }) as unknown as Order;
const name = (n: number) => `G${n}`;
const whole = (checks: { lines: { line_id: string; parts: number; of: number }[] }[], id: string) =>
  checks.flatMap((c) => c.lines.filter((l) => l.line_id === id)).reduce((sum, l) => sum + l.parts / l.of, 0);

describe("splitting a bill", () => {
  it("evenly gives everybody one part", () => {
    expect(evenly(3, name).map((c) => [c.name, c.parts])).toEqual([["G1", 1], ["G2", 1], ["G3", 1]]);
  });

  it("by seat shares what belongs to no seat", () => {
    const checks = bySeat(order([line("a", 1, 1), line("b", 1, 2), line("c", 1)]), name);
    expect(checks.map((c) => c.lines.map((l) => l.line_id))).toEqual([["a", "c"], ["b", "c"]]);
    expect(whole(checks, "c")).toBe(1);
  });

  it("by item hands out units one by one, and every line is there once", () => {
    const party = order([line("a", 3), line("b", 1), line("c", 2)]);
    const assigned = { ...assignedToFirst(party), a: [0, 1, -1], b: [1] };
    const checks = byItem(assigned, 3, name);
    expect(checks).toHaveLength(2);
    for (const id of ["a", "b", "c"]) expect(whole(checks, id)).toBeCloseTo(1);
  });

  it("by amount leaves the rest to the last", () => {
    const checks = byAmount([30, 20], 100, name);
    expect(checks.map((c) => [c.amount, c.parts])).toEqual([[30, null], [20, null], [null, 1]]);
    expect(byAmount([60, 40], 100, name)).toHaveLength(2);
  });
});

describe("what checks owe", () => {
  const checks = [
    { check_id: "x", name: "", lines: [], parts: 1, amount: null, total: 60 },
    { check_id: "y", name: "", lines: [], parts: 1, amount: null, total: 40 },
  ];

  it("a payment counts for its check", () => {
    const paid = order([], { checks, payments: [{ payment_id: "p", check_id: "x", amount: 60 }] as Order["payments"] });
    expect([...checkDues(paid)]).toEqual([["x", 0], ["y", 40]]);
  });

  it("a dish that was refunded is not owed again, money given back for the wrong tender is", () => {
    const payments = [{ payment_id: "p", check_id: "y", amount: 40 }] as Order["payments"];
    const back = (credit: number) => [{ refund_id: "r", payment_id: "p", amount: 10, credit }] as Order["refunds"];
    expect([...checkDues(order([], { checks, payments, refunds: back(10) }))]).toEqual([["x", 60], ["y", 0]]);
    expect([...checkDues(order([], { checks, payments, refunds: back(0) }))]).toEqual([["x", 60], ["y", 10]]);
  });

  it("one that names none counts for the first that owes", () => {
    const paid = order([], { checks, payments: [{ payment_id: "p", check_id: null, amount: 70 }] as Order["payments"] });
    expect([...checkDues(paid)]).toEqual([["x", 0], ["y", 30]]);
  });
});
