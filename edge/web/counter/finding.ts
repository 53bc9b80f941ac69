/** What a cashier means by a few typed signs: part of a name, a PLU, `3x104` for three of them. */

import type { Item, Menu, Variant } from "$web/wire";

export interface Wanted {
  quantity: number;
  text: string;
}

export function wantedOf(typed: string): Wanted {
  const many = /^(\d{1,3})\s*[x*×]\s*(.+)$/i.exec(typed.trim());
  const quantity = many ? Math.max(1, Number(many[1])) : 1;
  return { quantity, text: (many ? many[2]! : typed).trim().toLowerCase() };
}

/** The variant with exactly this PLU. */
export function byPlu(menu: Menu, plu: string): { item: Item; variant: Variant } | null {
  if (!plu) return null;
  for (const item of menu.items) {
    const variant = item.variants.find((v) => v.plu.toLowerCase() === plu);
    if (variant && item.available) return { item, variant };
  }
  return null;
}

/** Whether an item is meant: every word begins or is within one of its names, or a PLU begins so. */
export function matches(item: Item, text: string): boolean {
  if (item.variants.some((v) => v.plu !== "" && v.plu.toLowerCase().startsWith(text))) return true;
  const words = text.split(/\s+/);
  return Object.values(item.names).some((name) => words.every((word) => name.toLowerCase().includes(word)));
}

/** Names that begin with what was typed come before those that only hold it. */
export function bestFirst(items: Item[], text: string): Item[] {
  const begins = (item: Item) => Object.values(item.names).some((n) => n.toLowerCase().startsWith(text));
  return [...items].sort((a, b) => Number(begins(b)) - Number(begins(a)));
}
