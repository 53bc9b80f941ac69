/** How a party's bill becomes several checks; the box works out what each comes to. */

import { mint } from "$web/ids";
import { creditedOf, liveLines } from "$web/orders_state";
import type { Check, Order } from "$web/wire";

export const CHECKS_MAX = 50;

const EMPTY = { lines: [], parts: null, amount: null, total: 0 };

export function isSplit(order: Order): boolean {
  return (order.checks ?? []).length > 0;
}

/** Paid by `n` people, each the same part. */
export function evenly(n: number, name: (i: number) => string): Check[] {
  return Array.from({ length: n }, (_, i) => ({ ...EMPTY, check_id: mint(), name: name(i + 1), parts: 1 }));
}

/** A check for each seat; what belongs to nobody is shared by all of them. */
export function bySeat(order: Order, name: (seat: number) => string): Check[] {
  const lines = liveLines(order);
  const seats = [...new Set(lines.flatMap((line) => line.seat ?? []))].sort((a, b) => a - b);
  const shared = lines.filter((line) => line.seat === null || line.seat === undefined);
  return seats.map((seat) => ({
    ...EMPTY,
    check_id: mint(),
    name: name(seat),
    lines: [
      ...lines.filter((line) => line.seat === seat).map((line) => ({ line_id: line.line_id, parts: 1, of: 1 })),
      ...shared.map((line) => ({ line_id: line.line_id, parts: 1, of: seats.length })),
    ],
  }));
}

/** An amount for each, the rest for the last. */
export function byAmount(amounts: number[], total: number, name: (i: number) => string): Check[] {
  const given = amounts.filter((amount) => amount > 0);
  const rest = total - given.reduce((sum, amount) => sum + amount, 0);
  const fixed: Check[] = given.map((amount, i) => ({ ...EMPTY, check_id: mint(), name: name(i + 1), amount }));
  return rest > 0 ? [...fixed, { ...EMPTY, check_id: mint(), name: name(given.length + 1), parts: 1 }] : fixed;
}

/** Who has which units of each line: by line id, the check (0, 1 …) of every unit; -1: shared by all. */
export type Assigned = Record<string, number[]>;

/** Everything with the first guest, unit by unit, as long as nobody moved anything. */
export function assignedToFirst(order: Order): Assigned {
  return Object.fromEntries(liveLines(order).map((line) => [line.line_id, Array<number>(line.quantity).fill(0)]));
}

/** Checks of whoever has anything; a unit that all share is split into as many parts. */
export function byItem(assigned: Assigned, guests: number, name: (i: number) => string): Check[] {
  const used = Array.from({ length: guests }, (_, g) => g).filter((g) =>
    Object.values(assigned).some((units) => units.includes(g)),
  );
  return used.map((guest) => ({
    ...EMPTY,
    check_id: mint(),
    name: name(guest + 1),
    lines: Object.entries(assigned).flatMap(([line_id, units]) => partOf(line_id, units, guest, used)),
  }));
}

function partOf(line_id: string, units: number[], guest: number, used: number[]) {
  const own = units.filter((g) => g === guest).length;
  const shared = units.filter((g) => g < 0 || !used.includes(g)).length;
  const of = units.length * used.length;
  const parts = own * used.length + shared;
  if (parts === 0) return [];
  const common = gcd(parts, of);
  return [{ line_id, parts: parts / common, of: of / common }];
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** What a check still owes; payments that name no check count for the first that owes. */
export function checkDues(order: Order): Map<string, number> {
  const owed = new Map<string, number>();
  for (const check of order.checks) {
    const paid = order.payments.filter((p) => p.check_id === check.check_id);
    const back = order.refunds.filter((r) => paid.some((p) => p.payment_id === r.payment_id));
    // What was credited made the check smaller as well: it is not owed again.
    const again = back.reduce((sum, r) => sum + r.amount - r.credit, 0);
    const kept = paid.reduce((sum, p) => sum + p.amount, 0) - again;
    owed.set(check.check_id, check.total - kept);
  }
  const taken = order.payments.reduce((sum, p) => sum + p.amount, 0);
  const given = order.refunds.reduce((sum, r) => sum + r.amount, 0);
  const due = order.totals.total - creditedOf(order) - (taken - given);
  let loose = [...owed.values()].reduce((sum, each) => sum + each, 0) - due;
  for (const [id, each] of owed) {
    const part = loose > 0 ? Math.min(loose, Math.max(0, each)) : loose;
    owed.set(id, each - part);
    loose -= part;
  }
  return owed;
}
