/** What a new part of the house rules begins as, and pure questions about them. */

import type { BillRules, DiscountPreset, Promotion, Service, Span, Table, Tax } from "$web/wire";
import { idFor } from "./house_state.svelte";

export const NEW_SERVICE = (): Service => ({
  names: { id: "Layanan", en: "Service" },
  percent: "5",
  base: "after_discount",
  taxed: true,
  included: false,
  dining_options: ["dine_in"],
  min_covers: 0,
});

/** A tax: `pbjt` and `ppn` as Indonesian law has them, anything else empty. */
export function NEW_TAX(kind: string, taken: readonly Tax[]): Tax {
  const plain: Tax = {
    id: idFor(kind || "tax", taken.map((each) => each.id)),
    names: {},
    amount: "0",
    kind: "percent",
    base_factor: "1",
    included: false,
    include_base: false,
    affected: true,
    classes: [],
    dining_options: [],
  };
  if (kind === "pbjt") return { ...plain, names: { id: "PBJT", en: "Restaurant tax (PBJT)" }, amount: "10" };
  // Since 2025 the tax is 12 % of eleven twelfths of the price.
  if (kind === "ppn") return { ...plain, names: { id: "PPN", en: "VAT (PPN)" }, amount: "12", base_factor: "11/12" };
  return plain;
}

/** Bill rules that follow others: the last ones again, from a day on. */
export function nextRules(before: readonly BillRules[], fromDate: string): BillRules {
  const last = before.at(-1);
  const version = Math.max(0, ...before.map((each) => each.version)) + 1;
  const plain = { taxes: [], service: null, per: "order", rounding: "half_up", total_step: 1, cash_step: null, cash_rounding: "half_up" } as const;
  const copy = last ? (JSON.parse(JSON.stringify(last)) as BillRules) : { ...plain, taxes: [] };
  return { ...copy, version, from_date: fromDate };
}

export const NEW_SPAN = (): Span => ({ weekdays: [], from_time: "15:00", until_time: "18:00", from_date: "", until_date: "" });

export function newPromotion(names: Record<string, string>, taken: readonly Promotion[]): Promotion {
  return {
    id: idFor(names.en ?? Object.values(names)[0] ?? "", taken.map((each) => each.id)),
    names,
    spans: [],
    ids: [],
    percent: "10",
    amount: null,
    buy: 0,
    get: 0,
    bundle: [],
    bundle_price: null,
    min_spend: 0,
    code: "",
    dining_options: [],
    rank: Math.max(0, ...taken.map((each) => each.rank)) + 1,
    alone: false,
    uses: null,
  };
}

export type Offer = "percent" | "amount" | "free" | "bundle";

/** What a promotion offers. */
export function offerOf(promotion: Promotion): Offer {
  if (promotion.bundle_price !== null || promotion.bundle.length > 0) return "bundle";
  if (promotion.buy > 0 || promotion.get > 0) return "free";
  return promotion.amount === null ? "percent" : "amount";
}

/** The same promotion, offering something else. */
export function offering(promotion: Promotion, offer: Offer): Partial<Promotion> {
  const nothing = { percent: null, amount: null, buy: 0, get: 0, bundle: [], bundle_price: null };
  if (offer === "percent") return { ...nothing, percent: promotion.percent ?? "10" };
  if (offer === "amount") return { ...nothing, amount: promotion.amount ?? 5_000 };
  if (offer === "free") return { ...nothing, buy: 2, get: 1 };
  return { ...nothing, ids: [], bundle: [{ ids: [], quantity: 1 }], bundle_price: promotion.bundle_price ?? 30_000 };
}

export function newPreset(names: Record<string, string>, taken: readonly DiscountPreset[]): DiscountPreset {
  const id = idFor(names.en ?? Object.values(names)[0] ?? "", taken.map((each) => each.id));
  return { id, names, percent: "10", amount: null, kind: "discount", needs_approval: false };
}

/** A table beside those that are there: the next number, in the first free corner of the grid. */
export function newTable(all: readonly Table[], here: readonly Table[]): Table {
  const numbers = all.map((table) => Number(table.name)).filter(Number.isInteger);
  const name = String(Math.max(0, ...numbers) + 1);
  const [width, height] = [14, 16];
  for (let y = 2; y + height <= 100; y += height + 4) {
    for (let x = 2; x + width <= 100; x += width + 4) {
      if (!here.some((t) => overlap({ x, y, width, height }, t))) {
        return { id: idFor(`t${name}`, all.map((t) => t.id)), name, x, y, width, height, round: false, seats: 4 };
      }
    }
  }
  return { id: idFor(`t${name}`, all.map((t) => t.id)), name, x: 0, y: 0, width, height, round: false, seats: 4 };
}

type Box = Pick<Table, "x" | "y" | "width" | "height">;

export function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** A table moved or sized, kept inside its section and on whole hundredths. */
export function placed(table: Box, change: Partial<Box>): Box {
  const within = (value: number, least: number, most: number) => Math.min(Math.max(Math.round(value), least), most);
  const width = within(change.width ?? table.width, 4, 100);
  const height = within(change.height ?? table.height, 4, 100);
  return { width, height, x: within(change.x ?? table.x, 0, 100 - width), y: within(change.y ?? table.y, 0, 100 - height) };
}
