import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Dexie } from "dexie";
import { KeptDrafts } from "./kept_drafts";

type Order = { dish: string };

/** A tab: what it remembers over reloads, and the page in it. Only one page runs scripts at a time. */
class Tab {
  remembers = new Map<string, string>();
  page!: KeptDrafts<Order>;
  lost = 0;
  #leave: (() => void)[] = [];

  async load(): Promise<Order | null> {
    this.stand();
    vi.stubGlobal("addEventListener", (kind: string, heard: () => void) => {
      if (kind === "pagehide") this.#leave.push(heard);
    });
    vi.stubGlobal("removeEventListener", () => undefined);
    this.page = new KeptDrafts<Order>(() => this.lost++);
    pages.push(this.page);
    return this.page.open();
  }

  /** Its scripts are the ones that run now. */
  stand(): void {
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => this.remembers.get(key) ?? null,
      setItem: (key: string, value: string) => this.remembers.set(key, value),
    });
  }

  /** The tab goes to another page, or is closed: the page may say goodbye. */
  async leave(): Promise<void> {
    this.stand();
    this.#leave.splice(0).forEach((heard) => heard());
    await soon();
    this.page.close();
  }

  /** Power goes, or the browser falls over. */
  die(): void {
    this.#leave = [];
    this.page.close();
  }
}

let pages: KeptDrafts<Order>[] = [];
const soon = (ms = 20) => new Promise((done) => setTimeout(done, ms));
const written = () => soon(200);

describe("the order that is being entered", () => {
  beforeEach(() => {
    Dexie.dependencies.indexedDB = globalThis.indexedDB = new IDBFactory();
  });
  afterEach(() => {
    pages.forEach((page) => page.close());
    pages = [];
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("comes back after a reload, also what was typed the moment before", async () => {
    const tab = new Tab();
    expect(await tab.load()).toBeNull();
    tab.page.keep({ dish: "soto" });
    await written();
    tab.page.keep({ dish: "soto ayam" });
    await tab.leave();
    expect(await tab.load()).toEqual({ dish: "soto ayam" });
  });

  it("is gone once it is sent", async () => {
    const tab = new Tab();
    await tab.load();
    tab.page.keep({ dish: "soto" });
    await written();
    tab.page.keep(null);
    await tab.leave();
    expect(await tab.load()).toBeNull();
  });

  it("is one of its own in each tab, also in a copy of a tab", async () => {
    const [first, second] = [new Tab(), new Tab()];
    await first.load();
    first.page.keep({ dish: "soto" });
    await written();
    expect(await second.load()).toBeNull();
    second.page.keep({ dish: "rawon" });
    await written();
    const copy = new Tab();
    copy.remembers = new Map(first.remembers);
    expect(await copy.load()).toBeNull();
    copy.page.keep({ dish: "gado-gado" });
    await written();
    for (const [tab, dish] of [[first, "soto"], [second, "rawon"], [copy, "gado-gado"]] as const) {
      await tab.leave();
      expect(await tab.load()).toEqual({ dish });
    }
  });

  it("of a tab that was closed or died goes on in the next one that opens, once", async () => {
    const closed = new Tab();
    await closed.load();
    closed.page.keep({ dish: "soto" });
    await closed.leave();
    const next = new Tab();
    expect(await next.load()).toEqual({ dish: "soto" });
    next.page.keep({ dish: "soto ayam" });
    await written();
    next.die();
    const [one, two] = [new Tab(), new Tab()];
    const begun = one.load();
    const alsoBegun = two.load();
    const found = [await begun, await alsoBegun].filter((each) => each !== null);
    expect(found).toEqual([{ dish: "soto ayam" }]);
  });

  it("that another page took over is no longer this one's", async () => {
    const frozen = new Tab();
    await frozen.load();
    frozen.page.keep({ dish: "soto" });
    await written();
    // It cannot answer: its messages wait until it is thawed.
    const deaf = vi.spyOn(BroadcastChannel.prototype, "postMessage").mockImplementation(() => undefined);
    const other = new Tab();
    expect(await other.load()).toEqual({ dish: "soto" });
    deaf.mockRestore();
    frozen.page.keep({ dish: "soto twice" });
    await written();
    expect(frozen.lost).toBe(1);
    await other.leave();
    expect(await other.load()).toEqual({ dish: "soto" });
  });

  it("is nobody's after a shift", async () => {
    const tab = new Tab();
    await tab.load();
    tab.page.keep({ dish: "soto" });
    await tab.leave();
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 13 * 3600 * 1000);
    expect(await new Tab().load()).toBeNull();
    vi.restoreAllMocks();
    expect(await tab.load()).toBeNull();
  });

  it("lives as long as the page where nothing can be kept", async () => {
    Dexie.dependencies.indexedDB = undefined as unknown as IDBFactory;
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const tab = new Tab();
    expect(await tab.load()).toBeNull();
    tab.page.keep({ dish: "soto" });
    await written();
    expect(warned).toHaveBeenCalledOnce();
    vi.restoreAllMocks();
  });
});
