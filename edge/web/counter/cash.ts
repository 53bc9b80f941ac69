/** Cash where there are no small coins: what is really handed over, and how a drawer is counted. */

import { getCurrency, quickAmounts } from "$web/money";
import type { Order } from "$web/wire";

/** What is asked for in cash when `due` is to be settled: rounded as the order's rules say. */
export function cashDue(order: Pick<Order, "rules" | "currency">, due: number): number {
  const step = order.rules?.cash_step ?? getCurrency(order.currency).cash_step;
  return roundTo(due, step, order.rules?.cash_rounding ?? "half_up");
}

/** Amounts a guest is likely to hand over: exact, then the next notes. */
export function notesFor(due: number, currency: string): number[] {
  return [...new Set([due, ...quickAmounts(due, currency)])].sort((a, b) => a - b).slice(0, 6);
}

/** The notes and coins of a currency that a drawer holds, the largest first (minor units). */
export function notesOf(currency: string): number[] {
  const unit = 10 ** getCurrency(currency).scale;
  const idr = [100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100];
  const others = [500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05];
  return currency === "IDR" ? idr : others.map((note) => Math.round(note * unit)).filter((n) => n > 0);
}

/** As `protocol/money.py` rounds, for amounts that are whole minor units. */
function roundTo(amount: number, step: number, mode: string): number {
  if (step <= 1) return amount;
  const sign = amount < 0 && mode !== "half_towards_plus_infinity" ? -1 : 1;
  const whole = Math.abs(amount) * (sign === -1 ? 1 : Math.sign(amount) || 1);
  const down = Math.floor(whole / step) * step;
  const rest = whole - down;
  if (rest === 0) return amount;
  const half = rest * 2 - step;
  const even = (down / step) % 2 === 0;
  const up =
    mode === "up" || (mode !== "down" && (half > 0 || (half === 0 && (mode === "half_even" ? !even : true))));
  return sign * (up ? down + step : down);
}
