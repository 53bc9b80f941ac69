/**
 * Known answers of tax engines, authorities and money libraries, from the file that
 * `tests/protocol/test_tax.py` reads too. It lies beside the repository; `bill.test.ts` covers the same
 * ground where it is not there.
 */

import { describe, expect, it } from "vitest";
import { billOf, cashDue } from "./bill";
import { allocate, allocateByRatio, fractionOf, over, plus, ratio, roundTo, roundUnit, sumOf, times, type Fraction, type Rounding } from "./fraction";
import { gatewayAmount } from "./money";
import { computeTaxes, sumDocument, type TaxTold } from "./tax";
import { CURRENCIES, type Adjustment, type BillRules, type Tax } from "./wire";

// What lies in somebody else's file has no type here.
type Told = any;
type Answer = Record<string, unknown>;

const found = import.meta.glob("../../../shared/vectors/tax.json", { eager: true, import: "default" });
const vectors = (Object.values(found) as { vectors: Told[] }[]).flatMap((file) => file.vectors);

describe.runIf(vectors.length > 0)("known answers of others (a file beside the repository)", () => {
  it.each(vectors.map((vector) => [vector.id as string, vector] as const))("%s", (_, { input, expected }) => {
    const ours = OPERATIONS[input.op]!(input);
    for (const [key, wanted] of Object.entries(expected)) expect(spelled(ours[key]), key).toEqual(spelled(wanted));
  });
});

if (vectors.length === 0) it.skip("known answers of others: tax.json does not lie beside the repository", () => undefined);

const CENT = ratio(1, 100);
const MICRO = ratio(1, 1_000_000);

/** Numbers to six decimals, whatever they are written as. */
function spelled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(spelled);
  if (typeof value === "number") return spelled(fractionOf(String(value)));
  if (typeof value === "string") return /^-?[\d.]+$/.test(value) ? spelled(fractionOf(value)) : value;
  if (typeof value === "object" && value !== null && "under" in value) {
    return roundTo(over(value as Fraction, MICRO), "half_up");
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, spelled(each)]));
  }
  return value;
}

const PER = { per_line: "line", globally: "order" } as const;

function taxTold(told: Told, at: number): TaxTold {
  return {
    id: String(at),
    amount: String(told.amount),
    kind: told.type,
    included: told.included ?? false,
    include_base: told.include_base ?? false,
    affected: told.affected ?? true,
  };
}

function tax(amount: unknown, more: Partial<Tax> = {}): Tax {
  return {
    id: "0",
    names: {},
    amount: String(amount),
    kind: "percent",
    base_factor: "1",
    included: false,
    include_base: false,
    affected: true,
    classes: [],
    dining_options: [],
    ...more,
  };
}

function rulesWith(more: Partial<BillRules>): BillRules {
  return {
    version: 1,
    from_date: "",
    taxes: [],
    service: null,
    per: "order",
    rounding: "half_up",
    total_step: 1,
    cash_step: null,
    cash_rounding: "half_up",
    ...more,
  };
}

function service(percent: unknown, more: Partial<NonNullable<BillRules["service"]>> = {}): BillRules["service"] {
  return {
    names: {},
    percent: String(percent),
    base: "after_discount",
    taxed: true,
    included: false,
    dining_options: [],
    min_covers: 0,
    ...more,
  };
}

function sold(amount: number, at: number, quantity = 1, taxClass = "standard") {
  return { line_id: `line-${at}`, amount, quantity, tax_class: taxClass };
}

function off(at: number, percent: unknown, amount: number | null, lineId: string | null): Adjustment {
  return {
    adjustment_id: String(at),
    kind: "discount",
    names: {},
    line_id: lineId,
    percent: percent === undefined || percent === null ? null : String(percent),
    amount,
    reason: "",
    promotion_id: "",
    code: "",
    staff: null,
    approved_by: null,
    given: 0,
  };
}

function discountedOrder(asked: Told): Answer {
  const lines = asked.lines.map((x: Told, at: number) => sold(x.qty * Number(x.rate) * 100, at));
  const rules = rulesWith({ taxes: [tax(asked.tax_percent)] });
  const adjustments = [off(0, null, Number(asked.discount.amount) * 100, null)];
  const { totals } = billOf(lines, { rules, adjustments });
  return {
    total: ratio(totals.lines, 100),
    net_total: ratio(totals.lines - totals.discounts, 100),
    tax: ratio(totals.taxes[0]!.amount, 100),
    grand_total: ratio(totals.total, 100),
  };
}

function columnsOrder(asked: Told): Answer {
  const unit = asked.rounding === "none" ? MICRO : CENT;
  const lines = asked.lines.map((line: Told) => {
    const rates: unknown[] = line.tax_percents ?? [line.tax_percent];
    const taxes = rates.map((rate, at) => tax(rate, { id: String(at), included: line.tax_included ?? false }));
    return [fractionOf(line.rate), line.qty, taxes] as const;
  });
  const document = sumDocument(lines, { unit });
  const rounded = ratio(roundTo(document.total, "half_up"));
  return {
    net_total: document.untaxed,
    taxes: [...document.taxes.values()],
    tax: sumOf(document.taxes.values()),
    grand_total: document.total,
    rounded_total: rounded,
    rounding_adjustment: plus(rounded, times(document.total, ratio(-1))),
  };
}

function minorOrder(asked: Told): Answer {
  const taxes = new Map<string, Tax>();
  const adjustments: Adjustment[] = [];
  const charges = (asked.surcharges ?? []).map((x: Told) => ({ price: x.amount, qty: 1, ...x }));
  const lines = [...asked.lines, ...charges].map((told: Told, n: number) => {
    const rates: unknown[] = told.tax_percents ?? [told.tax_percent];
    const taxClass = rates.join("+");
    rates.forEach((rate, at) =>
      taxes.set(`${taxClass}/${at}`, tax(rate, { id: `${taxClass}/${at}`, included: asked.prices_include_tax, classes: [taxClass] })),
    );
    const line = sold(told.price * told.qty, n, told.qty, taxClass);
    if ("discount_percent" in told) adjustments.push(off(adjustments.length, told.discount_percent, null, line.line_id));
    return line;
  });
  for (const told of [...(asked.order_discounts ?? []), ...(asked.order_discount ? [asked.order_discount] : [])]) {
    adjustments.push(off(adjustments.length, told.percent, told.amount ?? null, null));
  }
  const { totals } = billOf(lines, { rules: rulesWith({ taxes: [...taxes.values()], per: "line" }), adjustments });
  const taxed = totals.taxes.reduce((sum, each) => sum + each.amount, 0);
  return { gross: totals.total, net: totals.total - taxed, taxes: totals.taxes.map((each) => each.amount) };
}

function weightedCharge(asked: Told): Answer {
  const parts = asked.parts.map((x: Told, at: number) => sold(Number(x.net) * 100, at, 1, x.rate));
  const taxes = asked.parts.map((x: Told) => tax(x.rate, { id: x.rate, classes: [x.rate] }));
  const net = parts.reduce((sum: number, part: { amount: number }) => sum + part.amount, 0);
  const share = ratio(Number(asked.charge) * 10_000, net);
  const rules = rulesWith({ taxes, service: service(`${share.over}/${share.under}`) });
  const bill = billOf(parts, { rules });
  const charge = ratio(bill.totals.service);
  const rate = sumOf(
    bill.shares.map((x, i) => times(over(x.service, charge), over(fractionOf(parts[i].tax_class), ratio(100)))),
  );
  return {
    charge_rate: roundUnit(rate, ratio(1, 10_000), "half_up"),
    charge_net: times(charge, CENT),
    charge_gross: roundUnit(times(times(charge, plus(ratio(1), rate)), CENT), CENT, "half_up"),
    order_gross: ratio(bill.totals.total, 100),
  };
}

const OPERATIONS: Record<string, (asked: Told) => Answer> = {
  compute_taxes: (asked) => {
    const how = { per: PER[asked.rounding as keyof typeof PER], unit: fractionOf(asked.precision) };
    const taxed = computeTaxes(fractionOf(asked.price_unit), asked.quantity, asked.taxes.map(taxTold), how);
    return { total_excluded: taxed.untaxed, total_included: taxed.total, taxes: taxed.parts };
  },
  compute_document: (asked) => {
    const how = { per: PER[asked.rounding as keyof typeof PER], unit: fractionOf(asked.precision) };
    const taxes = asked.taxes.map(taxTold);
    const lines = asked.lines.map((x: Told) => [fractionOf(x.price_unit), x.quantity, taxes] as const);
    const document = sumDocument(lines, how);
    const all = [...document.taxes.values()];
    return { untaxed: document.untaxed, taxes: all, tax_total: sumOf(all), total: document.total };
  },
  global_discount_total: (asked) => {
    const kept = over(times(fractionOf(asked.total_before), ratio(100 - asked.percent)), ratio(100));
    return { total: roundUnit(kept, fractionOf(asked.precision), "half_up") };
  },
  cash_due_mixed: (asked) => {
    const minor = (text: string) => roundTo(times(fractionOf(text), ratio(100)), "half_up");
    const rules = rulesWith({ cash_step: minor(asked.cash_step), cash_rounding: asked.mode });
    const other = minor(asked.non_cash_paid);
    const { cash, rounding } = cashDue(minor(asked.total) - other, rules, "USD");
    return { cash_due: ratio(cash, 100), paid_total: ratio(cash + other, 100), rounding_difference: ratio(rounding, 100) };
  },
  order: (asked) => ("discount" in asked ? discountedOrder(asked) : columnsOrder(asked)),
  order_minor: minorOrder,
  charge_minor: (asked) =>
    minorOrder({
      prices_include_tax: asked.includes_tax,
      lines: [{ price: asked.amount, qty: 1, tax_percent: asked.tax_percent }],
    }),
  flat_rate_order: (asked) => {
    const lines = asked.parts.map((x: Told) => [fractionOf(x.amount), 1, [tax(x.rate, { included: asked.included })]] as const);
    const document = sumDocument(lines, { per: "line", unit: CENT });
    return { net: document.untaxed, gross: document.total };
  },
  weighted_charge: weightedCharge,
  id_bill: (asked) => {
    const rules = rulesWith({
      taxes: [tax(asked.pbjt_percent)],
      service: service(asked.service_percent, { base: asked.service_base }),
    });
    const adjustments = asked.discount_percent ? [off(0, asked.discount_percent, null, null)] : [];
    const { totals } = billOf(asked.items.map((x: Told, at: number) => sold(x.amount, at)), { rules, adjustments });
    return {
      subtotal: totals.lines,
      discount: totals.discounts,
      after_discount: totals.lines - totals.discounts,
      service: totals.service,
      pbjt_base: totals.taxes[0]!.base,
      pbjt: totals.taxes[0]!.amount,
      total: totals.total,
    };
  },
  id_inclusive: (asked) => {
    const rules = rulesWith({
      taxes: [tax(asked.pbjt_percent, { included: true })],
      service: service(asked.service_percent, { included: true }),
    });
    const { totals } = billOf([sold(asked.gross, 0)], { rules });
    const pbjt = totals.taxes[0]!.amount;
    const inside = totals.service_included;
    return { base: totals.lines - inside - pbjt, service: inside, pbjt, gross: totals.total };
  },
  ppn_2025: (asked) => {
    const [part] = computeTaxes(ratio(asked.price), 1, [tax("12", { base_factor: asked.luxury ? "1" : "11/12" })]).parts;
    const effective = times(over(part!.amount, ratio(asked.price)), ratio(100));
    return { dpp: part!.base, ppn: part!.amount, effective_percent: effective };
  },
  allocate: (asked) => ({
    shares: (asked.method === "largest_remainder" ? allocate : allocateByRatio)(asked.amount, asked.weights),
  }),
  divide_round: (asked) => ({ result: roundTo(ratio(asked.amount, asked.by), asked.mode as Rounding) }),
  cash_round: (asked) => {
    const rules = rulesWith({ cash_step: asked.step, cash_rounding: asked.mode });
    const { cash, rounding } = cashDue(asked.total, rules, "IDR");
    return { due: cash, difference: rounding };
  },
  currency: (asked) => {
    const currency = CURRENCIES[asked.code]!;
    return {
      iso_minor_digits: currency.iso_digits,
      cash_digits: currency.cash_digits,
      stripe_multiplier: currency.stripe,
      cash_rounding: ratio(currency.cash_step, 10 ** currency.scale),
    };
  },
  to_gateway: (asked) => {
    const { scale } = CURRENCIES[asked.currency]!;
    const minor = roundTo(times(fractionOf(asked.amount), ratio(10 ** scale)), "half_up");
    return { wire: gatewayAmount(minor, asked.currency, asked.gateway) };
  },
};
