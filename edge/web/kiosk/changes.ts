/** A cart under a menu that moved: what can be kept is kept, and what changed is named. */

import { groupsOf, type CartLine } from "$web/cart";
import type { Menu } from "$web/wire";
import { hoursFor, standingOf, type Circumstances } from "./offer";

type Names = Record<string, string>;

export type CartChange =
  | { kind: "gone"; names: Names }
  | { kind: "later"; names: Names; hours: string }
  | { kind: "price"; names: Names; was: number; now: number }
  | { kind: "choice"; names: Names; choice: Names };

/** The lines as the menu has them now, and what became of those that are not as they were. */
export function followed(lines: CartLine[], menu: Menu, at: Circumstances): { lines: CartLine[]; changes: CartChange[] } {
  const kept: CartLine[] = [];
  const changes: CartChange[] = [];
  for (const line of lines) {
    const item = menu.items.find((each) => each.id === line.item.id);
    const variant = item?.variants.find((each) => each.id === line.variant.id);
    const standing = item && variant ? standingOf(item, at) : "sold_out";
    if (!item || !variant || standing !== "yes") {
      const { names } = line.item;
      const late = item && standing === "later";
      changes.push(late ? { kind: "later", names, hours: hoursFor(item, at) } : { kind: "gone", names });
      continue;
    }
    const offered = groupsOf(item, menu, variant).flatMap((group) => group.modifiers);
    const choices = line.choices.flatMap((choice) => {
      const now = offered.find((each) => each.id === choice.modifier_id);
      if (!now) changes.push({ kind: "choice", names: item.names, choice: choice.names });
      return now ? [{ modifier_id: now.id, names: now.names, price: now.price }] : [];
    });
    const next = { ...line, item, variant, choices };
    const [was, now] = [eachOf(line), eachOf(next)];
    if (was !== now && choices.length === line.choices.length) {
      changes.push({ kind: "price", names: item.names, was, now });
    }
    kept.push(next);
  }
  return { lines: kept, changes };
}

function eachOf(line: CartLine): number {
  return line.choices.reduce((sum, choice) => sum + choice.price, line.variant.price);
}
