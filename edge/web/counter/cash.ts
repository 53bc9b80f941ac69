/** Cash where there are no small coins: what is really handed over, and how a drawer is counted. */

import { getCurrency, quickAmounts } from "$web/money";

const NOTES_SHOWN = 6;

/** Amounts a guest is likely to hand over: exact, then the next notes. */
export function notesFor(due: number, currency: string): number[] {
  return [...new Set([due, ...quickAmounts(due, currency, NOTES_SHOWN)])].sort((a, b) => a - b).slice(0, NOTES_SHOWN);
}

/** The notes and coins of a currency that a drawer holds, the largest first (minor units). */
export function notesOf(currency: string): number[] {
  const unit = 10 ** getCurrency(currency).scale;
  const idr = [100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100];
  const others = [500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05];
  return currency === "IDR" ? idr : others.map((note) => Math.round(note * unit)).filter((n) => n > 0);
}
