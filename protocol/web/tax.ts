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

/** `price` × the price + `units` × the number of units. */
interface Linear {
  price: Fraction;
  units: Fraction;
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

/** The taxes of `quantity` units at `price` each; see `compute_taxes` in `protocol/tax.py`. */
export function computeTaxes(price: Fraction, quantity: number, taxes: readonly TaxTold[], how: TaxRounding = {}): Taxed {
  const asked = times(price, ratio(quantity));
  const units = ratio(asked.over >= 0n ? Math.abs(quantity) : -Math.abs(quantity));
  const factors = factorsOf(taxes);
  if (how.per === "line") return roundTaxes(asked, units, taxes, factors, how.mode ?? "half_up", how.unit ?? ONE);
  return exactTaxes(asked, units, factors);
}

export function exactTaxes(asked: Fraction, units: Fraction, factors: Factors): Taxed {
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
  let held: Linear = { price: ONE, units: ZERO };
  taxes.forEach((tax, i) => {
    if (tax.included) held = add(held, amounts[i]!);
  });
  if (held.price.over <= 0n) throw new RangeError("the taxes that are included leave nothing of the price");
  const untaxed = { price: over(ONE, held.price), units: over(times(held.units, ratio(-1)), held.price) };
  const asked = (linear: Linear): Linear =>
    add(scaled(untaxed, linear.price), { price: ZERO, units: linear.units });
  return { untaxed, bases: bases.map(asked), amounts: amounts.map(asked) };
}

/** Each tax rounded to `unit`: the included ones first, so that the parts make the price. */
export function roundTaxes(
  asked: Fraction,
  units: Fraction,
  taxes: readonly TaxTold[],
  factors: Factors,
  mode: Rounding,
  unit: Fraction = ONE,
): Taxed {
  const amounts = new Map<number, Fraction>();
  taxes.forEach((tax, i) => {
    if (tax.included) amounts.set(i, roundUnit(at(factors.amounts[i]!, asked, units), unit, mode));
  });
  const untaxed = minus(asked, sumOf(amounts.values()));
  let enlarged = ZERO;
  const parts = taxes.map((tax, i) => {
    const seen = plus(untaxed, (tax.affected ?? true) ? enlarged : ZERO);
    const base = times(seen, fractionOf(tax.base_factor ?? "1"));
    const exact = amountOf(tax, { price: base, units: ZERO }, ofGross(taxes, i));
    const amount = amounts.get(i) ?? roundUnit(at(exact, ONE, units), unit, mode);
    if (tax.include_base) enlarged = plus(enlarged, amount);
    return { base, amount };
  });
  return { untaxed, total: plus(untaxed, sumOf(parts.map((p) => p.amount))), parts };
}

function onUntaxed(taxes: readonly TaxTold[]): { bases: Linear[]; amounts: Linear[] } {
  const bases: Linear[] = [];
  const amounts: Linear[] = [];
  let enlarged: Linear = { price: ZERO, units: ZERO };
  taxes.forEach((tax, i) => {
    const whole: Linear = { price: ONE, units: ZERO };
    const seen = (tax.affected ?? true) ? add(whole, enlarged) : whole;
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
  if (tax.kind === "fixed") return { price: ZERO, units: amount };
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

function at(linear: Linear, price: Fraction, units: Fraction): Fraction {
  return plus(times(linear.price, price), times(linear.units, units));
}

function add(a: Linear, b: Linear): Linear {
  return { price: plus(a.price, b.price), units: plus(a.units, b.units) };
}

function scaled(linear: Linear, factor: Fraction): Linear {
  return { price: times(linear.price, factor), units: times(linear.units, factor) };
}
