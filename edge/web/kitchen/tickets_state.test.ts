import { describe, expect, it } from "vitest";
import type { Ticket } from "$web/wire";
import { ageText, allDay, byAge, completed, latenessOf, NO_TICKETS, subscribed, told, type TicketsState } from "./tickets_state";

function ticket(id: string, position = 1, lines: [string, number, string][] = [["Kopi", 1, "fired"]]): Ticket {
  return {
    ticket_id: id,
    number: id,
    status: "open",
    position,
    fired_ms: position * 1000,
    lines: lines.map(([name, quantity, status], i) => ({
      line_id: `${id}${i}`,
      quantity,
      status,
      names: { id: name },
      variant_names: { id: "Panas" },
    })),
  } as unknown as Ticket;
}

const ids = (state: TicketsState) => byAge(state).map((t) => t.ticket_id);

describe("a display", () => {
  const running = completed(told(told(subscribed(NO_TICKETS), "a", ticket("a", 1)), "b", ticket("b", 2)));

  it("shows what is retained, oldest first, and nothing of it as late", () => {
    expect(ids(running)).toEqual(["a", "b"]);
    expect(running.late.size).toBe(0);
  });

  it("drops a ticket at an empty payload", () => {
    expect(ids(told(running, "a", null))).toEqual(["b"]);
  });

  it("ignores an older state of a ticket", () => {
    const newer = told(running, "a", ticket("a", 9));
    expect(told(newer, "a", ticket("a", 3))).toBe(newer);
  });

  it("after an outage equals what the broker retains, and marks what it missed", () => {
    // While away: `a` was finished, `c` came.
    let state = subscribed(running);
    expect(ids(state)).toEqual(["a", "b"]); // nothing flickers away meanwhile
    state = told(told(state, "b", ticket("b", 2)), "c", ticket("c", 7));
    state = completed(state);
    expect(ids(state)).toEqual(["b", "c"]);
    expect([...state.late]).toEqual(["c"]);
  });

  it("does not call a ticket late that comes while it is connected", () => {
    expect(told(running, "d", ticket("d", 8)).late.size).toBe(0);
  });
});

describe("a line that was silent without breaking", () => {
  it("marks what it held up", () => {
    expect([...told(completed(subscribed(NO_TICKETS)), "e", ticket("e"), true).late]).toEqual(["e"]);
  });
});

describe("all-day counts", () => {
  it("count only what is still to be made", () => {
    const counts = allDay([
      ticket("a", 1, [["Kopi", 2, "fired"], ["Teh", 1, "done"]]),
      ticket("b", 2, [["Kopi", 3, "fired"], ["Teh", 4, "voided"]]),
    ]);
    expect(counts.map((c) => [c.names["id"], c.quantity])).toEqual([["Kopi", 5]]);
  });
});

describe("age", () => {
  it("is told in minutes and seconds, with hours when there are some", () => {
    expect([ageText(-5), ageText(42_000), ageText(725_000), ageText(3_790_000)]).toEqual(["0:00", "0:42", "12:05", "1:03:10"]);
  });

  it("turns to late in steps", () => {
    expect([0, 300_000, 600_000].map(latenessOf)).toEqual(["fresh", "soon", "late"]);
  });
});
