import { describe, expect, it } from "vitest";
import { applyAnswer, applyChange, applyHeartbeat, applySnapshot, dueOf, goesOnAs, liveLines, NOTHING_YET, shownLines, standsBy } from "./orders_state";
import type { Change, Order, Snapshot } from "./wire";

const order = (order_id: string, status: Order["status"] = "fired"): Order =>
  ({ order_id, status, lines: [], payments: [], totals: { total: 100 } }) as unknown as Order;
const change = (position: number, value: unknown, kind = "order"): Change => ({
  type: "change",
  position,
  kind,
  key: "",
  event: "",
  value,
});
const SNAPSHOT: Snapshot = {
  type: "snapshot",
  position: 10,
  boot: "b",
  outlet_name: "Kedai",
  menu_version: 2,
  eighty_six: ["x"],
  orders: [order("a")],
  notices: [],
  replicated: 0,
  menu_revision: "r1",
  deliveries: {},
  taking_orders: { yes: true, why: "", stations: [] },
  at_ms: 0,
};

describe("what a screen knows", () => {
  const begun = applySnapshot(NOTHING_YET, SNAPSHOT);

  it("is a snapshot and the changes after it", () => {
    const state = applyChange(begun, change(11, order("b")));
    expect([...state.orders.keys()]).toEqual(["a", "b"]);
    expect(state.position).toBe(11);
  });

  it("does not go back for a change that is late or comes twice", () => {
    const state = applyChange(begun, change(12, order("a", "ready")));
    expect(applyChange(state, change(11, order("a", "fired")))).toBe(state);
    expect(applyChange(state, change(12, order("a", "fired")))).toBe(state);
  });

  it("drops orders that are over", () => {
    for (const over of ["closed", "cancelled"] as const) {
      expect(applyChange(begun, change(11, order("a", over))).orders.size).toBe(0);
    }
  });

  it("shows what an answer tells before the feed does, and lets no older change undo it", () => {
    let state = applyChange(begun, change(11, order("b")));
    state = applyAnswer(state, { position: 15, order: order("a", "ready") });
    expect(state.orders.get("a")?.status).toBe("ready");
    state = applyChange(state, change(14, order("a", "open")));
    expect([state.orders.get("a")?.status, state.position]).toEqual(["ready", 14]);
    state = applyChange(state, change(15, order("a", "ready")));
    state = applyChange(state, change(16, order("a", "served")));
    expect(state.orders.get("a")?.status).toBe("served");
    expect(state.ahead.size).toBe(0);
    expect(applyAnswer(state, { position: 16, order: order("a", "fired") })).toBe(state);
  });

  it("keeps what an answer told over a snapshot of before it, but not over another boot's", () => {
    const state = applyAnswer(begun, { position: 15, order: order("a", "closed") });
    expect(state.orders.size).toBe(0);
    expect(applySnapshot(state, { ...SNAPSHOT, position: 12 }).orders.size).toBe(0);
    expect(applySnapshot(state, { ...SNAPSHOT, position: 15 }).orders.size).toBe(1);
    expect(applySnapshot(state, { ...SNAPSHOT, position: 12, boot: "c" }).orders.size).toBe(1);
  });

  it("knows how the last orders ended, until it was away", () => {
    let state = applyChange(begun, change(11, order("a", "closed")));
    expect(state.over.get("a")?.status).toBe("closed");
    for (let i = 0; i < 150; i++) state = applyChange(state, change(20 + i, order(`o${i}`, "closed")));
    expect([state.over.size, state.over.has("a"), state.over.has("o149")]).toEqual([100, false, true]);
    expect(applyChange(state, change(200, order("o149"))).over.has("o149")).toBe(false);
    expect(applySnapshot(state, SNAPSHOT).over.size).toBe(0);
  });

  it("follows an order that went over to another one, also twice, and never in a circle", () => {
    const gone = (id: string, into: string) => ({ ...order(id, "cancelled"), merged_into: into }) as Order;
    let state = applyChange(begun, change(11, gone("a", "b")));
    expect(state.orders.size).toBe(0);
    expect(goesOnAs(state, "a")).toBe("b");
    expect(goesOnAs(state, "x")).toBe("x");
    state = applyChange(state, change(12, gone("b", "c")));
    expect(goesOnAs(state, "a")).toBe("c");
    state = applyChange(state, change(13, gone("c", "a")));
    expect(["a", "b", "c"]).toContain(goesOnAs(state, "a"));
    for (let i = 0; i < 300; i++) state = applyChange(state, change(20 + i, gone(`o${i}`, "z")));
    expect(state.merged.size).toBe(200);
  });

  it("shows struck lines, and none that went over to another order", () => {
    const line = (line_id: string, status: string, void_reason: string | null = null) => ({ line_id, status, void_reason });
    const lines = [line("1", "fired"), line("2", "voided", "wrong"), line("3", "voided", "transferred")];
    const moved = { ...order("a"), lines } as unknown as Order;
    expect(shownLines(moved).map((l) => l.line_id)).toEqual(["1", "2"]);
    expect(liveLines(moved).map((l) => l.line_id)).toEqual(["1"]);
  });

  it("follows the 86 list, the menu and the notices", () => {
    let state = applyChange(begun, change(11, { item_id: "y", eighty_six: true }, "item"));
    state = applyChange(state, change(12, { item_id: "x", eighty_six: false }, "item"));
    state = applyChange(state, change(13, { version: 3 }, "menu"));
    state = applyHeartbeat(state, {
      type: "heartbeat",
      position: 13,
      boot: "b",
      unsent: 4,
      notices: [{ code: "disk", en: "full", id: "penuh" }],
      replicated: 0,
      menu_revision: "r2",
      here: [{ screen: "counter-2", name: "Ani", order_id: "o" }],
      taking_orders: { yes: true, why: "", stations: [] },
      at_ms: 0,
    });
    expect([...state.eightySix]).toEqual(["y"]);
    expect([state.menuVersion, state.unsent, state.notices.length]).toEqual([3, 4, 1]);
    expect([begun.menuRevision, state.menuRevision]).toEqual(["r1", "r2"]);
  });

  it("starts over with a snapshot even from a box that counts from the beginning", () => {
    const state = applySnapshot(begun, { ...SNAPSHOT, position: 1, boot: "c", orders: [] });
    expect([state.position, state.orders.size]).toEqual([1, 0]);
  });

  it("counts what is due from the payments", () => {
    const paid = { ...order("a"), payments: [{ amount: 60 }, { amount: 50 }] } as Order;
    expect(dueOf(paid)).toBe(-10);
  });

  it("remembers what a bill was before its prices changed, until it is paid", () => {
    const at = (total: number, paid = 0): Order =>
      ({ ...order("a"), totals: { total }, payments: paid ? [{ amount: paid }] : [] }) as unknown as Order;
    const repriced = (position: number, total: number) => ({ ...change(position, at(total)), event: "line.repriced" });
    const once = applyChange(begun, repriced(11, 120));
    expect([...once.repriced]).toEqual([["a", 100]]);
    // Twice in a row it is still the first total that the guest was told.
    const twice = applyChange(once, repriced(12, 130));
    expect([...twice.repriced]).toEqual([["a", 100]]);
    expect(applyChange(twice, repriced(13, 100)).repriced.size).toBe(0);
    expect(applyChange(twice, change(13, at(130, 130))).repriced.size).toBe(0);
    expect(applySnapshot(twice, { ...SNAPSHOT, orders: [] }).repriced.size).toBe(0);
    expect(applyChange(begun, change(11, at(120))).repriced.size).toBe(0);
  });

  it("knows where lines are for as long as their order is alive", () => {
    const told = (state: string) => [{ line_id: "l", station_id: "grill", state, by: "", at_ms: 1 }];
    const news = (position: number, key: string, state: string) => ({
      ...change(position, told(state), "delivery"),
      key,
    });
    const stateOf = (state: typeof begun) => state.deliveries.get("a")?.[0]?.state;
    let state = applySnapshot(NOTHING_YET, {
      ...SNAPSHOT,
      deliveries: { a: told("sent"), gone: told("sent") } as Snapshot["deliveries"],
    });
    expect([...state.deliveries.keys()]).toEqual(["a"]);
    state = applyChange(state, news(11, "a", "shown"));
    // The same entry may be told of again with what has come of it; an older one changes nothing.
    state = applyChange(state, news(11, "a", "bumped"));
    state = applyChange(state, news(10, "a", "sent"));
    state = applyChange(state, news(12, "unknown", "sent"));
    expect([stateOf(state), state.deliveries.size, state.position]).toEqual(["bumped", 1, 12]);
    expect(applyChange(state, change(13, order("a", "closed"))).deliveries.size).toBe(0);
    expect(applySnapshot(state, { ...SNAPSHOT, orders: [] }).deliveries.size).toBe(0);
  });

  it("knows from the box whether it stands by", () => {
    const notice = { code: "alarm.two_boxes", en: "", id: "" };
    expect(standsBy(applySnapshot(NOTHING_YET, { ...SNAPSHOT, notices: [notice] }))).toBe(true);
    expect(standsBy(begun)).toBe(false);
  });
});
