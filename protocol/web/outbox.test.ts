import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Fault, type Refused } from "./box";
import { indexedShelf, memoryShelf, Outbox, type Answer, type Shelf } from "./outbox";
import type { Accepted, Command, Envelope, Order } from "./wire";

const PLACE: Command = {
  type: "order.place",
  order_id: "o1",
  lines: [{ line_id: "l1", variant_id: "v1" }],
};
const PAY: Command = { type: "payment.tender", order_id: "o1", payment_id: "p1", tendered: 5 };

/** A box that can be taken away, and remembers which commands it has seen. */
class Box {
  away = false;
  position = 0;
  sent: Envelope[] = [];
  offered: Envelope[] = [];
  answers = new Map<string, Accepted>();
  refuse: Refused | null = null;
  order: Order | null = null;
  proof = "";

  send = async (envelope: Envelope): Promise<Answer> => {
    if (this.away) throw new Fault("no box");
    this.sent.push(envelope);
    return this.refuse ?? this.#take(envelope);
  };

  offer = async (envelopes: Envelope[]): Promise<Answer[]> => {
    if (this.away) throw new Fault("no box");
    this.offered.push(...envelopes);
    return envelopes.map((e) => this.refuse ?? this.#take(e));
  };

  #take(envelope: Envelope): Accepted {
    const first = this.answers.get(envelope.command_id);
    if (first) return { ...first, repeated: true };
    const answer: Accepted = {
      type: "accepted",
      command_id: envelope.command_id,
      position: ++this.position,
      repeated: false,
      order: this.order,
      events: [],
      proof: this.proof,
    };
    this.answers.set(envelope.command_id, answer);
    return answer;
  }
}

function outboxFor(box: Box, shelf: Shelf = memoryShelf()) {
  const waiting: number[] = [];
  const refusedLater: Refused[] = [];
  const outbox = new Outbox({
    screen: "counter",
    shelf,
    send: box.send,
    offer: box.offer,
    waiting: (count) => waiting.push(count),
    refusedLater: (_, refusal) => refusedLater.push(refusal),
  });
  return { outbox, waiting, refusedLater, shelf };
}

const REFUSED: Refused = {
  type: "refused",
  code: "stale_menu",
  title: "",
  title_id: "",
  what_to_do: "",
  what_to_do_id: "",
  params: {},
};

describe("a command", () => {
  it("is answered once and leaves nothing waiting", async () => {
    const box = new Box();
    const { outbox, waiting } = outboxFor(box);
    const answer = await outbox.submit(PLACE, "place:o1");
    expect(answer.type).toBe("accepted");
    expect(waiting).toEqual([1, 0]);
  });

  it("tapped eight times is one command", async () => {
    const box = new Box();
    const { outbox } = outboxFor(box);
    const answers = await Promise.all(Array.from({ length: 8 }, () => outbox.submit(PLACE, "place:o1")));
    expect(box.sent).toHaveLength(1);
    expect(new Set(answers.map((a) => a.type === "accepted" && a.command_id)).size).toBe(1);
  });

  it("may be given again on purpose after it was answered", async () => {
    const box = new Box();
    const { outbox } = outboxFor(box);
    await outbox.submit(PLACE, "x");
    await outbox.submit(PLACE, "x");
    expect(new Set(box.sent.map((e) => e.command_id)).size).toBe(2);
  });
});

describe("without the box", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("commands are kept, and sent in order under their first ids when it is back", async () => {
    const box = new Box();
    box.away = true;
    const { outbox } = outboxFor(box);
    const placed = outbox.submit(PLACE, "place");
    const paid = outbox.submit(PAY, "pay");
    await vi.advanceTimersByTimeAsync(20_000);
    const ids = outbox.unanswered.map((e) => e.command_id);
    expect(ids).toHaveLength(2);
    box.away = false;
    outbox.nudge();
    await Promise.all([placed, paid]);
    expect(box.sent.map((e) => e.command_id)).toEqual(ids);
    expect(box.sent.map((e) => e.command.type)).toEqual(["order.place", "payment.tender"]);
  });

  it("an answer that got lost is asked for again, and nothing happens twice", async () => {
    const box = new Box();
    let lost = true;
    const { outbox } = outboxFor(box);
    const send = box.send;
    (outbox as unknown as { options: { send: typeof send } }).options.send = async (e) => {
      const answer = await send(e);
      if (lost) {
        lost = false;
        throw new Fault("the line broke after the box had it");
      }
      return answer;
    };
    const answered = outbox.submit(PLACE, "place");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await answered).toMatchObject({ type: "accepted", repeated: true, position: 1 });
    expect(box.position).toBe(1);
  });

  it("waits as long as a busy box asks for", async () => {
    const box = new Box();
    const { outbox } = outboxFor(box);
    const times: number[] = [];
    (outbox as unknown as { options: { send: typeof box.send } }).options.send = (e) => {
      times.push(Date.now());
      if (times.length === 1) throw new Fault("busy", 2_000);
      return box.send(e);
    };
    const answered = outbox.submit(PLACE, "place");
    await vi.advanceTimersByTimeAsync(2_100);
    await answered;
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(2_000);
  });
});

describe("after a reload of the page", () => {
  it("what was unanswered is sent, with the same id", async () => {
    const box = new Box();
    const shelf = indexedShelf("reload");
    box.away = true;
    const first = outboxFor(box, shelf);
    void first.outbox.submit(PLACE, "place");
    await vi.waitFor(async () => expect(await shelf.load()).toHaveLength(1));
    const id = first.outbox.unanswered[0]!.command_id;

    box.away = false;
    const second = outboxFor(box, indexedShelf("reload"));
    await second.outbox.open();
    await vi.waitFor(() => expect(box.sent.map((e) => e.command_id)).toContain(id));
    expect(box.answers.size).toBe(1);
  });

  it("a refusal that nobody waits for is reported", async () => {
    const box = new Box();
    const shelf = memoryShelf();
    await shelf.put({ command_id: "c1", envelope: { command_id: "c1", command: PLACE }, position: -1 });
    box.refuse = REFUSED;
    const { outbox, refusedLater } = outboxFor(box, shelf);
    await outbox.open();
    await vi.waitFor(() => expect(refusedLater).toHaveLength(1));
    expect(await shelf.load()).toEqual([]);
  });
});

describe("copies of answered commands", () => {
  it("are dropped once HQ has confirmed their own place, not before", async () => {
    const box = new Box();
    const { outbox, shelf } = outboxFor(box);
    await outbox.heard({ boot: "a", replicated: 0 });
    await outbox.submit(PLACE, "place");
    await outbox.submit(PAY, "pay");
    await outbox.heard({ boot: "a", replicated: 1 });
    expect((await shelf.load()).map((k) => k.position)).toEqual([2]);
    await outbox.heard({ boot: "a", replicated: 2 });
    expect(await shelf.load()).toEqual([]);
    expect(box.offered).toEqual([]);
  });

  it("are not dropped because another boot has come as far", async () => {
    const box = new Box();
    const { outbox, shelf } = outboxFor(box);
    await outbox.heard({ boot: "a", replicated: 0 });
    await outbox.submit(PLACE, "place");
    box.away = true;
    await outbox.heard({ boot: "b", replicated: 99 });
    expect(await shelf.load()).toHaveLength(1);
  });

  it("are offered to a box that started anew, oldest first, with the answers they once got", async () => {
    const box = new Box();
    const { outbox } = outboxFor(box);
    await outbox.heard({ boot: "a", replicated: 0 });
    box.order = { order_id: "o1", number: "A007" } as Order;
    box.proof = "first";
    await outbox.submit(PLACE, "place");
    box.proof = "";
    await outbox.submit(PAY, "pay");
    box.answers.clear(); // its disk was lost
    box.order = null;
    await outbox.heard({ boot: "b", replicated: 0 });
    expect(box.offered.map((e) => e.command.type)).toEqual(["order.place", "payment.tender"]);
    expect(box.offered.map((e) => e.accepted?.number)).toEqual(["A007", "A007"]);
    expect(box.offered.map((e) => e.proof)).toEqual(["first", undefined]);
    await outbox.heard({ boot: "b", replicated: 3 });
    expect(box.offered).toHaveLength(2);
    box.answers.clear(); // and lost again
    await outbox.heard({ boot: "c", replicated: 0 });
    expect(box.offered.slice(2).map((e) => [e.command.type, e.accepted?.number])).toEqual([
      ["payment.tender", "A007"],
    ]);
  });

  it("are offered after a reload of the page to a box that was replaced meanwhile", async () => {
    const box = new Box();
    const first = outboxFor(box, indexedShelf("replaced"));
    await first.outbox.heard({ boot: "a", replicated: 0 });
    await first.outbox.submit(PLACE, "place");
    box.answers.clear();
    const second = outboxFor(box, indexedShelf("replaced"));
    await second.outbox.open();
    await second.outbox.heard({ boot: "b", replicated: 0 });
    expect(box.offered).toHaveLength(1);
  });

  it("are offered later when the new box is gone again at once", async () => {
    const box = new Box();
    const { outbox } = outboxFor(box);
    await outbox.heard({ boot: "a", replicated: 0 });
    await outbox.submit(PLACE, "place");
    box.away = true;
    await outbox.heard({ boot: "b", replicated: 0 });
    box.away = false;
    await outbox.heard({ boot: "b", replicated: 0 });
    expect(box.offered).toHaveLength(1);
  });

  it("stay when a new box cannot take them yet", async () => {
    const box = new Box();
    const { outbox, shelf, refusedLater } = outboxFor(box);
    await outbox.heard({ boot: "a", replicated: 0 });
    await outbox.submit(PAY, "pay");
    box.answers.clear();
    box.refuse = { ...REFUSED, code: "unknown_order" };
    await outbox.heard({ boot: "b", replicated: 0 });
    expect(await shelf.load()).toHaveLength(1);
    expect(refusedLater).toEqual([]);
    box.refuse = null;
    await outbox.heard({ boot: "b", replicated: 0 });
    expect(box.answers.size).toBe(1);
  });

  it("go before what waits, when contact was lost and the box is another one", async () => {
    const box = new Box();
    const order: string[] = [];
    const { outbox } = outboxFor(box);
    const options = (outbox as unknown as { options: { send: typeof box.send; offer: typeof box.offer } }).options;
    options.send = (e) => (box.away || order.push(`sent ${e.command.type}`), box.send(e));
    options.offer = (all) => (order.push(...all.map((e) => `offered ${e.command.type}`)), box.offer(all));
    await outbox.heard({ boot: "a", replicated: 0 });
    await outbox.submit(PLACE, "place");
    box.away = true;
    const paid = outbox.submit(PAY, "pay");
    await new Promise((done) => setTimeout(done, 50));
    box.away = false;
    box.answers.clear(); // a box put back to an older state
    outbox.nudge();
    await new Promise((done) => setTimeout(done, 50));
    await outbox.heard({ boot: "b", replicated: 0 });
    await paid;
    expect(order).toEqual(["sent order.place", "offered order.place", "sent payment.tender"]);
    expect(box.offered[0]?.offered).toBe(true);
  });

  it("two tabs that share one shelf make one order of it", async () => {
    const box = new Box();
    const first = outboxFor(box, indexedShelf("tabs"));
    await first.outbox.heard({ boot: "a", replicated: 0 });
    await first.outbox.submit(PLACE, "place");
    const second = outboxFor(box, indexedShelf("tabs"));
    await second.outbox.open();
    box.answers.clear();
    await Promise.all([
      first.outbox.heard({ boot: "b", replicated: 0 }),
      second.outbox.heard({ boot: "b", replicated: 0 }),
    ]);
    expect(box.offered).toHaveLength(2);
    expect(box.answers.size).toBe(1);
  });
});
