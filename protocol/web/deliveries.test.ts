import { describe, expect, it } from "vitest";
import { kitchenWord, unseenStations, waitingCourses, whereabouts } from "./deliveries";
import type { Delivery, Line, LineDelivery, Order } from "./wire";

const line = (line_id: string, about: Partial<Line> = {}): Line =>
  ({ line_id, status: "fired", fired_ms: 1, bumped: [], station_ids: ["grill"], course: 1, ...about }) as Line;
const order = (lines: Line[], status: Order["status"] = "fired"): Order =>
  ({ order_id: "a", status, lines }) as unknown as Order;
const at = (line_id: string, state: Delivery, station_id = "grill"): LineDelivery => ({
  line_id,
  station_id,
  state,
  by: "",
  at_ms: 1,
});

describe("where the kitchen's part of an order is", () => {
  it("is confirmed only when every line is, at every station", () => {
    const two = order([line("1"), line("2", { station_ids: ["grill", "bar"] })]);
    const proven = [at("1", "shown"), at("2", "printed"), at("2", "bumped", "bar")];
    expect(kitchenWord(two, proven)).toBe("confirmed");
    expect(kitchenWord(two, proven.slice(0, 2))).toBe("sending");
    expect(kitchenWord(two, [...proven.slice(0, 2), at("2", "sent", "bar")])).toBe("sending");
  });

  it("is unconfirmed from the first line that was not seen in time", () => {
    const two = order([line("1"), line("2")]);
    expect(kitchenWord(two, [at("1", "shown"), at("2", "rerouted")])).toBe("unconfirmed");
    expect(kitchenWord(two, [at("1", "shown"), at("2", "escalated")])).toBe("unconfirmed");
    expect(unseenStations(two, [at("1", "rerouted", "bar"), at("2", "escalated")])).toEqual(["grill"]);
  });

  it("alarms nobody about what is struck out, held back or over", () => {
    const told = [at("1", "escalated")];
    for (const status of ["voided", "waiting"] as const) {
      const fired_ms = status === "waiting" ? null : 1;
      expect(kitchenWord(order([line("1", { status, fired_ms })]), told)).toBe("nothing");
    }
    expect(kitchenWord(order([line("1")], "served"), told)).toBe("nothing");
    expect(unseenStations(order([line("1")], "served"), told)).toEqual([]);
  });

  it("believes a bump over a proof that never came", () => {
    const bumped = line("1", { bumped: ["grill"] });
    expect(whereabouts(bumped, [at("1", "escalated")])[0]?.state).toBe("bumped");
    expect(kitchenWord(order([bumped]), [at("1", "escalated")])).toBe("confirmed");
  });

  it("says nothing of a box that tells nothing", () => {
    expect(kitchenWord(order([line("1")]), undefined)).toBe("nothing");
    expect(whereabouts(line("1"), undefined)).toEqual([]);
  });

  it("knows which courses are held back", () => {
    const waiting = (id: string, course: number) => line(id, { status: "waiting", fired_ms: null, course });
    expect(waitingCourses(order([line("1"), waiting("2", 3), waiting("3", 2), waiting("4", 3)]))).toEqual([2, 3]);
  });
});
