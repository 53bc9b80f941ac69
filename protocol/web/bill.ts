/**
 * Bills as `protocol/pricing.py` works them out: a screen shows the total before the box has answered,
 * and the box agrees with it to the minor unit (`bills.json` holds bills that Python made).
 */

import { ZERO, allocate, fractionOf, over, plus, ratio, roundTo, sumOf, times, type Fraction, type Rounding } from "./fraction";
import { getCurrency } from "./money";
import { exactTaxes, factorsOf, roundTaxes, type Factors, type Taxed } from "./tax";
import type { Adjustment, BillRules, DiningOption, RuleBook, Service, Tax, TaxAmount, Totals } from "./wire";

/** What a bill needs to know of a line; lines of orders have it all. */
export interface BillLine {
  line_id: string;
  amount: number;
  quantity: number;
  tax_class: string;
  status?: string;
}

/** What a bill depends on beside its lines. */
export interface Terms {
  rules: BillRules | null;
  adjustments?: readonly Adjustment[];
  dining_option?: DiningOption;
  covers?: number | null;
}

/** A line's part in a bill; `contribution` is its exact part in the total, rounding and all. */
export interface LineShare {
  line_id: string;
  amount: number;
  discounts: number;
  service: Fraction;
  taxes: Fraction;
  contribution: Fraction;
}

export interface Bill {
  totals: Totals;
  shares: LineShare[];
  /** What each adjustment came to (minor units), by its id. */
  given: Map<string, number>;
}

const EXEMPT = "exempt";
const TURN = { comp: 0, promotion: 1, coupon: 1, discount: 2 } as const;

/** The rules of a business date: of those that have begun the latest; null: prices as they are. */
export function rulesOn(book: RuleBook | undefined, businessDate: string): BillRules | null {
  let latest: BillRules | null = null;
  for (const rules of book?.rules ?? []) {
    if (rules.from_date > businessDate) continue;
    const later =
      latest === null ||
      rules.from_date > latest.from_date ||
      (rules.from_date === latest.from_date && rules.version > latest.version);
    if (later) latest = rules;
  }
  return latest;
}

/** The bill of these lines; voided ones do not count. */
export function totalsOf(lines: readonly BillLine[], terms: Terms): Totals {
  return billOf(lines, terms).totals;
}

/** The bill of these lines, and what each of them contributes to it. */
export function billOf(lines: readonly BillLine[], terms: Terms): Bill {
  const live = lines.filter((line) => line.status !== "voided");
  const rules = terms.rules;
  const rounding = (rules?.rounding ?? "half_up") as Rounding;
  const off = takeOff(live, terms.adjustments ?? [], rounding);
  const amount = sum(live.map((line) => line.amount));
  const net = sum(off.left);
  const totals: Totals = {
    lines: amount,
    discounts: amount - net,
    service: 0,
    taxes: [],
    rounding: 0,
    total: net,
    rules_version: rules?.version ?? 0,
    service_included: 0,
  };
  // What is all given away bears no charge and no tax, whatever its prices were.
  if (rules === null || net <= 0) {
    return { totals, given: off.given, shares: sharesOf(live, off.left, live.map(() => [ZERO, ZERO]), net) };
  }
  const charged = chargesOf(live, off, rules, terms, rounding);
  const before = net + charged.service + sum(charged.taxes.map((tax) => (tax.inclusive ? 0 : tax.amount)));
  const total = roundTo(ratio(before), rounding, Math.max(rules.total_step, 1));
  Object.assign(totals, {
    service: charged.service,
    taxes: charged.taxes,
    rounding: total - before,
    total,
    service_included: charged.inside,
  });
  return { totals, given: off.given, shares: sharesOf(live, off.left, charged.parts, total) };
}

/** What each live line contributes to the total, as exact fractions that add up to it. */
export function lineContributions(lines: readonly BillLine[], terms: Terms): Map<string, Fraction> {
  return new Map(billOf(lines, terms).shares.map((share) => [share.line_id, share.contribution]));
}

/** What is asked in cash for `due`, and what of it is rounding. Without rules cash is exact. */
export function cashDue(due: number, rules: BillRules | null, currency: string): { cash: number; rounding: number } {
  if (rules === null) return { cash: due, rounding: 0 };
  const step = Math.max(rules.cash_step ?? getCurrency(currency).cash_step, 1);
  const cash = roundTo(ratio(due), rules.cash_rounding as Rounding, step);
  return { cash, rounding: cash - due };
}

/** The service charge that a party pays under these rules, inside the prices or on top. */
export function serviceFor(terms: Terms): Service | null {
  const service = terms.rules?.service ?? null;
  if (service === null) return null;
  const eats = service.dining_options.length === 0 || service.dining_options.includes(terms.dining_option ?? "dine_in");
  return eats && (terms.covers ?? 0) >= service.min_covers ? service : null;
}

/** A tax's or charge's name in a language, from the rules that an order was placed under. */
export function taxName(rules: BillRules | null | undefined, tax: TaxAmount, language: string): string {
  const told = rules?.taxes.find((each) => each.id === tax.tax_id);
  return told?.names[language] || tax.name;
}

/** What adjustments take off; see `protocol/discounts.py`. */
export function takeOff(
  lines: readonly BillLine[],
  adjustments: readonly Adjustment[],
  rounding: Rounding,
): { left: number[]; comped: number[]; given: Map<string, number> } {
  let left = lines.map((line) => line.amount);
  const comped = lines.map(() => 0);
  const given = new Map(adjustments.map((each) => [each.adjustment_id, 0]));
  const whole = (each: Adjustment) => (each.line_id === null ? 1 : 0);
  const inTurn = [...adjustments].sort((a, b) => whole(a) - whole(b) || TURN[a.kind] - TURN[b.kind]);
  for (const each of inTurn) {
    let off: number;
    if (each.line_id === null) {
      off = amountOff(sum(left), each.percent, each.amount, rounding);
      if (off > 0) {
        const shares = allocate(off, left.map((mine) => Math.max(mine, 0)));
        left = left.map((mine, i) => mine - shares[i]!);
      }
    } else {
      const at = lines.findIndex((line) => line.line_id === each.line_id);
      if (at < 0) continue;
      off = amountOff(left[at]!, each.percent, each.amount, rounding);
      left[at]! -= off;
      if (each.kind === "comp") comped[at]! += off;
    }
    given.set(each.adjustment_id, off);
  }
  return { left, comped, given };
}

/** What a percentage or an amount takes off what is left. */
export function amountOff(left: number, percent: string | null, amount: number | null, rounding: Rounding): number {
  if (left <= 0) return 0;
  if (percent === null) return Math.min(Math.max(amount ?? 0, 0), left);
  const off = roundTo(over(times(ratio(left), fractionOf(percent)), ratio(100)), rounding);
  return Math.min(Math.max(off, 0), left);
}

interface Charged {
  service: number;
  inside: number;
  taxes: TaxAmount[];
  /** Each line's exact part in the service charge and in the taxes that come on top. */
  parts: [Fraction, Fraction][];
}

const INSIDE = -1;

function chargesOf(
  live: readonly BillLine[],
  off: { left: number[]; comped: number[] },
  rules: BillRules,
  terms: Terms,
  rounding: Rounding,
): Charged {
  const paid = serviceFor(terms);
  const onTop = paid && !paid.included ? paid : null;
  const weights =
    onTop?.base === "before_discount" ? live.map((line, i) => line.amount - off.comped[i]!) : off.left;
  const service = onTop
    ? roundTo(over(times(ratio(sum(weights)), fractionOf(onTop.percent)), ratio(100)), rounding)
    : 0;
  const shares =
    rules.per === "line"
      ? allocate(service, weights.map((w) => Math.max(w, 0))).map((share) => ratio(share))
      : weights.map((w) => (service === 0 ? ZERO : ratio(BigInt(service) * BigInt(w), sum(weights))));
  const plans = new Map<string, Plan>();
  const sums = new Map<number, { base: Fraction; amount: Fraction }>();
  const parts = live.map((line, i): [Fraction, Fraction] => {
    const plan = plans.get(line.tax_class) ?? planFor(line.tax_class, rules, terms, paid);
    plans.set(line.tax_class, plan);
    const price = plus(ratio(off.left[i]!), onTop?.taxed ? shares[i]! : ZERO);
    const units = ratio(off.left[i] === 0 ? 0 : line.quantity);
    const taxed: Taxed =
      rules.per === "line"
        ? roundTaxes(price, units, plan.taxes, plan.factors, rounding)
        : exactTaxes(price, units, plan.factors);
    plan.places.forEach((place, k) => {
      const known = sums.get(place) ?? { base: ZERO, amount: ZERO };
      const part = taxed.parts[k]!;
      sums.set(place, { base: plus(known.base, part.base), amount: plus(known.amount, part.amount) });
    });
    const added = taxed.parts.filter((_, k) => !plan.taxes[k]!.included).map((part) => part.amount);
    return [shares[i]!, sumOf(added)];
  });
  const charged: Charged = { service, inside: 0, taxes: [], parts };
  // Each rounded up by itself, included ones could come to more than they are inside of.
  let room = sum(off.left) + (onTop?.taxed ? service : 0);
  for (const [place, { base, amount }] of [...sums].sort(([a], [b]) => a - b)) {
    if (base.over === 0n && amount.over === 0n) continue;
    const tax = rules.taxes[place];
    const rounded = roundTo(amount, rounding);
    const told = !tax || tax.included ? Math.min(rounded, room) : rounded;
    if (!tax || tax.included) room -= told;
    if (tax) charged.taxes.push(taxAmount(tax, roundTo(base, rounding), told));
    else charged.inside = told;
  }
  return charged;
}

interface Plan {
  taxes: Tax[];
  places: number[];
  factors: Factors;
}

/** The taxes on one tax class; a service charge inside the prices is solved out of them as a tax is. */
function planFor(taxClass: string, rules: BillRules, terms: Terms, paid: Service | null): Plan {
  const eats = terms.dining_option ?? "dine_in";
  const onIt = rules.taxes
    .map((tax, place): [number, Tax] => [place, tax])
    .filter(([, tax]) => tax.dining_options.length === 0 || tax.dining_options.includes(eats))
    .filter(([, tax]) => (tax.classes.length === 0 ? taxClass !== EXEMPT : tax.classes.includes(taxClass)));
  if (paid?.included) onIt.unshift([INSIDE, asTax(paid)]);
  const taxes = onIt.map(([, tax]) => tax);
  return { taxes, places: onIt.map(([place]) => place), factors: factorsOf(taxes) };
}

function asTax(service: Service): Tax {
  return {
    id: "service",
    names: service.names,
    amount: service.percent,
    kind: "percent",
    base_factor: "1",
    included: true,
    include_base: service.taxed,
    affected: true,
    classes: [],
    dining_options: [],
  };
}

function taxAmount(tax: Tax, base: number, amount: number): TaxAmount {
  return {
    name: tax.names[""] || Object.values(tax.names)[0] || tax.id,
    base,
    amount,
    inclusive: tax.included,
    tax_id: tax.id,
  };
}

function sharesOf(
  live: readonly BillLine[],
  left: readonly number[],
  parts: readonly (readonly [Fraction, Fraction])[],
  total: number,
): LineShare[] {
  const exact = left.map((mine, i) => plus(ratio(mine), plus(parts[i]![0], parts[i]![1])));
  const whole = sumOf(exact);
  // What rounding gave or took is everybody's, by what they have on the bill.
  const scale = whole.over === 0n ? ZERO : over(ratio(total), whole);
  return live.map((line, i) => ({
    line_id: line.line_id,
    amount: line.amount,
    discounts: line.amount - left[i]!,
    service: parts[i]![0],
    taxes: parts[i]![1],
    contribution: times(exact[i]!, scale),
  }));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}
