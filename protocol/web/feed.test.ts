import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Feed } from "./feed";

/** An EventSource whose other end is this test. */
class Line extends EventTarget {
  static all: Line[] = [];
  onerror: (() => void) | null = null;
  open = true;

  constructor() {
    super();
    Line.all.push(this);
  }
  close(): void {
    this.open = false;
  }
  say(kind: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }));
  }
}

const lines = () => Line.all.filter((line) => line.open);
let page: EventTarget & { hidden: boolean };
let heard: unknown[];
let contacts: boolean[];
let feed: Feed;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Line);
  page = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal("document", page);
  Line.all = [];
  heard = [];
  contacts = [];
  feed = new Feed("/api/feed", {
    message: (kind, message) => heard.push([kind, message]),
    contact: (alive) => contacts.push(alive),
  });
  feed.open();
});

afterEach(() => {
  feed.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function look(away: boolean): void {
  page.hidden = away;
  page.dispatchEvent(new Event("visibilitychange"));
}

describe("the feed", () => {
  it("hands on what it hears", () => {
    lines()[0]!.say("snapshot", { position: 3 });
    expect([heard, contacts]).toEqual([[["snapshot", { position: 3 }]], [true]]);
  });

  it("takes ten silent seconds for a loss, and starts over", () => {
    lines()[0]!.say("heartbeat", {});
    vi.advanceTimersByTime(9_900);
    expect(contacts).toEqual([true]);
    vi.advanceTimersByTime(200);
    expect([contacts, lines().length]).toEqual([[true, false], 0]);
    vi.advanceTimersByTime(1_000);
    expect(lines()).toHaveLength(1);
  });

  it("waits longer from try to try, and never longer than some seconds", () => {
    for (let i = 0; i < 8; i++) {
      lines()[0]!.onerror!();
      vi.advanceTimersByTime(8_000);
    }
    lines()[0]!.onerror!();
    vi.advanceTimersByTime(3_900);
    expect(lines()).toHaveLength(0);
    vi.advanceTimersByTime(4_200);
    expect(lines()).toHaveLength(1);
  });

  it("lets go of its line while nobody looks, without calling it a loss", () => {
    lines()[0]!.say("heartbeat", {});
    look(true);
    for (let i = 0; i < 7; i++) {
      vi.advanceTimersByTime(9_000);
      lines()[0]?.say("heartbeat", {});
    }
    expect(lines()).toHaveLength(0);
    expect(contacts).not.toContain(false);
    look(false);
    expect(lines()).toHaveLength(1);
  });
});
