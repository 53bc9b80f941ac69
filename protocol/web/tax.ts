/** Taxes in exact fractions, as `protocol/tax.py` works them out. */

import { ONE, ZERO, fractionOf, minus, over, plus, ratio, roundUnit, sumOf, times, type Fraction, type Rounding } from "./fraction";
import type { Tax } from "./wire";

/** What a tax needs to say to be worked out; the rest has the meaning of `protocol/bill.py`. */
export type TaxTold = Pick<Tax, "id" | "amount"> & Partial<Omit<Tax, "id" | "amount">>;

export interface Part {
  base: Fraction;
  amount: Fraction;
}

export interface Taxed {
  untaxed: Fraction;
  total: Fraction;
  parts: Part[];
}

/** How many units fixed taxes are taken on: those on `top` of a price, and those `inside` it. */
interface Units {
  top: Fraction;
  inside: Fraction;
}

/** `price` × the price + `top` and `inside` × the numbers of units. */
interface Linear extends Units {
  price: Fraction;
}

/** A set of taxes as functions of the price that is asked. */
export interface Factors {
  untaxed: Linear;
  bases: Linear[];
  amounts: Linear[];
}

export interface TaxRounding {
  per?: "line" | "order";
  unit?: Fraction;
  mode?: Rounding;
}

const HUNDRED = ratio(100);
const NOTHING: Linear = { price: ZERO, top: ZERO, inside: ZERO };
const WHOLE: Linear = { ...NOTHING, price: ONE };

/** The taxes of `quantity` units at `price` each; see `compute_taxes` in `protocol/tax.py`. */
export function computeTaxes(price: Fraction, quantity: number, taxes: readonly TaxTold[], how: TaxRounding = {}): Taxed {
  const asked = times(price, ratio(quantity));
  const factors = factorsOf(taxes);
  if (how.per === "line") return roundTaxes(asked, ratio(quantity), taxes, factors, how.mode ?? "half_up", how.unit ?? ONE);
  return exactTaxes(asked, ratio(quantity), factors);
}

export function exactTaxes(asked: Fraction, quantity: Fraction, factors: Factors): Taxed {
  const units = heldUnits(asked, quantity, factors);
  const parts = factors.amounts.map((amount, i) => ({
    base: at(factors.bases[i]!, asked, units),
    amount: at(amount, asked, units),
  }));
  const untaxed = at(factors.untaxed, asked, units);
  return { untaxed, total: plus(untaxed, sumOf(parts.map((p) => p.amount))), parts };
}

/** A document of lines, each tax rounded on each line or once for all; `taxes` by id. */
export function sumDocument(
  lines: readonly (readonly [price: Fraction, quantity: number, taxes: readonly TaxTold[]])[],
  how: TaxRounding = {},
): { untaxed: Fraction; taxes: Map<string, Fraction>; total: Fraction } {
  const [unit, mode] = [how.unit ?? ONE, how.mode ?? "half_up"];
  let untaxed = ZERO;
  const taxes = new Map<string, Fraction>();
  for (const [price, quantity, onIt] of lines) {
    const taxed = computeTaxes(price, quantity, onIt, how);
    untaxed = plus(untaxed, taxed.untaxed);
    onIt.forEach((tax, i) => taxes.set(tax.id, plus(taxes.get(tax.id) ?? ZERO, taxed.parts[i]!.amount)));
  }
  untaxed = roundUnit(untaxed, unit, mode);
  for (const [id, amount] of taxes) taxes.set(id, roundUnit(amount, unit, mode));
  return { untaxed, taxes, total: plus(untaxed, sumOf(taxes.values())) };
}

/** The taxes as functions of the price asked, whatever of them it includes. Throws when unsolvable. */
export function factorsOf(taxes: readonly TaxTold[]): Factors {
  const { bases, amounts } = onUntaxed(taxes);
  let held = WHOLE;
  taxes.forEach((tax, i) => {
    if (tax.included) held = add(held, amounts[i]!);
  });
  if (held.price.over <= 0n) throw new RangeError("the taxes that are included leave nothing of the price");
  const inverse = over(ONE, held.price);
  const untaxed = { ...scaled(held, times(inverse, ratio(-1))), price: inverse };
  const asked = (linear: Linear): Linear => add(scaled(untaxed, linear.price), { ...linear, price: ZERO });
  return { untaxed, bases: bases.map(asked), amounts: amounts.map(asked) };
}

/** Each tax rounded to `unit`: the included ones first, so that the parts make the price. */
export function roundTaxes(
  asked: Fraction,
  quantity: Fraction,
  taxes: readonly TaxTold[],
  factors: Factors,
  mode: Rounding,
  unit: Fraction = ONE,
): Taxed {
  const units = heldUnits(asked, quantity, factors);
  const amounts = new Map<number, Fraction>();
  let left = absolute(asked);
  taxes.forEach((tax, i) => {
    if (!tax.included) return;
    const part = roundUnit(at(factors.amounts[i]!, asked, units), unit, mode);
    const size = least(absolute(part), left);
    amounts.set(i, part.over < 0n ? times(size, ratio(-1)) : size);
    left = minus(left, size);
  });
  const untaxed = minus(asked, sumOf(amounts.values()));
  let enlarged = ZERO;
  const parts = taxes.map((tax, i) => {
    const seen = plus(untaxed, (tax.affected ?? true) ? enlarged : ZERO);
    const base = times(seen, fractionOf(tax.base_factor ?? "1"));
    const exact = amountOf(tax, { ...NOTHING, price: base }, ofGross(taxes, i));
    const amount = amounts.get(i) ?? roundUnit(at(exact, ONE, units), unit, mode);
    if (tax.include_base) enlarged = plus(enlarged, amount);
    return { base, amount };
  });
  return { untaxed, total: plus(untaxed, sumOf(parts.map((p) => p.amount))), parts };
}

function onUntaxed(taxes: readonly TaxTold[]): { bases: Linear[]; amounts: Linear[] } {
  const bases: Linear[] = [];
  const amounts: Linear[] = [];
  let enlarged = NOTHING;
  taxes.forEach((tax, i) => {
    const seen = (tax.affected ?? true) ? add(WHOLE, enlarged) : WHOLE;
    const base = scaled(seen, fractionOf(tax.base_factor ?? "1"));
    const amount = amountOf(tax, base, ofGross(taxes, i));
    bases.push(base);
    amounts.push(amount);
    if (tax.include_base) enlarged = add(enlarged, amount);
  });
  return { bases, amounts };
}

function amountOf(tax: TaxTold, base: Linear, gross: Fraction): Linear {
  const amount = fractionOf(tax.amount);
  if (tax.kind === "fixed") return { ...NOTHING, [tax.included ? "inside" : "top"]: amount };
  const part = over(amount, HUNDRED);
  if (tax.kind !== "division") return scaled(base, part);
  const left = minus(ONE, gross);
  if (left.over <= 0n) throw new RangeError("taxes that are parts of the gross come to all of it");
  return scaled(base, over(part, left));
}

/** What the division taxes beside the one at `i` take of the gross that they share. */
function ofGross(taxes: readonly TaxTold[], i: number): Fraction {
  if (taxes[i]!.kind !== "division") return ZERO;
  let first = i;
  while (first > 0 && taxes[first - 1]!.kind === "division" && !taxes[first - 1]!.include_base) first -= 1;
  let share = ZERO;
  for (const tax of taxes.slice(first)) {
    if (tax.kind !== "division") break;
    share = plus(share, over(fractionOf(tax.amount), HUNDRED));
    if (tax.include_base) break;
  }
  return share;
}

/** The units that fixed taxes are taken on, so that a price holds what is inside it; see `Factors.held`. */
function heldUnits(price: Fraction, quantity: Fraction, { untaxed }: Factors): Units {
  const sign = ratio(price.over < 0n ? -1 : 1);
  let left = times(absolute(price), untaxed.price);
  let top = absolute(quantity);
  let inside = top;
  if (untaxed.top.over !== 0n) {
    top = least(top, over(left, absolute(untaxed.top)));
    left = plus(left, times(untaxed.top, top));
  }
  if (untaxed.inside.over !== 0n) inside = least(inside, over(left, absolute(untaxed.inside)));
  return { top: times(sign, top), inside: times(sign, inside) };
}

function at(linear: Linear, price: Fraction, units: Units): Fraction {
  return plus(times(linear.price, price), plus(times(linear.top, units.top), times(linear.inside, units.inside)));
}

function add(a: Linear, b: Linear): Linear {
  return { price: plus(a.price, b.price), top: plus(a.top, b.top), inside: plus(a.inside, b.inside) };
}

function scaled(linear: Linear, factor: Fraction): Linear {
  return { price: times(linear.price, factor), top: times(linear.top, factor), inside: times(linear.inside, factor) };
}

function absolute(value: Fraction): Fraction {
  return value.over < 0n ? times(value, ratio(-1)) : value;
}

function least(a: Fraction, b: Fraction): Fraction {
  return minus(a, b).over <= 0n ? a : b;
}
