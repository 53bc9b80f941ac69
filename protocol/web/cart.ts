/** What a screen has collected before it is an order; pure, and priced as `protocol/pricing.py` does. */

import type { DiningOption, Item, Menu, ModifierGroup, NewLine, PlaceOrder, Variant } from "./wire";

/** One wish: an item in a size, with what was chosen for it. Its `line_id` never changes. */
export interface CartLine {
  line_id: string;
  item: Item;
  variant: Variant;
  quantity: number;
  choices: CartChoice[];
  note: string;
  /** Where somebody moved it; else it is of its item's own course. */
  course?: number;
  /** Whose it is at the table, from 1. */
  seat?: number;
}

export interface CartChoice {
  modifier_id: string;
  names: Record<string, string>;
  price: number;
}

/** What one line costs in minor units: (variant + modifiers) × quantity. */
export function lineAmount(line: CartLine): number {
  const each = line.choices.reduce((sum, c) => sum + c.price, line.variant.price);
  return each * line.quantity;
}

export function cartTotal(lines: CartLine[]): number {
  return lines.reduce((sum, line) => sum + lineAmount(line), 0);
}

export function cartCount(lines: CartLine[]): number {
  return lines.reduce((sum, line) => sum + line.quantity, 0);
}

/** Add a line; the same wish again raises the quantity of the one that is there. */
export function added(lines: CartLine[], wish: CartLine): CartLine[] {
  const at = lines.findIndex((line) => sameWish(line, wish));
  if (at < 0) return [...lines, wish];
  return lines.map((line, i) =>
    i === at ? { ...line, quantity: Math.min(999, line.quantity + wish.quantity) } : line,
  );
}

/** Set a quantity; zero takes the line off. */
export function withQuantity(lines: CartLine[], lineId: string, quantity: number): CartLine[] {
  if (quantity <= 0) return lines.filter((line) => line.line_id !== lineId);
  return lines.map((line) =>
    line.line_id === lineId ? { ...line, quantity: Math.min(999, quantity) } : line,
  );
}

/** The lines priced anew from another menu; those it no longer offers are named in `gone`. */
export function repriced(
  lines: CartLine[],
  menu: Menu,
  eightySix: ReadonlySet<string>,
): { lines: CartLine[]; gone: CartLine[] } {
  const kept: CartLine[] = [];
  const gone: CartLine[] = [];
  for (const line of lines) {
    const item = menu.items.find((i) => i.id === line.item.id);
    const variant = item?.variants.find((v) => v.id === line.variant.id);
    if (!item || !variant || !item.available || eightySix.has(item.id)) {
      gone.push(line);
      continue;
    }
    const offered = groupsOf(item, menu, variant).flatMap((group) => group.modifiers);
    const choices = line.choices.flatMap((choice) => {
      const now = offered.find((m) => m.id === choice.modifier_id);
      return now ? [{ modifier_id: now.id, names: now.names, price: now.price }] : [];
    });
    kept.push({ ...line, item, variant, choices });
  }
  return { lines: kept, gone };
}

/** The modifier groups of an item; of one variant only those that go with it. */
export function groupsOf(item: Item, menu: Menu, variant?: Variant): ModifierGroup[] {
  const ids = variant?.modifier_group_ids ?? item.modifier_group_ids;
  return ids.flatMap((id) => menu.modifier_groups.find((g) => g.id === id) ?? []);
}

/** Groups whose minimum or maximum the choices do not meet. */
export function unmetGroups(groups: ModifierGroup[], chosen: ReadonlySet<string>): ModifierGroup[] {
  return groups.filter((group) => {
    const count = group.modifiers.filter((m) => chosen.has(m.id)).length;
    return count < group.min || count > group.max;
  });
}

/** The choices after a tap: a group of one swaps, a full group takes no more. */
export function toggled(
  chosen: ReadonlySet<string>,
  group: ModifierGroup,
  modifierId: string,
): Set<string> {
  const next = new Set(chosen);
  const inGroup = group.modifiers.filter((m) => next.has(m.id)).map((m) => m.id);
  if (next.has(modifierId)) {
    if (!(group.min === 1 && group.max === 1)) next.delete(modifierId);
  } else if (group.max === 1) {
    inGroup.forEach((id) => next.delete(id));
    next.add(modifierId);
  } else if (inGroup.length < group.max) {
    next.add(modifierId);
  }
  return next;
}

/** What is taken unless somebody says otherwise: of groups where exactly one is chosen, the first. */
export function defaultChoices(item: Item, menu: Menu): CartChoice[] {
  return groupsOf(item, menu)
    .filter((group) => group.min === 1 && group.max === 1 && group.modifiers.length > 0)
    .map((group) => group.modifiers[0]!)
    .map((m) => ({ modifier_id: m.id, names: m.names, price: m.price }));
}

/** Whether something must still be chosen before the kitchen can make it. */
export function isIncomplete(line: CartLine, menu: Menu): boolean {
  return unmetGroups(groupsOf(line.item, menu, line.variant), new Set(line.choices.map((c) => c.modifier_id))).length > 0;
}

/** Whether tapping an item can put it straight into the cart. */
export function needsSheet(item: Item, menu: Menu): boolean {
  return item.variants.length > 1 || item.variants.some((each) => groupsOf(item, menu, each).length > 0);
}

export function newLines(lines: CartLine[]): NewLine[] {
  return lines.map((line) => ({
    line_id: line.line_id,
    variant_id: line.variant.id,
    quantity: line.quantity,
    choices: line.choices.map((c) => ({ modifier_id: c.modifier_id })),
    note: line.note,
    ...(line.course === undefined ? {} : { course: line.course }),
    ...(line.seat === undefined ? {} : { seat: line.seat }),
  }));
}

export function courseOf(line: CartLine): number {
  return line.course ?? line.item.course;
}

/** The courses of a cart, in the order they are eaten. */
export function coursesOf(lines: CartLine[]): number[] {
  return [...new Set(lines.map(courseOf))].sort((a, b) => a - b);
}

export function withCourse(lines: CartLine[], lineId: string, course: number): CartLine[] {
  return lines.map((line) => (line.line_id === lineId ? { ...line, course } : line));
}

/** The cart an order was made of, as far as the menu still offers it: for one that was refused. */
export function cartOf(command: PlaceOrder, menu: Menu): CartLine[] {
  return command.lines.flatMap((line) => {
    const item = menu.items.find((i) => i.variants.some((v) => v.id === line.variant_id));
    const variant = item?.variants.find((v) => v.id === line.variant_id);
    if (!item || !variant) return [];
    const chosen = new Set((line.choices ?? []).map((c) => c.modifier_id));
    const offered = groupsOf(item, menu, variant).flatMap((group) => group.modifiers);
    const choices = offered.filter((m) => chosen.has(m.id));
    return {
      line_id: line.line_id,
      item,
      variant,
      quantity: line.quantity ?? 1,
      choices: choices.map((m) => ({ modifier_id: m.id, names: m.names, price: m.price })),
      note: line.note ?? "",
      ...(line.course == null ? {} : { course: line.course }),
      ...(line.seat == null ? {} : { seat: line.seat }),
    };
  });
}

/** Circumstances of an order that a cart does not hold itself. */
export interface Placing {
  orderId: string;
  source: "counter" | "kiosk";
  dining: DiningOption;
  table?: string;
  tabName?: string;
  covers?: number | null;
  /** Coupons that were shown. */
  codes?: string[];
  /** What the screen says it comes to, when that is more than its lines; null: the screen cannot say. */
  total?: number | null;
  hold?: boolean;
  /** Courses that go to the kitchen at once; the others wait. Without it all go. */
  fireCourses?: number[] | undefined;
  menuVersion: number;
}

export function placeOrder(lines: CartLine[], placing: Placing): PlaceOrder {
  return {
    type: "order.place",
    order_id: placing.orderId,
    lines: newLines(lines),
    source: placing.source,
    dining_option: placing.dining,
    table: placing.table || null,
    tab_name: placing.tabName || null,
    hold: placing.hold ?? false,
    menu_version: placing.menuVersion,
    expected_total: placing.total === undefined ? cartTotal(lines) : placing.total,
    ...(placing.covers ? { covers: placing.covers } : {}),
    ...(placing.codes?.length ? { codes: placing.codes } : {}),
    ...(placing.fireCourses ? { fire_courses: placing.fireCourses } : {}),
  };
}

function sameWish(a: CartLine, b: CartLine): boolean {
  return (
    a.variant.id === b.variant.id &&
    a.note === b.note &&
    courseOf(a) === courseOf(b) &&
    a.seat === b.seat &&
    a.choices.length === b.choices.length &&
    a.choices.every((c) => b.choices.some((d) => d.modifier_id === c.modifier_id))
  );
}
