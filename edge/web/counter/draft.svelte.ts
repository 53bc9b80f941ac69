/** The order being entered, before it is one: its lines, and where and how the party eats. */

import {
  added,
  cartOf,
  cartTotal,
  courseOf,
  coursesOf,
  defaultChoices,
  groupsOf,
  isIncomplete,
  repriced,
  withQuantity,
  type CartLine,
} from "$web/cart";
import { mint } from "$web/ids";
import type { DiningOption, Item, Menu, PlaceOrder, Variant } from "$web/wire";

/** What of a draft outlives a reload. */
const KEPT = [
  "lines", "orderId", "dining", "table", "tabName", "covers", "targetId", "coursing", "codes",
] as const; // prettier-ignore

export type KeptDraft = Pick<Draft, (typeof KEPT)[number]>;

export class Draft {
  lines = $state.raw<CartLine[]>([]);
  orderId = $state(mint());
  dining = $state<DiningOption>("dine_in");
  table = $state("");
  tabName = $state("");
  covers = $state<number | null>(null);
  /** Coupons that were shown for it. */
  codes = $state.raw<string[]>([]);
  /** Whether it is eaten in courses: the first goes to the kitchen, the others wait. */
  coursing = $state(false);
  /** Whose lines are being entered; none: the table's. */
  seat = $state<number | undefined>();
  /** The order on the box that is being added to; null for a new one. */
  targetId = $state<string | null>(null);
  /** The line whose choices are open. */
  selectedId = $state<string | null>(null);

  get selected(): CartLine | null {
    return this.lines.find((line) => line.line_id === this.selectedId) ?? null;
  }
  get total(): number {
    return cartTotal(this.lines);
  }
  get courses(): number[] {
    return coursesOf(this.lines);
  }

  /** One more of a variant. With choices it is a line of its own until somebody goes on. */
  put(item: Item, variant: Variant, menu: Menu, quantity = 1): void {
    this.settle();
    const choices = defaultChoices(item, menu);
    const line: CartLine = { line_id: mint(), item, variant, quantity, choices, note: "" };
    if (this.seat !== undefined) line.seat = this.seat;
    const asks = groupsOf(item, menu).length > 0 || item.variants.length > 1;
    this.lines = asks ? [...this.lines, line] : added(this.lines, line);
    const same = asks ? line : this.lines.find((l) => l.line_id === line.line_id) ?? this.#like(line);
    this.selectedId = same?.line_id ?? null;
  }

  change(line: CartLine): void {
    this.lines = this.lines.map((l) => (l.line_id === line.line_id ? line : l));
  }

  setQuantity(lineId: string, quantity: number): void {
    this.lines = withQuantity(this.lines, lineId, quantity);
    if (quantity <= 0 && this.selectedId === lineId) this.selectedId = null;
  }

  /** Once more what was entered last. */
  repeat(): void {
    const last = this.selected ?? this.lines.at(-1);
    if (last) this.setQuantity(last.line_id, last.quantity + 1);
  }

  moveTo(lineId: string, course: number): void {
    this.lines = this.lines.map((l) => (l.line_id === lineId ? { ...l, course } : l));
  }

  /** Go on to something else: the same wish twice becomes one line. */
  settle(): void {
    const line = this.selected;
    this.selectedId = null;
    if (!line) return;
    const others = this.lines.filter((l) => l !== line);
    const merged = added(others, line);
    if (merged.length === others.length) this.lines = merged;
  }

  /** The first line of which something must still be chosen. */
  incomplete(menu: Menu): CartLine | null {
    return this.lines.find((line) => isIncomplete(line, menu)) ?? null;
  }

  /** Price it anew from another menu; answers the names of what is gone. */
  reprice(menu: Menu, eightySix: ReadonlySet<string>): CartLine[] {
    const { lines, gone } = repriced(this.lines, menu, eightySix);
    this.lines = lines;
    return gone;
  }

  clear(): void {
    this.lines = [];
    this.codes = [];
    this.coursing = false;
    this.seat = undefined;
    this.selectedId = null;
    this.orderId = mint();
    this.targetId = null;
    this.table = "";
    this.tabName = "";
    this.covers = null;
    this.dining = "dine_in";
  }

  /** The draft a refused order was made of, as far as the menu still offers it. */
  restore(command: PlaceOrder, menu: Menu): void {
    this.clear();
    this.lines = cartOf(command, menu);
    this.coursing = Boolean(command.fire_courses);
    this.dining = command.dining_option ?? "dine_in";
    this.table = command.table ?? "";
    this.tabName = command.tab_name ?? "";
    this.covers = command.covers ?? null;
    this.codes = command.codes ?? [];
  }

  /** What outlives a reload of the page; null while nothing was entered. */
  get kept(): KeptDraft | null {
    const nothing = this.lines.length === 0 && !this.targetId && !this.table && !this.tabName && !this.covers;
    return nothing ? null : (Object.fromEntries(KEPT.map((key) => [key, this[key]])) as KeptDraft);
  }

  resume(kept: Partial<KeptDraft>): void {
    if (!Array.isArray(kept.lines)) return;
    for (const key of KEPT) if (kept[key] !== undefined) Object.assign(this, { [key]: kept[key] });
  }

  #like(line: CartLine): CartLine | undefined {
    return this.lines.find((l) => l.variant.id === line.variant.id && courseOf(l) === courseOf(line));
  }
}
