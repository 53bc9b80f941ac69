/** Commands travel in the name of whoever gave them, and are never lost for want of a session. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SIGN_IN_FIRST, SignInFirst } from "./box";
import { memoryShelf, Outbox, type Answer, type Shelf } from "./outbox";
import type { Command, Envelope } from "./wire";

const PLACE: Command = { type: "order.place", order_id: "o1", lines: [{ line_id: "l1", variant_id: "v1" }] };

/** A box that takes commands of the sessions it knows, and of nobody else. */
class Box {
  known = new Set<string>();
  taken: [string, string][] = [];
  position = 0;

  send = async (envelope: Envelope, session = ""): Promise<Answer> => {
    if (!this.known.has(session)) throw new SignInFirst("who?");
    return this.#take(envelope, session);
  };

  offer = async (envelopes: Envelope[], session = ""): Promise<Answer[]> =>
    envelopes.map((e) => (this.known.has(session) ? this.#take(e, session) : NOBODY));

  #take(envelope: Envelope, session: string): Answer {
    this.taken.push([envelope.command_id, session]);
    return { type: "accepted", command_id: envelope.command_id, position: ++this.position, repeated: false, order: null, events: [], proof: "" };
  }
}

const NOBODY: Answer = {
  type: "refused",
  code: SIGN_IN_FIRST,
  title: "",
  title_id: "",
  what_to_do: "",
  what_to_do_id: "",
  params: {},
};

function screenAt(box: Box, shelf: Shelf = memoryShelf()) {
  const screen = { token: "", asked: 0, refused: 0 };
  const outbox = new Outbox({
    screen: "counter",
    shelf,
    send: box.send,
    offer: box.offer,
    session: () => screen.token,
    signInFirst: () => (screen.asked += 1),
    waiting: () => undefined,
    refusedLater: () => (screen.refused += 1),
  });
  return Object.assign(screen, { outbox });
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a command carries the session it was given under", () => {
  it("also when somebody else is signed in by the time it is sent, and after a reload", async () => {
    const box = new Box();
    const shelf = memoryShelf();
    const morning = screenAt(box, shelf);
    morning.token = "budi";
    void morning.outbox.submit(PLACE, "a"); // the box does not know Budi yet
    await vi.advanceTimersByTimeAsync(10);
    box.known.add("budi").add("sari");
    const evening = screenAt(box, shelf);
    evening.token = "sari";
    await evening.outbox.open();
    await vi.advanceTimersByTimeAsync(100);
    expect(box.taken.map(([, session]) => session)).toEqual(["budi"]);
  });

  it("is named when that session ends, as long as it has no answer", async () => {
    const box = new Box();
    const screen = screenAt(box);
    screen.token = "budi";
    void screen.outbox.submit(PLACE, "a");
    screen.token = "sari";
    void screen.outbox.submit({ ...PLACE, order_id: "o2" }, "b");
    const [first, second] = screen.outbox.unanswered.map((envelope) => envelope.command_id);
    expect(screen.outbox.waitingUnder("budi")).toEqual([first]);
    expect(screen.outbox.waitingUnder("sari")).toEqual([second]);
    box.known.add("budi").add("sari");
    screen.outbox.nudge();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(screen.outbox.waitingUnder("budi")).toEqual([]);
  });

  it("waits for a sign-in and is sent then, in the name of whoever came", async () => {
    const box = new Box();
    const screen = screenAt(box);
    const answered = screen.outbox.submit(PLACE, "a");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(box.taken).toEqual([]);
    expect(screen.asked).toBeGreaterThan(0);
    box.known.add("sari");
    screen.token = "sari";
    screen.outbox.nudge();
    await vi.advanceTimersByTimeAsync(7_000);
    expect((await answered).type).toBe("accepted");
    expect(box.taken.map(([, session]) => session)).toEqual(["sari"]);
  });

  it("does not overtake what a new box forgot and what waits for a sign-in", async () => {
    const box = new Box();
    box.known.add("budi");
    const screen = screenAt(box);
    screen.token = "budi";
    await screen.outbox.heard({ boot: "one", replicated: 0 });
    const first = await screen.outbox.submit(PLACE, "a");
    box.taken = [];
    box.known.clear(); // the box was replaced: it knows nobody's session
    screen.token = "";
    await screen.outbox.heard({ boot: "two", replicated: 0 });
    void screen.outbox.submit({ ...PLACE, order_id: "o2" }, "b");
    box.known.add("sari");
    screen.token = "sari";
    screen.outbox.nudge();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(box.taken).toEqual([]);
    for (let beat = 0; beat < 2; beat++) {
      await screen.outbox.heard({ boot: "two", replicated: 0 });
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(box.taken).toHaveLength(2);
    expect(box.taken[0]).toEqual([first.type === "accepted" ? first.command_id : "", "sari"]);
  });

  it("is not overtaken by what came later for the same order and needs nobody's name", async () => {
    const box = new Box();
    box.known.add("budi").add("sari");
    const screen = screenAt(box);
    const bump: Command = { type: "ticket.bump", order_id: "o1", station_id: "bar" };
    for (const [token, command] of [["budi", PLACE], ["sari", bump], ["sari", { ...PLACE, order_id: "o2" }]] as [string, Command][]) {
      screen.token = token;
      await screen.outbox.heard({ boot: "one", replicated: 0 });
      await screen.outbox.submit(command, token + command.type + Math.random());
    }
    const [place, bumped, another] = box.taken.map(([id]) => id);
    box.taken = [];
    box.known.delete("budi");
    screen.token = "sari";
    await screen.outbox.heard({ boot: "two", replicated: 0 });
    expect(box.taken.map(([id]) => id)).toEqual([another]);
    await screen.outbox.heard({ boot: "two", replicated: 0 });
    expect(box.taken.map(([id]) => id)).toEqual([another, place, bumped]);
  });

  it("is offered to a box that was exchanged by whoever is there, one request per session", async () => {
    const old = new Box();
    old.known.add("budi").add("sari");
    const screen = screenAt(old);
    for (const token of ["budi", "sari", "sari"]) {
      screen.token = token;
      await screen.outbox.heard({ boot: "one", replicated: 0 });
      await screen.outbox.submit({ ...PLACE, order_id: `o-${Math.random()}` }, token + Math.random());
    }
    old.taken = [];
    old.known.delete("budi"); // it came from a copy and does not know Budi's session any more
    screen.token = "sari";
    await screen.outbox.heard({ boot: "two", replicated: 0 });
    expect(old.taken.map(([, session]) => session)).toEqual(["sari", "sari"]);
    await screen.outbox.heard({ boot: "two", replicated: 0 });
    expect(old.taken).toHaveLength(3);
    expect(screen.refused).toBe(0);
  });
});
