/** The dashboard's words: one file for each language. */

import { catalogue } from "$web/catalogue.svelte";
import { words as indonesian } from "./words/id";

export const w = catalogue(
  indonesian,
  import.meta.glob<{ words: typeof indonesian }>(["./words/*.ts", "!./words/id.ts"]),
);

/** What a kind of disagreement is called; a newer one by its code. */
export function kindName(kind: string): string {
  return (w.kinds as Record<string, string>)[kind] ?? kind;
}

/** Who a side is: a role in words, a box by the first signs of its id, or a name. */
export function sideName(who: string): string {
  const box = /^[0-9a-f]{8}(?:[0-9a-f-]*)(\/\w+)?$/.exec(who);
  if (box) return w.boxNamed(`${who.slice(0, 4).toUpperCase()}${box[1] ?? ""}`);
  return (w.sides as Record<string, string>)[who] ?? who;
}

const GROUPS: Record<string, Exclude<ConflictGroup, "all">> = {
  price_variance: "money",
  prices_lost: "money",
  sold_at_old_prices: "money",
  repriced: "money",
  overpaid: "money",
  oversold: "stock",
  product_field_lost: "stock",
  clone: "boxes",
  two_boxes: "boxes",
  box_restored: "boxes",
  hq_restored: "boxes",
};
export type ConflictGroup = "all" | "money" | "orders" | "stock" | "boxes";

/** What a kind of disagreement is about; what is not known here is about an order. */
export const groupOf = (kind: string): Exclude<ConflictGroup, "all"> => GROUPS[kind] ?? "orders";

/** What happened, in words; a newer event is shown by its tag. */
export function eventName(tag: string): string {
  return (w.events as Record<string, string>)[tag] ?? tag;
}
