/** Exact fractions and the one way to round them, as `protocol/money.py` and Python's fractions do. */

/** `over / under` in lowest terms; `under` is above zero. */
export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

/** How a fraction becomes a whole number of units; see `Rounding` in `protocol/money.py`. */
export type Rounding = "half_up" | "half_even" | "down" | "up" | "half_towards_plus_infinity";

export const ZERO: Fraction = { over: 0n, under: 1n };
export const ONE: Fraction = { over: 1n, under: 1n };

/** A fraction of two whole numbers. Throws when it has no value. */
export function ratio(over: bigint | number, under: bigint | number = 1n): Fraction {
  let [a, b] = [BigInt(over), BigInt(under)];
  if (b === 0n) throw new RangeError("a fraction over nothing");
  if (b < 0n) [a, b] = [-a, -b];
  const shared = greatestCommonDivisor(a < 0n ? -a : a, b);
  return { over: a / shared, under: b / shared };
}

const WRITTEN = /^([+-]?)(\d+)(?:\.(\d*))?(?:\/(\d+))?$/;

/** The fraction that a decimal or `11/12` says. Throws for anything else. */
export function fractionOf(text: string): Fraction {
  const [whole, sign, digits = "", part = "", under] = WRITTEN.exec(text.trim()) ?? [];
  if (whole === undefined || (under !== undefined && part !== "")) {
    throw new RangeError(`${text} is not a number`);
  }
  const over = BigInt(digits + part) * (sign === "-" ? -1n : 1n);
  return ratio(over, under === undefined ? 10n ** BigInt(part.length) : BigInt(under));
}

export function plus(a: Fraction, b: Fraction): Fraction {
  return ratio(a.over * b.under + b.over * a.under, a.under * b.under);
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return ratio(a.over * b.under - b.over * a.under, a.under * b.under);
}

export function times(a: Fraction, b: Fraction): Fraction {
  return ratio(a.over * b.over, a.under * b.under);
}

export function over(a: Fraction, b: Fraction): Fraction {
  return ratio(a.over * b.under, a.under * b.over);
}

export function sumOf(all: Iterable<Fraction>): Fraction {
  let sum = ZERO;
  for (const each of all) sum = plus(sum, each);
  return sum;
}

/** The fraction rounded to a multiple of `step`; halves go away from zero under half_up. */
export function roundTo(value: Fraction, mode: Rounding, step = 1): number {
  const under = value.under * BigInt(step);
  const size = value.over < 0n ? -value.over : value.over;
  const whole = size / under;
  const twice = (size % under) * 2n;
  const rounded = (whole + (goesUp(mode, whole, twice, under, value.over > 0n) ? 1n : 0n)) * BigInt(step);
  return Number(value.over < 0n ? -rounded : rounded);
}

/** The fraction as a whole number of units, which may be smaller than one (`1/100`). */
export function roundUnit(value: Fraction, unit: Fraction, mode: Rounding): Fraction {
  return times(ratio(roundTo(over(value, unit), mode)), unit);
}

/** An amount split by weights (largest remainder): the parts always sum to it; see `protocol/money.py`. */
export function allocate(amount: number, weights: readonly (number | bigint)[]): number[] {
  if (weights.length === 0 || weights.some((w) => w < 0)) {
    throw new RangeError("weights must be zero or more, and at least one");
  }
  const parts = (weights.some((w) => w > 0) ? weights : weights.map(() => 1)).map((weight) => BigInt(weight));
  const total = parts.reduce((sum, w) => sum + w, 0n);
  const size = BigInt(Math.abs(amount));
  const shares = parts.map((w) => Number((size * w) / total));
  const rests = parts.map((w) => (size * w) % total);
  const first = order(parts.length, (a, b) => (rests[a]! > rests[b]! ? -1 : rests[a]! < rests[b]! ? 1 : 0));
  return handOut(amount, shares, first);
}

/** The same with odd units to the largest weights first: another library's rule, not the one of bills. */
export function allocateByRatio(amount: number, weights: readonly number[]): number[] {
  if (weights.length === 0 || weights.some((w) => w < 0) || weights.every((w) => w === 0)) {
    throw new RangeError("weights must be zero or more, and not all zero");
  }
  const total = weights.reduce((sum, w) => sum + BigInt(w), 0n);
  const shares = weights.map((w) => Number((BigInt(Math.abs(amount)) * BigInt(w)) / total));
  return handOut(amount, shares, order(weights.length, (a, b) => weights[b]! - weights[a]!));
}

function handOut(amount: number, shares: number[], first: number[]): number[] {
  const odd = Math.abs(amount) - shares.reduce((sum, share) => sum + share, 0);
  for (const at of first.slice(0, odd)) shares[at]! += 1;
  return amount < 0 ? shares.map((share) => 0 - share) : shares;
}

function order(count: number, compare: (a: number, b: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => i).sort((a, b) => compare(a, b) || a - b);
}

function goesUp(mode: Rounding, whole: bigint, twice: bigint, under: bigint, positive: boolean): boolean {
  switch (mode) {
    case "half_up":
      return twice >= under;
    case "half_even":
      return twice > under || (twice === under && whole % 2n === 1n);
    case "down":
      return false;
    case "up":
      return twice > 0n;
    case "half_towards_plus_infinity":
      return twice > under || (twice === under && positive);
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? 1n : a;
}
