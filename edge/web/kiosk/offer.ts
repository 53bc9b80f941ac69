/** What guests can have at this moment: of the menu, what is sold out, and what is for another hour. */

import { byRank } from "$web/colours";
import { hoursOf, offeredNow, spansOf } from "$web/dayparts";
import type { Category, House, Item, Menu } from "$web/wire";

/** Whether an item is to be had: now, not any more today, or at another time of day. */
export type Standing = "yes" | "sold_out" | "later";

export interface Offered {
  item: Item;
  standing: Standing;
  /** When it is to be had, as people read it; empty when that is no question. */
  hours: string;
}

export interface Shelf {
  category: Category;
  dishes: Offered[];
}

/** What decides beside the menu. `local` is the outlet's own time, `2026-05-28T09:05`. */
export interface Circumstances {
  house: Pick<House, "dayparts"> | null;
  eightySix: ReadonlySet<string>;
  /** Items whose makers nobody can reach just now. */
  unreachable: ReadonlySet<string>;
  local: string;
}

const NO_DAYPARTS = { dayparts: [] };

export function standingOf(item: Item, at: Circumstances): Standing {
  if (!item.available || at.eightySix.has(item.id) || at.unreachable.has(item.id)) return "sold_out";
  return offeredNow(at.house ?? NO_DAYPARTS, item, at.local) ? "yes" : "later";
}

export function hoursFor(item: Item, at: Circumstances): string {
  return hoursOf(spansOf(at.house ?? NO_DAYPARTS, item));
}

/**
 * The menu as guests see it: categories in their order, in each first what is to be had. What HQ does
 * not offer at all is left out; what is sold out stays and says so, for somebody may look for it.
 */
export function shelvesOf(menu: Menu, at: Circumstances): Shelf[] {
  const items = byRank(menu.items).filter((item) => item.available);
  return byRank(menu.categories).flatMap((category) => {
    const dishes = items
      .filter((item) => item.category_id === category.id && item.variants.length > 0)
      .map((item) => {
        const standing = standingOf(item, at);
        return { item, standing, hours: standing === "later" ? hoursFor(item, at) : "" };
      });
    const first = dishes.filter((dish) => dish.standing === "yes");
    const rest = dishes.filter((dish) => dish.standing !== "yes");
    return dishes.length > 0 ? [{ category, dishes: [...first, ...rest] }] : [];
  });
}

/** What is offered before paying: what HQ names, as far as it is to be had and not chosen already. */
export function upsellOf(menu: Menu, ids: readonly string[], chosen: ReadonlySet<string>, at: Circumstances): Item[] {
  return ids.flatMap((id) => {
    const item = menu.items.find((each) => each.id === id || each.variants.some((v) => v.id === id));
    return item && !chosen.has(item.id) && standingOf(item, at) === "yes" ? [item] : [];
  });
}

/** What the first screen shows of the house: of each category in turn, dishes with pictures first. */
export function showpieces(menu: Menu, at: Circumstances, most: number): Item[] {
  const offered = byRank(menu.items).filter((item) => standingOf(item, at) === "yes");
  const seen = offered.some((item) => item.photo) ? offered.filter((item) => item.photo) : offered;
  const rows = byRank(menu.categories).map((one) => seen.filter((item) => item.category_id === one.id));
  const longest = Math.max(0, ...rows.map((row) => row.length));
  const turns = Array.from({ length: longest }, (_, i) => rows.flatMap((row) => row[i] ?? []));
  return turns.flat().slice(0, most);
}
