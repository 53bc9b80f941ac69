import { describe, expect, it } from "vitest";
import type { OutletView, ReplicationState, Witness } from "./hq";
import { concernsOf, differences, markOf, standingOf } from "./standing";

const NOW = 10_000_000;
const REPLICATION: ReplicationState = {
  term: 1,
  acknowledged: 9,
  replicated: 12,
  parked_at_box: 0,
  parked_at_hq: 0,
  unsent: 0,
  oldest_unsent_ms: null,
  boxes: [],
  alarms: [],
  refused: null,
  oddities: [],
  backup_ms: null,
  newest_backup_ms: null,
  cards: 0,
};
const WELL = {
  state: "complete",
  unsent: 0,
  lag: 0,
  menu_version: 3,
  menu_current: 3,
  price_version: null,
  price_current: 0,
  clock_offset_ms: 40,
  replication: REPLICATION,
} as unknown as OutletView;
const outlet = (changes: Partial<OutletView>, replication: Partial<ReplicationState> = {}): OutletView => ({
  ...WELL,
  ...changes,
  replication: { ...REPLICATION, ...replication },
});
const WITNESS: Witness = { server_ms: NOW, streams: [], head: 12, distinct: 12, projected: 12, parked: 0, cards: 0 };

describe("how an outlet stands", () => {
  it("is well only when nothing is missing and nobody is worried", () => {
    expect(standingOf(WELL, NOW)).toBe("well");
    expect(standingOf(outlet({ unsent: 4 }), NOW)).toBe("sending");
    expect(standingOf(outlet({ lag: 1 }), NOW)).toBe("sending");
    expect(standingOf(outlet({}, { parked_at_hq: 1 }), NOW)).toBe("attention");
    const alarm = { code: "disk_filling", since_ms: 1, sentence: { en: "", id: "" } };
    expect(standingOf(outlet({}, { alarms: [alarm] }), NOW)).toBe("attention");
  });

  it("says silence first: what a silent box said before is old", () => {
    expect(standingOf(outlet({ state: "silent" }, { parked_at_hq: 1 }), NOW)).toBe("silent");
  });

  it("names each concern", () => {
    const odd = outlet(
      { menu_version: 2, clock_offset_ms: -40_000, price_version: 1, price_current: 4 },
      { refused: { times: 3, last_code: "x", last_sentence: "", last_ms: NOW - 1 }, parked_at_box: 2 },
    );
    expect(concernsOf(odd, NOW).map((c) => [c.kind, c.count])).toEqual([
      ["parked_at_box", 2],
      ["menu", 1],
      ["prices", 3],
      ["clock", 1],
      ["refused", 3],
    ]);
    expect(concernsOf(odd, NOW + 4_000_000).map((c) => c.kind)).not.toContain("refused");
  });
});

describe("comparing", () => {
  it("finds nothing where both hold the same", () => {
    expect(differences(WELL, WITNESS)).toEqual([]);
  });

  it("names where they part", () => {
    const oddity = { kind: "diverged", subject: "", detail: "", times: 1, last_ms: NOW };
    const odd = outlet({ state: "silent", unsent: 2 }, { oddities: [oddity] });
    expect(differences(odd, { ...WITNESS, projected: 11, parked: 1 })).toEqual([
      "silent",
      "unsent",
      "uncounted",
      "parked",
      "diverged",
    ]);
  });

  it("shows a chain as four and four signs", () => {
    expect(markOf("fz+cIQAA")).toBe("7F3F 9C21");
  });
});
