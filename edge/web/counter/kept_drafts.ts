/**
 * Orders that are being entered, kept on this device until they are sent. Each page of the counter has
 * one of its own, so two tabs never write over each other. A page that starts goes on with its own; one
 * that has none takes up the newest that no page holds any more: its tab was closed, or the device died.
 */

import { Dexie, type Table } from "dexie";
import { mint } from "$web/ids";

/** What is older than a shift is nobody's order any more. */
const KEPT_MS = 12 * 3600 * 1000;
/** Tabs at one device; beyond it the oldest draft goes. */
const DRAFTS_MAX = 20;
/** How long a page that holds a draft has to say so. One that says nothing hears that it went over. */
const ANSWER_MS = 300;
const WRITE_AFTER_MS = 120;
/** A browser whose storage hangs must not keep anybody from selling. */
const PATIENCE_MS = 1_500;
const OWN = "kedai.counter.draft";
const CHANNEL = "kedai.counter.drafts";

interface Row<Body> {
  slot: string;
  /** The page that holds it. */
  page: string;
  atMs: number;
  body: Body;
}

/** What this tab remembers over a reload. `left`: that page went away; a copy of the tab has it unset. */
interface Own {
  slot: string;
  page: string;
  left: boolean;
}

type Word = { ask: string } | { held: string; to: string } | { taken: string; by: string };

export class KeptDrafts<Body> {
  readonly #page = mint();
  #slot = mint();
  #database = new Dexie("kedai-counter-drafts") as Dexie & { drafts: Table<Row<Body>, string> };
  #channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null;
  /** Slots that other pages say they hold, while we ask. */
  #held = new Set<string>();
  /** What is to be written: a draft, null for none; undefined when all is. */
  #pending: Body | null | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `taken`: another page has this draft now, so it is no longer this one's. */
  constructor(private readonly taken: () => void = () => undefined) {
    this.#database.version(1).stores({ drafts: "slot" });
    this.#channel?.addEventListener("message", (event: MessageEvent<Word>) => this.#heard(event.data));
  }

  /** The draft to go on with, or null. A device that cannot keep anything has none. */
  async open(): Promise<Body | null> {
    addEventListener("pagehide", this.#leave);
    addEventListener("pageshow", this.#note);
    const own = read();
    // One that comes too late is left where it is: this page never writes to it, another one finds it.
    const late = new Promise<null>((done) => setTimeout(() => done(null), PATIENCE_MS));
    const row = await Promise.race([this.#claim(own).catch(() => null), late]);
    if (row) this.#slot = row.slot;
    else if (own?.left) this.#slot = own.slot;
    this.#note();
    return row?.body ?? null;
  }

  /** Keep this in place of what was kept before; null when there is nothing to keep. */
  keep(body: Body | null): void {
    this.#pending = body;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#write(), WRITE_AFTER_MS);
  }

  close(): void {
    removeEventListener("pagehide", this.#leave);
    removeEventListener("pageshow", this.#note);
    clearTimeout(this.#timer);
    this.#channel?.close();
    this.#database.close();
  }

  async #claim(own: Own | null): Promise<Row<Body> | null> {
    const { drafts } = this.#database;
    const rows = (await drafts.toArray()).sort((a, b) => b.atMs - a.atMs);
    const old = rows.filter((row, i) => i >= DRAFTS_MAX || Math.abs(Date.now() - row.atMs) > KEPT_MS);
    await drafts.bulkDelete(old.map((row) => row.slot));
    const fresh = rows.filter((row) => !old.includes(row));
    const mine = fresh.find((row) => row.slot === own?.slot);
    // Nobody else writes to what our former self left behind, so nobody needs to be asked.
    const sure = mine && own?.left === true && mine.page === own.page;
    if (fresh.length > 0 && !sure) await this.#ask();
    for (const row of mine ? [mine, ...fresh] : fresh) {
      if (!this.#held.has(row.slot) && (await this.#take(row))) return row;
    }
    return null;
  }

  /** Two pages that start at once both want it: the first to write has it. */
  async #take(row: Row<Body>): Promise<boolean> {
    const { drafts } = this.#database;
    const won = await this.#database.transaction("rw", drafts, async () => {
      const now = await drafts.get(row.slot);
      if (now?.page !== row.page) return false;
      await drafts.put({ ...row, page: this.#page });
      return true;
    });
    if (won) this.#say({ taken: row.slot, by: this.#page });
    return won;
  }

  async #write(): Promise<void> {
    const body = this.#pending;
    if (body === undefined) return;
    const { drafts } = this.#database;
    try {
      const ours = await this.#database.transaction("rw", drafts, async () => {
        const now = await drafts.get(this.#slot);
        if (now && now.page !== this.#page) return false;
        if (body === null) await drafts.delete(this.#slot);
        else await drafts.put(this.#row(body));
        return true;
      });
      if (!ours) this.#lose();
      else if (this.#pending === body) this.#pending = undefined;
    } catch (fault) {
      // Without storage the order lives as long as the page.
      console.warn("this device could not keep the order being entered", fault);
    }
  }

  /** The page goes away: what was not written yet is now, in one go, for nothing is run afterwards. */
  #leave = (): void => {
    const body = this.#pending;
    clearTimeout(this.#timer);
    remember({ slot: this.#slot, page: this.#page, left: true });
    if (body === undefined) return;
    try {
      const writing = this.#database.backendDB().transaction("drafts", "readwrite");
      if (body === null) writing.objectStore("drafts").delete(this.#slot);
      else writing.objectStore("drafts").put(this.#row(body));
      writing.commit();
    } catch {
      // The storage is closed or was never there.
    }
  };

  /** Also when the browser brings the page back as it was. */
  #note = (): void => remember({ slot: this.#slot, page: this.#page, left: false });

  #row(body: Body): Row<Body> {
    return { slot: this.#slot, page: this.#page, atMs: Date.now(), body };
  }

  async #ask(): Promise<void> {
    if (!this.#channel) return;
    this.#say({ ask: this.#page });
    await new Promise((done) => setTimeout(done, ANSWER_MS));
  }

  #heard(word: Word): void {
    if ("ask" in word) this.#say({ held: this.#slot, to: word.ask });
    else if ("held" in word) word.to === this.#page && this.#held.add(word.held);
    else if (word.taken === this.#slot && word.by !== this.#page) this.#lose();
  }

  /** From now on this page keeps another one. */
  #lose(): void {
    this.#slot = mint();
    this.#pending = undefined;
    this.#note();
    this.taken();
  }

  #say(word: Word): void {
    this.#channel?.postMessage(word);
  }
}

function read(): Own | null {
  try {
    return JSON.parse(sessionStorage.getItem(OWN) ?? "null") as Own | null;
  } catch {
    return null;
  }
}

function remember(own: Own): void {
  try {
    sessionStorage.setItem(OWN, JSON.stringify(own));
  } catch {
    // Without it the tab takes up its draft as any other page would.
  }
}
