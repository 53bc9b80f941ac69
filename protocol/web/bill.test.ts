import { describe, expect, it } from "vitest";
import { billOf, cashDue, rulesOn, serviceFor, taxName, totalsOf, type BillLine } from "./bill";
import made from "./bills.json";
import { fractionOf, ratio, sumOf } from "./fraction";
import { codeKey, draftBill, offersOn, withGiven, type OfferLine } from "./promotions";
import type { Adjustment, BillRules, DiningOption, Promotion, Totals } from "./wire";

interface Made {
  lines: OfferLine[];
  rules: BillRules | null;
  adjustments: Adjustment[];
  promotions: string[];
  dining_option: DiningOption;
  covers: number | null;
  codes: string[];
  offers: Adjustment[];
  totals: Totals;
  given: Record<string, number>;
  contributions: Record<string, string>;
  cash: [number, number];
}

const promotions = made.promotions as unknown as Promotion[];
const bills = (made.bills as unknown as Made[]).map((bill, at) => [at, bill] as const);

describe("bills that Python made (tests/protocol/test_bills.py keeps the file fresh)", () => {
  it.each(bills)("bill %i is the same here", (_, bill) => {
    const comped = new Set(bill.adjustments.filter((a) => a.kind === "comp").map((a) => a.line_id!));
    const party = { local: made.local, at_ms: made.at_ms, dining_option: bill.dining_option, comped, codes: new Set(bill.codes) };
    const offers = offersOn(promotions.filter((p) => bill.promotions.includes(p.id)), bill.lines, party);
    const adjustments = [...bill.adjustments, ...offers];
    expect(withGiven(bill.lines, adjustments, bill.rules).slice(bill.adjustments.length)).toEqual(bill.offers);

    const terms = { rules: bill.rules, adjustments, dining_option: bill.dining_option, covers: bill.covers };
    const ours = billOf(bill.lines, terms);
    expect(ours.totals).toEqual(bill.totals);
    expect(Object.fromEntries(ours.given)).toEqual(bill.given);
    for (const share of ours.shares) expect(share.contribution).toEqual(fractionOf(bill.contributions[share.line_id]!));
    expect(sumOf(ours.shares.map((share) => share.contribution))).toEqual(ratio(bill.totals.total));
    const { cash, rounding } = cashDue(bill.totals.total, bill.rules, "IDR");
    expect([cash, rounding]).toEqual(bill.cash);
  });
});

const rules: BillRules = {
  version: 2,
  from_date: "2026-01-01",
  taxes: [
    { id: "pbjt", names: { id: "PBJT 10%", en: "Restaurant tax" }, amount: "10", kind: "percent", base_factor: "1", included: false, include_base: false, affected: true, classes: [], dining_options: [] },
  ],
  service: { names: { id: "Layanan" }, percent: "5", base: "after_discount", taxed: true, included: false, dining_options: ["dine_in"], min_covers: 0 },
  per: "order",
  rounding: "half_up",
  total_step: 1,
  cash_step: null,
  cash_rounding: "half_up",
};
const line: BillLine = { line_id: "a", amount: 100_000, quantity: 1, tax_class: "standard" };

describe("a bill on a screen", () => {
  it("has service, and tax on both", () => {
    const totals = totalsOf([line], { rules });
    expect([totals.service, totals.taxes[0]!.amount, totals.total]).toEqual([5_000, 10_500, 115_500]);
  });

  it("has no service where guests take it along, and nothing for what was struck", () => {
    expect(totalsOf([line, { ...line, line_id: "b", status: "voided" }], { rules, dining_option: "takeaway" }).total).toBe(110_000);
    expect(serviceFor({ rules, dining_option: "takeaway" })).toBeNull();
  });

  it("is the menu's prices without rules", () => {
    expect(totalsOf([line], { rules: null }).total).toBe(100_000);
    expect(cashDue(12_345, null, "IDR")).toEqual({ cash: 12_345, rounding: 0 });
  });

  it("goes by the rules that have begun", () => {
    const later = { ...rules, version: 3, from_date: "2026-07-01" };
    expect(rulesOn({ rules: [later, rules] }, "2026-06-30")).toBe(rules);
    expect(rulesOn({ rules: [later, rules] }, "2026-07-01")).toBe(later);
    expect(rulesOn({ rules: [later] }, "2026-06-30")).toBeNull();
  });

  it("names taxes in the reader's language", () => {
    const [tax] = totalsOf([line], { rules }).taxes;
    expect(taxName(rules, tax!, "en")).toBe("Restaurant tax");
    expect(taxName(rules, tax!, "fr")).toBe("PBJT 10%");
  });

  it("is shown for a cart before it is an order", () => {
    const wish: OfferLine = { ...line, item_id: "rice", variant_id: "rice-1", category_id: "food" };
    const happy = promotions.find((p) => p.id === "happy")!;
    const house = { bill: { rules: [rules] }, promotions: [{ ...happy, ids: ["food"] }] };
    const at = { local: "2026-05-29T17:40", at_ms: 5, dining_option: "dine_in" as const, business_date: "2026-05-29" };
    const draft = draftBill([wish], house, at);
    expect(draft.totals.total).toBe(92_400);
    expect(draft.adjustments.map((a) => [a.names.en, a.given])).toEqual([["Happy hour", 20_000]]);
    expect(draftBill([wish], house, { ...at, local: "2026-05-29T19:00" }).totals.total).toBe(115_500);
    expect(draftBill([wish], null, at).totals.total).toBe(100_000);
  });

  it("takes a coupon however it is typed", () => {
    expect(codeKey(" Gift 15 ")).toBe("gift15");
  });
});
