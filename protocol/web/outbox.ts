/**
 * Commands are kept on the device until the box has answered them, and a little longer.
 *
 * A command gets its id once and is written to IndexedDB before it is first sent; every further
 * try sends the same bytes, so the box can answer a repeat with its first answer. After the answer
 * it stays as a copy until the box has replicated it: should the box be replaced meanwhile
 * (its `boot` changes), the copies are offered again and nothing a guest ordered is lost.
 */

import { Dexie, type EntityTable } from "dexie";
import { Fault, type Refused } from "./box";
import { mint } from "./ids";
import type { Accepted, Command, Envelope, Heartbeat } from "./wire";

const COPIES_MAX = 2_000;
const OFFERED_AT_ONCE = 100;
const PAUSE_MS = { first: 400, most: 6_000 };

export type Answer = Accepted | Refused;

interface Kept {
  command_id: string;
  envelope: Envelope;
  /** Journal position of the answer; -1 while there is none. */
  position: number;
}

/** Where commands are kept. The memory one serves tests, and devices without storage. */
export interface Shelf {
  load(): Promise<Kept[]>;
  put(kept: Kept): Promise<void>;
  remove(commandIds: string[]): Promise<void>;
}

export interface OutboxOptions {
  screen: string;
  shelf: Shelf;
  send(envelope: Envelope): Promise<Answer>;
  /** Send copies again, many at once, to a box that has started anew. Without it none are kept. */
  offer?(envelopes: Envelope[]): Promise<Answer[]>;
  /** How many commands wait for an answer, each time that changes. */
  waiting(count: number): void;
  /** A command kept from an earlier visit was refused: a person must hear of it. */
  refusedLater(envelope: Envelope, refusal: Refused): void;
}

export class Outbox {
  #queue: Envelope[] = [];
  #copies = new Map<string, Kept>();
  #hopes = new Map<string, (answer: Answer) => void>();
  #once = new Map<string, Promise<Answer>>();
  #running = false;
  #offering = false;
  #boot = "";
  #pauseMs = PAUSE_MS.first;
  #wake: (() => void) | null = null;

  constructor(private readonly options: OutboxOptions) {}

  /** Take up what an earlier visit left behind. */
  async open(): Promise<void> {
    for (const kept of await this.options.shelf.load()) {
      if (kept.position < 0) this.#queue.push(kept.envelope);
      else this.#copies.set(kept.command_id, kept);
    }
    this.#queue = inOrder(this.#queue);
    this.#told();
    this.nudge();
  }

  /**
   * Keep a command and send it; resolves with the box's answer, however long that takes.
   * While one with the same `once` is unanswered, it is that one: a double tap is one command.
   */
  submit(command: Command, once: string): Promise<Answer> {
    const already = this.#once.get(once);
    if (already) return already;
    const envelope: Envelope = {
      command_id: mint(),
      command,
      screen: this.options.screen,
      device_ms: Date.now(),
    };
    const answered = new Promise<Answer>((hope) => this.#hopes.set(envelope.command_id, hope));
    const settled = answered.finally(() => this.#once.delete(once));
    this.#once.set(once, settled);
    void this.#keep(envelope);
    return settled;
  }

  /** Commands that have no answer yet, oldest first. */
  get unanswered(): readonly Envelope[] {
    return this.#queue;
  }

  /** Try now instead of when the pause is over; called when contact is found again. */
  nudge(): void {
    this.#pauseMs = PAUSE_MS.first;
    this.#wake?.();
    void this.#run();
  }

  /** What the box says of itself: drop copies it has replicated, offer the others to a new one. */
  async heard(beat: Pick<Heartbeat, "boot" | "position" | "unsent">): Promise<void> {
    if (this.#boot !== "" && beat.boot !== this.#boot && !(await this.#offerCopies())) return;
    this.#boot = beat.boot;
    if (beat.unsent > 0) return;
    const safe = [...this.#copies.values()].filter((kept) => kept.position <= beat.position);
    for (const kept of safe) this.#copies.delete(kept.command_id);
    if (safe.length > 0) {
      await this.#quietly(() => this.options.shelf.remove(safe.map((k) => k.command_id)));
    }
  }

  async #keep(envelope: Envelope): Promise<void> {
    this.#queue.push(envelope);
    this.#told();
    // A device that cannot store still sends: the guest is at the counter now.
    await this.#quietly(() =>
      this.options.shelf.put({ command_id: envelope.command_id, envelope, position: -1 }),
    );
    await this.#run();
  }

  /** One sender, oldest first: a payment never overtakes its order. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#queue[0]; next; next = this.#queue[0]) {
        const answer = await this.#try(next);
        if (answer === null) continue;
        this.#queue = this.#queue.filter((e) => e.command_id !== next.command_id);
        await this.#quietly(() => this.#file(next, answer));
        this.#told();
        this.#settle(next, answer);
      }
    } finally {
      this.#running = false;
    }
  }

  async #try(envelope: Envelope): Promise<Answer | null> {
    try {
      const answer = await this.options.send(envelope);
      this.#pauseMs = PAUSE_MS.first;
      return answer;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await this.#pause(error.retryAfterMs ?? this.#pauseMs * (0.5 + Math.random() / 2));
      this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS.most);
      return null;
    }
  }

  #settle(envelope: Envelope, answer: Answer): void {
    const hope = this.#hopes.get(envelope.command_id);
    this.#hopes.delete(envelope.command_id);
    if (hope) hope(answer);
    else if (answer.type === "refused") this.options.refusedLater(envelope, answer);
  }

  async #file(envelope: Envelope, answer: Answer): Promise<void> {
    if (answer.type === "refused" || !this.options.offer) {
      return this.options.shelf.remove([envelope.command_id]);
    }
    const kept = { command_id: envelope.command_id, envelope, position: answer.position };
    this.#copies.set(kept.command_id, kept);
    await this.options.shelf.put(kept);
    const over = [...this.#copies.keys()].slice(0, Math.max(0, this.#copies.size - COPIES_MAX));
    for (const id of over) this.#copies.delete(id);
    if (over.length > 0) await this.options.shelf.remove(over);
  }

  /** Returns whether all copies were offered; if not, the next heartbeat tries again. */
  async #offerCopies(): Promise<boolean> {
    const { offer } = this.options;
    if (!offer || this.#copies.size === 0) return true;
    if (this.#offering) return false;
    this.#offering = true;
    try {
      const copies = inOrder([...this.#copies.values()].map((kept) => kept.envelope));
      for (let at = 0; at < copies.length; at += OFFERED_AT_ONCE) {
        const some = copies.slice(at, at + OFFERED_AT_ONCE);
        const answers = await offer(some);
        some.forEach((envelope, i) => this.#offered(envelope, answers[i]));
      }
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return false;
    } finally {
      this.#offering = false;
    }
  }

  /** A box that lost an order and now refuses it: people must hear of that. */
  #offered(envelope: Envelope, answer: Answer | undefined): void {
    if (answer?.type !== "refused" || envelope.command.type !== "order.place") return;
    if (answer.code !== "duplicate_id") this.options.refusedLater(envelope, answer);
  }

  #told(): void {
    this.options.waiting(this.#queue.length);
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
    this.#wake = null;
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      console.warn("this device could not keep a command", error);
    }
  }
}

/** Ids are minted in time's order, so a payment stays behind its order. */
function inOrder(envelopes: Envelope[]): Envelope[] {
  return [...envelopes].sort((a, b) => (a.command_id < b.command_id ? -1 : 1));
}

/** Commands on this device's own disk, one database per kind of screen. */
export function indexedShelf(screen: string): Shelf {
  const database = new Dexie(`kedai-${screen}`) as Dexie & {
    commands: EntityTable<Kept, "command_id">;
  };
  database.version(1).stores({ commands: "command_id" });
  return {
    load: () => database.commands.toArray(),
    put: async (kept) => {
      await database.commands.put(kept);
    },
    remove: (commandIds) => database.commands.bulkDelete(commandIds),
  };
}

export function memoryShelf(): Shelf {
  const kept = new Map<string, Kept>();
  return {
    load: async () => [...kept.values()],
    put: async (one) => void kept.set(one.command_id, one),
    remove: async (ids) => ids.forEach((id) => kept.delete(id)),
  };
}
