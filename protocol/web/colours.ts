/** Calm, distinct colours for categories, from the menu or from a fixed palette. */

import type { Category } from "./wire";

const PALETTE = ["#b4532a", "#2f6b4f", "#7a4b8c", "#a8781e", "#2b6a86", "#a33b52", "#5a6b2f"];

/** The colour of each category by id; a valid one from the menu wins. */
export function coloursOf(categories: Category[]): Map<string, string> {
  const inOrder = byRank(categories);
  return new Map(
    inOrder.map((category, i) => [
      category.id,
      /^#[0-9a-f]{6}$/i.test(category.colour ?? "") ? category.colour! : PALETTE[i % PALETTE.length]!,
    ]),
  );
}

export function byRank<T extends { rank: number }>(things: readonly T[]): T[] {
  return [...things].sort((a, b) => a.rank - b.rank);
}
