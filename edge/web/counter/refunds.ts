/** What goes back to the guest for lines that were sold, before the box says it: as `protocol/rules/refunding.py`. */

import { cashDue, lineContributions } from "$web/bill";
import { allocate, ZERO, type Fraction } from "$web/fraction";
import { creditedOf, liveLines } from "$web/orders_state";
import type { Order } from "$web/wire";

/** How many of each line went back already, by line id. */
export function givenBack(order: Order): Map<string, number> {
  const given = new Map<string, number>();
  for (const line of order.refunds.flatMap((refund) => refund.lines)) {
    given.set(line.line_id, (given.get(line.line_id) ?? 0) + line.quantity);
  }
  return given;
}

/** What so many of these lines cost the guest (minor units), their part of service and taxes included. */
export function creditOf(order: Order, counts: Readonly<Record<string, number>>): number {
  const live = liveLines(order);
  const before = givenBack(order);
  const left = order.totals.total - creditedOf(order);
  const after = new Map(live.map((line) => [line.line_id, (before.get(line.line_id) ?? 0) + (counts[line.line_id] ?? 0)]));
  if (live.every((line) => after.get(line.line_id) === line.quantity)) return left;
  const shares = sharesOf(order);
  const credit = live.reduce((sum, line, i) => {
    const part = (count: number) => Math.floor((shares[i]! * Math.min(count, line.quantity)) / line.quantity);
    return sum + part(after.get(line.line_id)!) - part(before.get(line.line_id) ?? 0);
  }, 0);
  return Math.min(credit, left);
}

/** What can still go back of a payment, and of its tip (minor units). */
export function leftOf(order: Order, paymentId: string | null): { amount: number; tip: number } {
  const payment = order.payments.find((each) => each.payment_id === paymentId);
  if (!payment) return { amount: 0, tip: 0 };
  const back = order.refunds.filter((refund) => refund.payment_id === paymentId);
  return {
    amount: back.reduce((left, refund) => left - refund.amount, payment.amount),
    tip: back.reduce((left, refund) => left - refund.tip, payment.tip),
  };
}

/** What is handed over for it: cash is rounded as when it was taken. */
export function handedBack(order: Order, amount: number, tender: string): number {
  return tender === "cash" ? cashDue(amount, order.rules, order.currency).cash : amount;
}

/** What each live line comes to on the bill; together the order's total. */
function sharesOf(order: Order): number[] {
  const given = lineContributions(order.lines, order);
  const weights = liveLines(order).map((line) => positive(given.get(line.line_id) ?? ZERO));
  if (weights.every((weight) => weight.over === 0n)) return weights.map((_, i) => (i === 0 ? order.totals.total : 0));
  const scale = weights.reduce((common, weight) => common * weight.under, 1n);
  return allocate(order.totals.total, weights.map((weight) => (weight.over * scale) / weight.under));
}

function positive(weight: Fraction): Fraction {
  return weight.over < 0n ? ZERO : weight;
}
