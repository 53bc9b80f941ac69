import { describe, expect, it } from "vitest";
import { plusDays, spans } from "./dates";
import type { Completeness, OutletToday, Today } from "./hq";
import { hourly, incomplete, shortAmount, stacked, withChange, withHeartbeat } from "./today_state";

const completeness = (outlet_id: string, state: Completeness["state"]): Completeness =>
  ({ outlet_id, state }) as Completeness;
const outlet = (outlet_id: string, amount: number, state: Completeness["state"] = "complete"): OutletToday =>
  ({
    outlet_id,
    figure: { amount_minor: amount },
    by_hour: [{ key: "9", amount_minor: amount }],
    completeness: completeness(outlet_id, state),
  }) as unknown as OutletToday;
const TODAY: Today = {
  at_ms: 1,
  currency: "IDR",
  totals: { amount_minor: 30 } as Today["totals"],
  outlets: [outlet("a", 10), outlet("b", 20)],
};

describe("today", () => {
  it("takes over only the outlets that changed", () => {
    const totals = { amount_minor: 35 } as Today["totals"];
    const after = withChange(TODAY, { at_ms: 2, totals, outlets: [outlet("b", 25), outlet("c", 0)] });
    expect(after.outlets.map((o) => [o.outlet_id, o.figure.amount_minor])).toEqual([["a", 10], ["b", 25], ["c", 0]]);
    expect([after.totals.amount_minor, after.currency]).toEqual([35, "IDR"]);
  });

  it("hears from a heartbeat which figures are not all here", () => {
    const after = withHeartbeat(TODAY, { at_ms: 3, completeness: [completeness("a", "silent")] });
    expect(incomplete(after.outlets).map((c) => c.outlet_id)).toEqual(["a"]);
    expect(after.outlets[0]!.figure.amount_minor).toBe(10);
  });
});

describe("hours", () => {
  it("fill their gaps, so that quiet is seen", () => {
    const by = (...pairs: [string, number][]) => ({ by_hour: pairs.map(([key, amount_minor]) => ({ key, amount_minor })) });
    const found = hourly([by(["9", 5], ["12", 7]), by(["10", 1])] as unknown as OutletToday[]);
    expect(found).toEqual({ hours: [9, 10, 11, 12], rows: [[5, 0, 0, 7], [0, 1, 0, 0]] });
    expect(stacked(found.rows)).toEqual([[5, 0, 0, 7], [5, 1, 0, 7]]);
    expect(hourly([])).toEqual({ hours: [], rows: [] });
  });
});

describe("short amounts", () => {
  it("follow the language", () => {
    expect([shortAmount(1_250_000, 0, true), shortAmount(1_250_000, 0, false)]).toEqual(["1,3 jt", "1.3M"]);
    expect([shortAmount(12_500, 2, false), shortAmount(71_000, 0, true)]).toEqual(["125", "71 rb"]);
  });
});

describe("dates", () => {
  it("are counted without a zone", () => {
    expect([plusDays("2026-03-01", -1), plusDays("2024-02-28", 1), plusDays("", 3)]).toEqual(["2026-02-28", "2024-02-29", ""]);
    expect(spans("2026-11-22").at(-1)).toEqual({ name: "thisMonth", from: "2026-11-01", to: "2026-11-22" });
  });
});
