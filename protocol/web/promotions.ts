/**
 * The offers that a bill earns, as `protocol/offers.py` works them out (`bills.json` holds bills that
 * Python made), and what a cart comes to with them before the box has seen it.
 */

import { allocate, type Rounding } from "./fraction";
import { amountOff, rulesOn, takeOff, totalsOf, type BillLine, type Terms } from "./bill";
import { holds } from "./dayparts";
import type { Adjustment, BillRules, Bundle, DiningOption, House, Promotion, Totals } from "./wire";

/** What offers need to know of a line; lines of orders have it all. */
export interface OfferLine extends BillLine {
  item_id: string;
  variant_id: string;
  category_id: string;
  /** Store time at which it was added (Unix milliseconds); 0 or nothing: now. */
  priced_ms?: number;
}

/** Whom offers are worked out for. `local` is the outlet's time of day at `at_ms`; empty: not known. */
export interface Party {
  local: string;
  at_ms: number;
  dining_option: DiningOption;
  codes?: ReadonlySet<string>;
  comped?: ReadonlySet<string>;
}

const ROUNDING: Rounding = "half_up";
const BUNDLES_MAX = 1_000;

/** A coupon's code as it is compared. */
export function codeKey(code: string): string {
  return code.replace(/\s+/g, "").toLowerCase();
}

/** The offers that these lines earn. A coupon that earns nothing yet stays on the bill. */
export function offersOn(promotions: readonly Promotion[], lines: readonly OfferLine[], party: Party): Adjustment[] {
  const desk = new Desk(lines, party);
  const inTurn = [...promotions].sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const found: Adjustment[] = [];
  for (const promotion of inTurn) {
    if (!desk.asksFor(promotion) || (promotion.alone && found.length > 0)) continue;
    const mine = desk.earned(promotion);
    found.push(...mine);
    if (mine.length > 0 && promotion.alone) break;
  }
  const earned = new Set(found.map((each) => each.promotion_id));
  const waiting = inTurn.filter((p) => p.code && !earned.has(p.id) && desk.asksFor(p));
  return [...found, ...waiting.map((p) => adjustment(p, null, { amount: 0 }))];
}

/** What a cart comes to: its bill, the rules behind it, and what was offered on it. */
export interface Draft {
  totals: Totals;
  rules: BillRules | null;
  adjustments: Adjustment[];
}

/**
 * The bill of a cart that is not an order yet, as the box will work it out when it is placed.
 * `house` null: the box has told no rules, so prices are as they are.
 */
export function draftBill(
  lines: readonly OfferLine[],
  house: Pick<House, "bill" | "promotions"> | null,
  party: Party & { business_date: string; covers?: number | null },
): Draft {
  const rules = rulesOn(house?.bill, party.business_date);
  const offers = house ? offersOn(house.promotions, lines, party) : [];
  const terms: Terms = { rules, adjustments: offers, dining_option: party.dining_option, covers: party.covers ?? null };
  return { totals: totalsOf(lines, terms), rules, adjustments: withGiven(lines, offers, rules) };
}

/** The adjustments, each saying what it came to on these lines. */
export function withGiven(
  lines: readonly BillLine[],
  adjustments: readonly Adjustment[],
  rules: BillRules | null,
): Adjustment[] {
  const live = lines.filter((line) => line.status !== "voided");
  const { given } = takeOff(live, adjustments, (rules?.rounding ?? "half_up") as Rounding);
  return adjustments.map((each) => ({ ...each, given: given.get(each.adjustment_id) ?? 0 }));
}

/** The lines of one bill while offers are given on them: `free` is what none has taken yet. */
class Desk {
  readonly lines: OfferLine[];
  readonly free: Map<string, number>;
  readonly party: Party;

  constructor(lines: readonly OfferLine[], party: Party) {
    this.party = party;
    this.lines = lines.filter((x) => x.status !== "voided" && !party.comped?.has(x.line_id) && x.amount > 0);
    this.free = new Map(this.lines.map((line) => [line.line_id, line.quantity]));
  }

  asksFor(promotion: Promotion): boolean {
    if (promotion.code && !this.party.codes?.has(codeKey(promotion.code))) return false;
    const eats = promotion.dining_options;
    return eats.length === 0 || eats.includes(this.party.dining_option);
  }

  earned(promotion: Promotion): Adjustment[] {
    const timely = this.lines.filter((line) => this.isTimely(promotion, line));
    const mine = timely.filter((line) => isAbout(promotion.ids, line));
    const spent = timely.reduce((all, line) => all + line.amount, 0);
    if (mine.length === 0 || spent < promotion.min_spend) return [];
    if (promotion.bundle.length > 0) return this.bundles(promotion, timely);
    if (promotion.get > 0) return this.cheapestFree(promotion, mine);
    if (promotion.ids.length > 0) return this.onLines(promotion, mine, true);
    if (promotion.amount !== null) return [adjustment(promotion, null, { amount: promotion.amount })];
    const untouched = this.lines.every((line) => this.free.get(line.line_id) === line.quantity);
    if (untouched && mine.length === this.lines.length) {
      return [adjustment(promotion, null, { percent: promotion.percent })];
    }
    return this.onLines(promotion, mine, false);
  }

  private isTimely(promotion: Promotion, line: OfferLine): boolean {
    if (promotion.spans.length === 0) return true;
    const { local, at_ms: now } = this.party;
    if (!local) return false;
    const ago = now - (line.priced_ms || now);
    return holds(promotion.spans, new Date(Date.parse(`${local}Z`) - ago).toISOString().slice(0, 16));
  }

  private freeOf(line: OfferLine): number {
    return this.free.get(line.line_id) ?? 0;
  }

  private onLines(promotion: Promotion, lines: readonly OfferLine[], takes: boolean): Adjustment[] {
    const found: Adjustment[] = [];
    for (const line of lines) {
      const units = this.freeOf(line);
      const each = promotion.amount === null ? null : promotion.amount * units;
      const off = amountOff(worth(line, units), promotion.percent, each, ROUNDING);
      if (off === 0) continue;
      const whole = promotion.percent !== null && units === line.quantity;
      found.push(adjustment(promotion, line.line_id, whole ? { percent: promotion.percent } : { amount: off }));
      if (takes) this.free.set(line.line_id, 0);
    }
    return found;
  }

  private cheapestFree(promotion: Promotion, lines: readonly OfferLine[]): Adjustment[] {
    const units = lines.reduce((all, line) => all + this.freeOf(line), 0);
    const times = Math.floor(units / (promotion.buy + promotion.get));
    const byPrice = [...lines].sort((a, b) => a.amount / a.quantity - b.amount / b.quantity || byId(a, b));
    const gifts = this.take(byPrice, times * promotion.get);
    this.take([...byPrice].reverse(), times * promotion.buy);
    return gifts
      .map(([line, count]) => adjustment(promotion, line.line_id, { amount: worth(line, count) }))
      .filter((each) => each.amount !== 0);
  }

  private take(lines: readonly OfferLine[], wanted: number): [OfferLine, number][] {
    const taken: [OfferLine, number][] = [];
    for (const line of lines) {
      const count = Math.min(wanted, this.freeOf(line));
      if (count === 0) continue;
      this.free.set(line.line_id, this.freeOf(line) - count);
      wanted -= count;
      taken.push([line, count]);
    }
    return taken;
  }

  private bundles(promotion: Promotion, lines: readonly OfferLine[]): Adjustment[] {
    const byPrice = [...lines].sort((a, b) => b.amount / b.quantity - a.amount / a.quantity || byId(a, b));
    const off = new Map<string, number>();
    for (let n = 0; n < BUNDLES_MAX; n += 1) {
      const chosen = putTogether(promotion.bundle, byPrice, this.free);
      if (chosen === null) break;
      const worths = [...chosen].map(([id, count]) => worth(lines.find((line) => line.line_id === id)!, count));
      const saved = worths.reduce((all, each) => all + each, 0) - (promotion.bundle_price ?? 0);
      if (saved <= 0) break;
      const shares = allocate(saved, worths);
      [...chosen].forEach(([id, count], i) => {
        this.free.set(id, (this.free.get(id) ?? 0) - count);
        off.set(id, (off.get(id) ?? 0) + shares[i]!);
      });
    }
    return [...off].filter(([, share]) => share > 0).map(([id, share]) => adjustment(promotion, id, { amount: share }));
  }
}

/** Units of lines that fill every place of a combo, by line id; null when they cannot. */
function putTogether(
  places: readonly Bundle[],
  byPrice: readonly OfferLine[],
  free: ReadonlyMap<string, number>,
): Map<string, number> | null {
  const slots = places.flatMap((place) => Array.from({ length: place.quantity }, () => place.ids));
  const held: (string | null)[] = slots.map(() => null);
  const used = (id: string) => held.filter((each) => each === id).length;
  const fill = (slot: number, tried: Set<string>): boolean => {
    for (const line of byPrice) {
      const id = line.line_id;
      const units = free.get(id) ?? 0;
      if (tried.has(id) || units === 0 || !isAbout(slots[slot]!, line)) continue;
      tried.add(id);
      if (used(id) < units || held.some((mine, other) => mine === id && fill(other, tried))) {
        held[slot] = id;
        return true;
      }
    }
    return false;
  };
  if (slots.length === 0 || !slots.every((_, slot) => fill(slot, new Set()))) return null;
  return new Map([...new Set(held)].map((id) => [id!, used(id!)]));
}

function worth(line: OfferLine, units: number): number {
  return Math.floor((line.amount * units) / line.quantity);
}

function isAbout(ids: readonly string[], line: OfferLine): boolean {
  return ids.length === 0 || [line.item_id, line.variant_id, line.category_id].some((id) => ids.includes(id));
}

function byId(a: OfferLine, b: OfferLine): number {
  return a.line_id < b.line_id ? -1 : a.line_id > b.line_id ? 1 : 0;
}

function adjustment(
  promotion: Promotion,
  lineId: string | null,
  off: { percent?: string | null; amount?: number | null },
): Adjustment {
  return {
    adjustment_id: lineId === null ? promotion.id : `${promotion.id}:${lineId}`,
    kind: promotion.code ? "coupon" : "promotion",
    names: promotion.names,
    line_id: lineId,
    percent: off.percent ?? null,
    amount: off.amount ?? null,
    reason: "",
    promotion_id: promotion.id,
    code: promotion.code,
    staff: null,
    approved_by: null,
    given: 0,
  };
}
