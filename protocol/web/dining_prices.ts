/** A menu as guests pay who eat one way: what is taken along may cost another sum. */

import type { DiningOption, Menu } from "./wire";

const known = new WeakMap<Menu, Map<DiningOption, Menu>>();

/**
 * The menu at the prices of a dining option. The same menu and option give the same object; where
 * nothing costs another sum, the menu itself.
 */
export function pricedFor(menu: Menu, eats: DiningOption): Menu {
  const made = known.get(menu) ?? new Map<DiningOption, Menu>();
  known.set(menu, made);
  const priced = made.get(eats) ?? priceFor(menu, eats);
  made.set(eats, priced);
  return priced;
}

function priceFor(menu: Menu, eats: DiningOption): Menu {
  const things = [...menu.items.flatMap((i) => i.variants), ...menu.modifier_groups.flatMap((g) => g.modifiers)];
  if (!things.some((thing) => thing.dining_prices?.[eats] !== undefined)) return menu;
  const dear = <T extends { price: number; dining_prices?: Record<string, number> }>(thing: T): T => {
    const price = thing.dining_prices?.[eats];
    return price === undefined ? thing : { ...thing, price };
  };
  return {
    ...menu,
    items: menu.items.map((item) => ({ ...item, variants: item.variants.map(dear) })),
    modifier_groups: menu.modifier_groups.map((group) => ({ ...group, modifiers: group.modifiers.map(dear) })),
  };
}
