import { describe, expect, it } from "vitest";
import type { Ticket } from "$web/wire";
import { completed, FINISHED_MAX, NO_TICKETS, subscribed, told, withoutThePass, type News, type TicketsState, type Told } from "./tickets_state";
import { inOrder } from "./urgency";

function ticket(id: string, position = 1, lines: Record<string, string> = { x: "fired" }, more: Partial<Ticket> = {}): Ticket {
  const made = Object.entries(lines).map(([line_id, status]) => ({ line_id: `${id}-${line_id}`, quantity: 1, status, fired_ms: 1 }));
  return { ticket_id: id, number: id, status: "open", position, fired_ms: position * 1000, lines: made, rush: false, ...more } as unknown as Ticket;
}

const tell = (state: TicketsState, ...messages: Told[]) => told(state, messages).state;
const hear = (state: TicketsState, ...messages: Told[]): News[] => [...told(state, messages).news];
const ids = (state: TicketsState) => inOrder(state.tickets.values()).map((t) => t.ticket_id);

const running = completed(tell(subscribed(NO_TICKETS), ["a", ticket("a", 1)], ["b", ticket("b", 2)]));

describe("a display", () => {
  it("shows what is retained, oldest first, says nothing of it and calls none of it missed", () => {
    expect(ids(running)).toEqual(["a", "b"]);
    expect(running.missed.size).toBe(0);
    expect(hear(subscribed(NO_TICKETS), ["a", ticket("a", 1)])).toEqual([]);
  });

  it("puts a rush before everything, however young it is", () => {
    expect(ids(tell(running, ["c", ticket("c", 9, undefined, { rush: true })]))).toEqual(["c", "a", "b"]);
  });

  it("of every station leaves to the pass what others make, and keeps what only the pass has", () => {
    const line = (id: string, ...station_ids: string[]) => ({ line_id: id, status: "fired", station_ids });
    const pass = (...lines: object[]) => ({ ...ticket("p"), expo: true, lines }) as unknown as Ticket;
    expect(withoutThePass(pass(line("soup", "grill")))).toBeNull();
    expect(withoutThePass(pass(line("soup", "grill"), line("water")))?.lines.map((l) => l.line_id)).toEqual(["water"]);
    const grill = ticket("g");
    expect(withoutThePass(grill)).toBe(grill);
    expect(withoutThePass(null)).toBeNull();
  });

  it("keeps quiet when lines go over to another order, and rings for what is really new there", () => {
    const over = (id: string, position: number, ...from: string[]) =>
      ({ ...ticket(id, position), lines: from.map((line_id) => ({ line_id, quantity: 1, status: "fired", fired_ms: 1 })) }) as unknown as Ticket;
    expect(hear(running, ["c", over("c", 9, "a-x")], ["a", null])).toEqual([]);
    expect(hear(running, ["b", over("b", 9, "b-x", "a-x")], ["a", null])).toEqual([]);
    expect(hear(running, ["c", over("c", 9, "a-x", "c-x")])).toEqual(["new"]);
    expect(hear(running, ["b", over("b", 9, "b-x", "a-x", "b-y")])).toEqual(["added"]);
  });

  it("drops a ticket at an empty payload", () => {
    expect(ids(tell(running, ["a", null]))).toEqual(["b"]);
  });

  it("ignores an older picture of a ticket, also when the ticket is gone since", () => {
    const newer = tell(running, ["a", ticket("a", 9)]);
    expect(tell(newer, ["a", ticket("a", 3)]).tickets.get("a")?.position).toBe(9);
    const gone = tell(newer, ["a", null]);
    expect(ids(tell(gone, ["a", ticket("a", 9)], ["a", ticket("a", 3)]))).toEqual(["b"]);
    expect(ids(tell(gone, ["a", ticket("a", 10)]))).toEqual(["b", "a"]); // recalled
  });

  it("is the same whatever is said twice", () => {
    const twice = told(running, [["a", ticket("a", 1)], ["b", ticket("b", 2)]]);
    expect(twice.state).toEqual(running);
    expect(twice.news.size).toBe(0);
  });

  it("believes lower positions while a box that was put back tells everything anew", () => {
    const old = tell(running, ["a", ticket("a", 900)]);
    expect(told(old, [["a", ticket("a", 5)]], { anew: true }).state.tickets.get("a")?.position).toBe(5);
  });
});

describe("after an outage", () => {
  // While away: `a` was finished, `c` came, and a line of `b` was struck.
  const back = tell(subscribed(running), ["b", ticket("b", 5, { x: "voided" })], ["c", ticket("c", 7)]);

  it("nothing flickers away before everything is told", () => {
    expect(ids(back)).toEqual(["a", "b", "c"]);
  });

  it("it equals what the broker retains, and marks what was missed and what changed", () => {
    const done = completed(back);
    expect(ids(done)).toEqual(["b", "c"]);
    expect([...done.missed]).toEqual([["b", "changed"], ["c", "new"]]);
  });

  it("what was missed is heard, and a void more than anything", () => {
    const news = hear(subscribed(running), ["b", ticket("b", 5, { x: "voided" })], ["c", ticket("c", 7)]);
    expect(new Set(news)).toEqual(new Set(["voided", "missed"]));
  });

  it("a line that was silent without breaking marks what it held up", () => {
    expect([...told(running, [["e", ticket("e", 9)]], { catchingUp: true }).state.missed]).toEqual([["e", "new"]]);
  });

  it("a ticket that was finished meanwhile does not come back with an old message", () => {
    expect(ids(tell(completed(back), ["a", ticket("a", 1)]))).toEqual(["b", "c"]);
  });
});

describe("what a cook hears", () => {
  it("new, added, void and rush are told apart, each once", () => {
    expect(hear(running, ["d", ticket("d", 8)])).toEqual(["new"]);
    expect(hear(running, ["a", ticket("a", 8, { x: "fired", y: "fired" })])).toEqual(["added"]);
    expect(hear(running, ["a", ticket("a", 8, { x: "voided" })])).toEqual(["voided"]);
    expect(hear(running, ["a", ticket("a", 8, { x: "fired" }, { rush: true })])).toEqual(["rush"]);
    const rushed = tell(running, ["a", ticket("a", 8, { x: "fired" }, { rush: true })]);
    expect(hear(rushed, ["a", ticket("a", 9, { x: "fired" }, { rush: true })])).toEqual([]);
  });

  it("nothing when a line is done, or a ticket goes", () => {
    expect(hear(running, ["a", ticket("a", 8, { x: "done" })], ["b", null])).toEqual([]);
  });
});

describe("a struck line", () => {
  const struck = tell(running, ["a", ticket("a", 8, { x: "voided", y: "fired" })]);

  it("is waved away by the bump of any display, on that ticket only", () => {
    const waved = tell(struck, ["a", ticket("a", 9, { x: "done", y: "fired" })]);
    expect([...waved.waved]).toEqual(["a:a-x"]);
    expect(tell(waved, ["a", null]).waved.size).toBe(0);
  });

  it("is not mistaken for one that was made", () => {
    expect(tell(running, ["a", ticket("a", 9, { x: "done" })]).waved.size).toBe(0);
  });
});

describe("twelve hours", () => {
  it("of tickets that come, change and go leave nothing behind but a bounded memory", () => {
    let state = running;
    for (let n = 1; n <= 3_000; n++) {
      const id = `t${n}`;
      const at = 10 + n * 4;
      state = tell(state, [id, ticket(id, at, { x: "fired", y: "fired" })]);
      if (n % 3 === 0) state = tell(state, [id, ticket(id, at + 1, { x: "voided", y: "fired" })]);
      if (n % 6 === 0) state = tell(state, [id, ticket(id, at + 2, { x: "done", y: "fired" })]);
      if (n % 500 === 0) state = completed(tell(subscribed(state), ["a", ticket("a", 1)], ["b", ticket("b", 2)], [id, ticket(id, at + 2)]));
      state = tell(state, [id, null]);
    }
    const sizes = [state.tickets, state.seen, state.missed, state.waved].map((each) => each.size);
    expect(sizes).toEqual([2, 2, 0, 0]);
    expect(state.finished.size).toBeLessThanOrEqual(FINISHED_MAX);
  });
});
