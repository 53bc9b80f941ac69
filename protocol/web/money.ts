/** Amounts for people, exactly as `protocol/money.py` writes them on paper. */

import { CURRENCIES, type Currency } from "./wire";

/** An amount for people: `Rp 25.000`, `$ 12.75`. */
export function formatAmount(minor: number, code: string): string {
  const currency = getCurrency(code);
  const [whole = "0", part = ""] = decimalText(Math.abs(minor), currency).split(".");
  const number = grouped(whole, currency.group) + (part ? currency.point + part : "");
  return `${minor < 0 ? "-" : ""}${currency.symbol} ${number}`;
}

/** The same without the symbol, for places that have said the currency already. */
export function formatNumber(minor: number, code: string): string {
  const text = formatAmount(minor, code);
  return text.replace(`${getCurrency(code).symbol} `, "");
}

/** The plain decimal of an amount, as files carry it: `817860.05`, `392905000`. */
export function decimalText(minor: number, currency: Currency): string {
  const digits = String(Math.abs(minor)).padStart(currency.scale + 1, "0");
  const sign = minor < 0 ? "-" : "";
  if (currency.scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -currency.scale)}.${digits.slice(-currency.scale)}`;
}

/** Minor units of what somebody typed (`25.000`, `12,75`), as the currency writes it; null for none. */
export function parseAmount(text: string, code: string): number | null {
  const { scale, group, point } = getCurrency(code);
  const plain = text.trim().replaceAll(group, "").replaceAll(" ", "").replace(point, ".");
  if (!/^\d+(\.\d*)?$/.test(plain)) return null;
  const [whole = "", part = ""] = plain.split(".");
  if (part.length > scale) return null;
  const minor = Number(whole + part.padEnd(scale, "0"));
  return Number.isSafeInteger(minor) ? minor : null;
}

/** Amounts a guest is likely to hand over for `due`: exact, then the next round notes. */
export function quickAmounts(due: number, code: string, most = 5): number[] {
  const { scale, cash_step: step } = getCurrency(code);
  const exact = Math.ceil(due / step) * step;
  const unit = 10 ** scale;
  const rungs = code === "IDR" ? [5_000, 10_000, 20_000, 50_000, 100_000] : [5, 10, 20, 50, 100];
  const rounded = rungs.map((rung) => Math.ceil(due / (rung * unit)) * rung * unit);
  return [...new Set([exact, ...rounded])].sort((a, b) => a - b).slice(0, most);
}

export function getCurrency(code: string): Currency {
  const found = CURRENCIES[code];
  if (found === undefined) throw new Error(`no currency ${code}`);
  return found;
}

function grouped(whole: string, separator: string): string {
  return whole.replace(/\B(?=(\d{3})+$)/g, separator);
}

/** An amount as a payment gateway writes it; see `gateway_amount` in `protocol/money.py`. */
export function gatewayAmount(minor: number, code: string, gateway: string): string {
  const currency = getCurrency(code);
  const text = decimalText(minor, currency);
  if (gateway === "stripe") {
    const units = currency.stripe === null ? NaN : (minor * currency.stripe) / 10 ** currency.scale;
    if (!Number.isSafeInteger(units)) throw new RangeError(`Stripe cannot write ${text} ${code}`);
    return String(units);
  }
  if (gateway !== "midtrans_notification") return text;
  const [whole, part = ""] = text.split(".");
  if (part.replace(/0+$/, "").length > 2) throw new RangeError(`${text} is finer than Midtrans writes`);
  return `${whole}.${part.slice(0, 2).padEnd(2, "0")}`;
}
