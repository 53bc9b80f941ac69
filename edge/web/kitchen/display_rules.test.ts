import { describe, expect, it } from "vitest";
import type { BoxStatus, Line, Order, ShownTicket, Ticket } from "$web/wire";
import { allDay } from "./all_day";
import { beaten, beginning, isStale } from "./contact";
import { deviceId, identify, nextName } from "./device";
import { onThePass } from "./expo_state";
import { groupsOf, isReady } from "./grouping";
import { actionOf, DEFAULT_KEYS, readKeys, taught } from "./keys";
import { pack } from "./layout";
import { readStatus, readTicket } from "./payloads";
import { RECALL_MAX, readBumped, withBumped, withGone, type Bumped } from "./recall_list";
import { ShownReporter } from "./shown";
import { DigitGuard, Places, TapGuard } from "./taps";
import { ageText, targetOf, urgencyOf } from "./urgency";

const MINUTE = 60_000;

function ticket(lines: Record<string, unknown>[], more: Record<string, unknown> = {}): Ticket {
  const whole = lines.map((line, i) => ({ line_id: `l${i}`, quantity: 1, status: "fired", fired_ms: 0, target_s: null, names: {}, variant_names: {}, station_ids: [], made: [], ...line }));
  return { ticket_id: "t", order_id: "o", station_id: "bar", number: "A001", fired_ms: 0, position: 1, ...more, lines: whole } as unknown as Ticket;
}

describe("how late a ticket is", () => {
  it("goes by the line's target, else the station's, else ten minutes", () => {
    expect(targetOf({ target_s: 90 }, { target_s: 300 })).toBe(90);
    expect(targetOf({ target_s: null }, { target_s: 300 })).toBe(300);
    expect(targetOf({ target_s: null }, { target_s: null })).toBe(600);
  });

  it("is soon at sixty percent of the target and late at all of it", () => {
    const at = (minutes: number) => urgencyOf(ticket([{}]), undefined, minutes * MINUTE).lateness;
    expect([5.9, 6, 9.9, 10].map(at)).toEqual(["calm", "soon", "soon", "late"]);
  });

  it("is that of the line that is worst off, and of none that is done or struck out", () => {
    const both = ticket([{ target_s: 1200 }, { target_s: 120 }]);
    expect(urgencyOf(both, undefined, 2 * MINUTE)).toEqual({ share: 1, lateness: "late", targetS: 120 });
    const made = ticket([{ target_s: 1200 }, { target_s: 120, status: "done" }, { target_s: 60, status: "voided" }]);
    expect(urgencyOf(made, undefined, 2 * MINUTE).lateness).toBe("calm");
  });

  it("counts an addition from its own firing", () => {
    const added = ticket([{ status: "done" }, { fired_ms: 9 * MINUTE }]);
    expect(urgencyOf(added, undefined, 10 * MINUTE).lateness).toBe("calm");
  });

  it("is told in minutes and seconds, with hours when there are some", () => {
    expect([-5, 42_000, 725_000, 3_790_000].map(ageText)).toEqual(["0:00", "0:42", "12:05", "1:03:10"]);
  });
});

describe("all-day counts", () => {
  it("count only what is still to be made, most first", () => {
    const kopi = { names: { id: "Kopi" } };
    const teh = { names: { id: "Teh" } };
    const counts = allDay([
      ticket([{ ...kopi, quantity: 2 }, { ...teh, status: "done" }]),
      ticket([{ ...kopi, quantity: 3 }, { ...teh, quantity: 4, status: "voided" }, { ...teh, quantity: 1 }]),
    ]);
    expect(counts.map((count) => [count.names["id"], count.quantity])).toEqual([["Kopi", 5], ["Teh", 1]]);
  });
});

describe("the board", () => {
  it("fills the first row in order, then wherever there is room highest up", () => {
    const { places, width } = pack([300, 100, 200, 50, 50], 1000, 300, 10);
    expect(width).toBe(326);
    expect(places).toEqual([{ x: 0, y: 0 }, { x: 336, y: 0 }, { x: 672, y: 0 }, { x: 336, y: 110 }, { x: 336, y: 170 }]);
  });

  it("has one column on a screen that is narrower than a card", () => {
    expect(pack([10, 10], 200, 300, 10).places).toEqual([{ x: 0, y: 0 }, { x: 0, y: 20 }]);
  });
});

describe("contact with the box", () => {
  const at = (ms: number) => ({ wallMs: 1_000_000 + ms, runMs: ms });
  const beat = (atMs: number, more: Partial<BoxStatus> = {}) => ({ online: true, at_ms: 5_000_000 + atMs, boot: "b", position: 1, ...more }) as BoxStatus;

  it("is lost after silence, within ten seconds", () => {
    const heard = beaten(beginning(at(0)), beat(0), false, at(0));
    expect([8_000, 9_000].map((ms) => isStale(heard, at(ms)))).toEqual([false, true]);
  });

  it("does not come back with what the broker kept of a box that is gone", () => {
    const heard = beaten(beginning(at(0)), beat(0), false, at(0));
    const kept = beaten(heard, beat(0), true, at(30_000));
    expect(isStale(kept, at(30_000))).toBe(true);
    const fresh = beaten(heard, beat(28_000), true, at(30_000));
    expect(isStale(fresh, at(30_000))).toBe(false);
  });

  it("is lost at once when the broker says so, and survives a clock that is put back", () => {
    const heard = beaten(beginning(at(0)), beat(0), false, at(0));
    expect(isStale(beaten(heard, beat(0, { online: false }), false, at(1)), at(1))).toBe(true);
    expect(isStale(heard, { wallMs: 1_000_000 - 3_600_000, runMs: 1_000 })).toBe(false);
    expect(isStale(heard, { wallMs: 1_000_000 - 3_600_000, runMs: 12_000 })).toBe(true);
  });
});

describe("keys", () => {
  it("know keyboards, keypads and bump bars", () => {
    const names = ["Digit1", "Numpad9", "ArrowRight", "Enter", "Space", "KeyR", "KeyQ"];
    expect(names.map((code) => actionOf(DEFAULT_KEYS, { code, key: "" }))).toEqual(["1", "9", "next", "bump", "bump_ticket", "recall", undefined]);
  });

  it("are taught: the key does this and nothing else, and it is kept", () => {
    const map = taught(DEFAULT_KEYS, "recall", "Enter");
    expect(actionOf(map, { code: "Enter", key: "Enter" })).toBe("recall");
    expect(map.bump).toEqual(["NumpadEnter"]);
    expect(readKeys(JSON.stringify(map))).toEqual(map);
  });

  it("are the standard ones when what was kept cannot be read", () => {
    for (const kept of [null, "", "{", "7", '{"bump":"Enter"}']) expect(readKeys(kept)).toEqual(DEFAULT_KEYS);
  });
});

describe("taps", () => {
  const tap = (target: string, atMs: number, more = {}) => ({ target, x: 100, y: 100, atMs, movedMs: -Infinity, ...more });

  it("twice on the same thing is once", () => {
    const guard = new TapGuard();
    expect([0, 200, 3_000].map((ms) => guard.allows(tap("a", ms)))).toEqual([true, false, true]);
  });

  it("on what has slid under the finger is not meant; elsewhere it is", () => {
    const guard = new TapGuard();
    expect(guard.allows(tap("a", 0))).toBe(true);
    expect(guard.allows(tap("b", 300))).toBe(false);
    expect(guard.allows(tap("c", 400, { x: 700 }))).toBe(true);
    expect(guard.allows(tap("d", 2_000, { movedMs: 1_900 }))).toBe(false);
  });

  it("of the same digit in a row are one press", () => {
    const guard = new DigitGuard();
    expect([["1", 0], ["1", 200], ["2", 300], ["1", 1_500]].map(([d, ms]) => guard.allows(d as string, ms as number))).toEqual([true, false, true, true]);
  });
});

describe("a key", () => {
  it("means who stood there when the cook looked, not who has just slid there", () => {
    const places = new Places();
    places.show(["a", "b", "c"], 0);
    expect(places.meant(0, 5_000)).toBe("a");
    places.show(["b", "c"], 10_000);
    expect([places.meant(0, 10_100), places.meant(1, 10_399), places.meant(0, 10_400)]).toEqual(["a", "b", "b"]);
  });

  it("pressed before the board changed is judged by the board before, however late it is heard", () => {
    const places = new Places();
    places.show(["a", "b"], 0);
    places.show(["b"], 9_000);
    places.show([], 9_300);
    expect(places.meant(0, 8_990)).toBe("a");
  });

  it("for a place that was empty means who has come there", () => {
    const places = new Places();
    expect(places.meant(0, 100)).toBe("");
    places.show(["a"], 1_000);
    expect([places.meant(0, 1_200), places.meant(4, 2_000)]).toEqual(["a", ""]);
    for (let n = 0; n < 1_000; n++) places.show([`t${n}`], 2_000 + n);
    expect(places.meant(0, 3_000)).toBe("t600");
  });
});

describe("the recall list", () => {
  const bumped = (id: string): Bumped => ({ ticket: ticket([{}], { ticket_id: id }), lineIds: ["l0"], atMs: 0 });

  it("holds the newest ones, each once, also those that another display bumped", () => {
    let list: Bumped[] = [];
    for (let n = 0; n < 100; n++) list = withBumped(list, bumped(`t${n}`));
    expect([list.length, list[0]!.ticket.ticket_id]).toEqual([RECALL_MAX, "t99"]);
    expect(withGone(list, list[0]!.ticket, 1)).toEqual(list);
    expect(withGone(list, bumped("elsewhere").ticket, 1)[0]!.ticket.ticket_id).toBe("elsewhere");
    expect(readBumped("nonsense")).toEqual([]);
  });
});

describe("this device", () => {
  it("keeps its id, goes by its pairing while it has one, and takes the lowest free number", async () => {
    const held = new Map<string, string>();
    const memory = { getItem: (k: string) => held.get(k) ?? null, setItem: (k: string, v: string) => void held.set(k, v), removeItem: (k: string) => void held.delete(k) };
    expect(deviceId(memory)).toBe(deviceId(memory));
    const paired = { device: "paired", name: "Grill kiri" };
    const away = () => Promise.reject(new Error("away"));
    expect((await identify(memory, async () => null)).device).toBe(deviceId(memory));
    expect(await identify(memory, async () => paired)).toEqual(paired);
    expect(await identify(memory, away)).toEqual(paired);
    expect((await identify(memory, async () => null)).device).toBe(deviceId(memory));
    expect((await identify(memory, away)).device).toBe(deviceId(memory));
    expect(nextName("Grill", new Set(["Grill 1", "Grill 3", "Bar 2"]))).toBe("Grill 2");
  });
});

describe("payloads from the LAN", () => {
  it("that are none change nothing", () => {
    for (const bad of ["", "{", "null", "[]", "7", '{"ticket_id":"t"}', '{"ticket_id":"t","order_id":"o","station_id":"s","lines":[null]}']) {
      expect(readTicket(bad)).toBeUndefined();
    }
    expect(readStatus('{"online":"yes"}')).toBeUndefined();
  });

  it("of an older box are filled in", () => {
    const old = { ticket_id: "t", order_id: "o", station_id: "s", number: "A1", position: 3, fired_ms: 9, lines: [{ line_id: "l", status: "fired", quantity: 2 }] };
    const read = readTicket(JSON.stringify(old))!;
    expect([read.rush, read.waiting_courses, read.lines[0]!.allergens, read.lines[0]!.added]).toEqual([false, [], [], false]);
  });
});

describe("proof", () => {
  function reporter() {
    const sent: ShownTicket[][] = [];
    const frames: (() => void)[] = [];
    const world = { visible: true, works: true, cards: new Set<string>() };
    const shown = new ShownReporter({
      publish: async (tickets) => {
        if (!world.works) throw new Error("no line");
        sent.push(tickets);
      },
      picture: (id) => (world.cards.has(id) ? { ticket_id: id, order_id: "o", station_id: "s", position: 1, line_ids: ["l"] } : null),
      visible: () => world.visible,
      afterFrame: (run) => void frames.push(run),
    });
    const draw = (...ids: string[]) => ids.forEach((id) => (world.cards.add(id), shown.drawn(id)));
    const frame = async () => {
      frames.splice(0).forEach((run) => run());
      await Promise.resolve();
      await Promise.resolve();
    };
    return { shown, sent, world, draw, frame, told: () => sent.splice(0).map((batch) => batch.map((t) => t.ticket_id)) };
  }

  it("is told once per frame, and only when the frame is out", async () => {
    const { draw, frame, told } = reporter();
    draw("a", "b");
    expect(told()).toEqual([]);
    await frame();
    expect(told()).toEqual([["a", "b"]]);
    await frame();
    expect(told()).toEqual([]);
  });

  it("is not told of a page that nobody sees, nor of a card that is not in it", async () => {
    const { shown, world, draw, frame, told } = reporter();
    world.visible = false;
    draw("a", "b");
    await frame();
    expect(told()).toEqual([]);
    world.visible = true;
    world.cards.delete("b");
    shown.retry();
    await frame();
    expect(told()).toEqual([["a"]]);
  });

  it("that did not get through is told again; after a reconnect all of it is", async () => {
    const { shown, world, draw, frame, told } = reporter();
    world.works = false;
    draw("a");
    await frame();
    world.works = true;
    shown.retry();
    await frame();
    expect(told()).toEqual([["a"]]);
    shown.again();
    await frame();
    expect(told()).toEqual([["a"]]);
  });

  it("holds nothing of cards that are gone, and splits what is much", async () => {
    const { shown, draw, frame, told } = reporter();
    draw(...Array.from({ length: 120 }, (_, n) => `t${n}`));
    await frame();
    expect(told().map((batch) => batch.length)).toEqual([50, 50, 20]);
    for (let n = 0; n < 120; n++) shown.gone(`t${n}`);
    expect(shown.size).toBe(0);
  });
});

describe("a ticket of the pass", () => {
  const at = (station_ids: string[], made: string[], more = {}) => ({ station_ids, made, course: 1, ...more });

  it("gathers its lines by who makes them, and is ready when nothing is missing", () => {
    const half = ticket([at(["bar"], ["bar"]), at(["grill"], []), at(["bar"], [], { status: "voided" })], { expo: true });
    expect(groupsOf(half, half.lines).map((g) => [g.key, g.made, g.toMake])).toEqual([["bar", 1, 1], ["grill", 0, 1]]);
    expect(isReady(half)).toBe(false);
    const whole = ticket([at(["bar"], ["bar"]), at(["grill", "bar"], ["bar", "grill"])], { expo: true });
    expect(isReady(whole)).toBe(true);
    expect(isReady({ ...whole, expo: false })).toBe(false);
  });

  it("elsewhere lines are grouped by course, in their order, where there are several", () => {
    const two = ticket([{ course: 2 }, { course: 1 }, { course: 2 }]);
    expect(groupsOf(two, two.lines).map((g) => [g.course, g.lines.length])).toEqual([[1, 1], [2, 2]]);
    const one = ticket([{ course: 2 }, { course: 2 }]);
    expect(groupsOf(one, one.lines).map((g) => g.course)).toEqual([null]);
  });
});

describe("the pass of an outlet without a station for it", () => {
  const line = (id: string, stations: string[], more: Partial<Line> = {}) =>
    ({ line_id: id, station_ids: stations, bumped: [], status: "fired", fired_ms: 5, course: 1, quantity: 1, ...more }) as unknown as Line;
  const order = (id: string, lines: Line[], more: Partial<Order> = {}) =>
    ({ order_id: id, status: "fired", rush: false, placed_ms: 1, lines, ...more }) as unknown as Order;

  it("gathers each station's progress, and is ready when all are", () => {
    const half = order("o", [line("a", ["bar"], { bumped: ["bar"], status: "ready" }), line("b", ["grill", "bar"], { bumped: ["bar"] })]);
    const [seen] = onThePass([half]);
    expect(seen!.parts.map((p) => [p.stationId, p.done, p.toMake])).toEqual([["bar", 2, 2], ["grill", 0, 1]]);
    expect(seen!.ready).toBe(false);
    const whole = order("o", half.lines.map((l) => ({ ...l, status: "ready" as const })));
    expect(onThePass([whole])[0]!.ready).toBe(true);
  });

  it("announces what waits, shows what is struck until it is seen, and leaves out the rest", () => {
    const lines = [line("a", ["bar"], { status: "voided" }), line("b", ["bar"]), line("c", ["bar"], { fired_ms: null, status: "waiting" as Line["status"], course: 2 })];
    const [seen] = onThePass([order("o", lines), order("held", [line("x", ["bar"])], { status: "held" })]);
    expect(seen!.waiting).toEqual([2]);
    expect(seen!.parts[0]!.lines.map((l) => l.line_id)).toEqual(["a", "b"]);
    expect(seen!.parts[0]!.toMake).toBe(1);
  });
});
