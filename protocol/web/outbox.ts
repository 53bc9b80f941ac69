/**
 * Commands are kept on the device until HQ has them, not merely until the box has answered.
 *
 * A command gets its id once and is written to IndexedDB before it is first sent; every further
 * try sends the same bytes, so the box can answer a repeat with its first answer. After the answer
 * it stays as a copy, marked with the `boot` that gave it, until that boot says that HQ confirmed
 * its position. A box that speaks under another boot was started anew, restored or replaced: the
 * copies are offered to it again, also after a reload of this page, and nothing a guest ordered is
 * lost.
 */

import { Dexie, type EntityTable } from "dexie";
import { Fault, SIGN_IN_FIRST, SignInFirst, type Refused } from "./box";
import { mint } from "./ids";
import { steadyMs } from "./steady";
import type { Accepted, Command, Envelope, Heartbeat, Order } from "./wire";

/** A week without internet at a busy screen; beyond it the oldest copies go, the box still has them. */
const COPIES_MAX = 20_000;
const OFFERED_AT_ONCE = 50;
/** Refusals of a box that is not itself yet, or stands by: the copy is offered at the next heartbeat. */
const PASSES = new Set([
  ...["not_ready", "unknown_order", "busy", "stopping", "standby", "disk_full"],
  SIGN_IN_FIRST,
]);
const BEAT_PATIENCE_MS = 12_000;
const PAUSE_MS = { first: 400, most: 6_000 };

export type Answer = Accepted | Refused;

interface Kept {
  command_id: string;
  envelope: Envelope;
  /** Journal position of the answer; -1 while there is none. */
  position: number;
  /** The boot that gave it: positions of another mean nothing. */
  boot?: string;
  /** The order as that answer gave it: number and prices that a guest has on paper. */
  order?: Order | null;
  /** What that answer is known again by. */
  proof?: string;
  /** Who gave it: the session at the screen then. Somebody else may be signed in when it is sent. */
  session?: string;
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
  send(envelope: Envelope, session?: string): Promise<Answer>;
  /** Send copies again, many at once, to a box that has started anew. Without it none are kept. */
  offer?(envelopes: Envelope[], session?: string): Promise<Answer[]>;
  /** The token of whoever is signed in now; commands keep the one they were given under. */
  session?(): string;
  /** The box takes nothing from nobody: the sign-in is to be shown. What waits is kept. */
  signInFirst?(): void;
  /** How many commands wait for an answer, each time that changes. */
  waiting(count: number): void;
  /** A command kept from an earlier visit was refused: a person must hear of it. */
  refusedLater(envelope: Envelope, refusal: Refused): void;
}

export class Outbox {
  #queue: Envelope[] = [];
  #copies = new Map<string, Kept>();
  #sessions = new Map<string, string>();
  #hopes = new Map<string, (answer: Answer) => void>();
  #once = new Map<string, Promise<Answer>>();
  #running = false;
  #offering = false;
  #boot = "";
  #pauseMs = PAUSE_MS.first;
  /** When contact was lost while copies were kept, with no heartbeat since; 0 while all is well. */
  #lostMs = 0;
  #wake: (() => void) | null = null;

  constructor(private readonly options: OutboxOptions) {}

  /** Take up what an earlier visit left behind. */
  async open(): Promise<void> {
    for (const kept of await this.options.shelf.load()) {
      if (kept.session) this.#sessions.set(kept.command_id, kept.session);
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
    const session = this.options.session?.();
    if (session) this.#sessions.set(envelope.command_id, session);
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

  /** Commands without an answer that were given under this session; all that it brings once it ended. */
  waitingUnder(session: string): string[] {
    const ids = this.#queue.map((envelope) => envelope.command_id);
    return ids.filter((id) => this.#sessions.get(id) === session);
  }

  /** Try now instead of when the pause is over; called when contact is found again. */
  nudge(): void {
    this.#pauseMs = PAUSE_MS.first;
    this.#wake?.();
    void this.#run();
  }

  /** What the box says of itself: let go of what HQ has, offer a new boot what it may not have. */
  async heard(beat: Pick<Heartbeat, "boot" | "replicated">): Promise<void> {
    this.#boot = beat.boot;
    const copies = [...this.#copies.values()];
    const safe = copies.filter((k) => k.boot === beat.boot && k.position <= beat.replicated);
    for (const kept of safe) this.#letGo(kept.command_id);
    if (safe.length > 0) {
      await this.#quietly(() => this.options.shelf.remove(safe.map((k) => k.command_id)));
    }
    const signInFirst = await this.#offerCopies(beat.boot);
    // A new box knows nobody's session: what it forgot waits for a sign-in, and nothing overtakes it.
    this.#lostMs = signInFirst ? Date.now() : 0;
    if (this.#queue.length > 0) this.#wake?.();
  }

  async #keep(envelope: Envelope): Promise<void> {
    this.#queue.push(envelope);
    this.#told();
    // A device that cannot store still sends: the guest is at the counter now.
    await this.#quietly(() =>
      this.options.shelf.put({
        command_id: envelope.command_id,
        envelope,
        position: -1,
        session: this.#sessions.get(envelope.command_id),
      }),
    );
    await this.#run();
  }

  /** One sender, oldest first: a payment never overtakes its order. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#queue[0]; next; next = this.#queue[0]) {
        // A boot that is heard of while the answer is under way may not be the one that gave it.
        const boot = this.#boot;
        if (this.#mayHaveForgotten()) {
          await this.#pause(PAUSE_MS.first);
          continue;
        }
        const answer = await this.#try(next);
        if (answer === null) continue;
        this.#queue = this.#queue.filter((e) => e.command_id !== next.command_id);
        await this.#quietly(() => this.#file(next, answer, boot));
        this.#told();
        this.#settle(next, answer);
      }
    } finally {
      this.#running = false;
    }
  }

  /**
   * After contact was lost the box may be another, or an older one. What it may have forgotten is
   * offered first: a payment that overtook lost lines would close the order without them. A box
   * that takes commands but tells nothing is believed after a while.
   */
  #mayHaveForgotten(): boolean {
    return this.#lostMs > 0 && steadyMs() - this.#lostMs < BEAT_PATIENCE_MS;
  }

  async #try(envelope: Envelope): Promise<Answer | null> {
    try {
      const answer = await this.options.send(envelope, this.#sessions.get(envelope.command_id));
      this.#pauseMs = PAUSE_MS.first;
      return answer;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error instanceof SignInFirst && this.#inAnothersName(envelope)) return null;
      if (this.#copies.size > 0 && !(error instanceof SignInFirst)) this.#lostMs = steadyMs();
      await this.#pause(error.retryAfterMs ?? this.#pauseMs * (0.5 + Math.random() / 2));
      this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS.most);
      return null;
    }
  }

  /**
   * The session it was given under is not known any more. Whoever is signed in now sends it: nothing
   * is lost because a day went by, or because the box was replaced. False while nobody is.
   */
  #inAnothersName(envelope: Envelope): boolean {
    const now = this.options.session?.() ?? "";
    if (now && now !== this.#sessions.get(envelope.command_id)) {
      this.#sessions.set(envelope.command_id, now);
      return true;
    }
    this.options.signInFirst?.();
    return false;
  }

  #settle(envelope: Envelope, answer: Answer): void {
    const hope = this.#hopes.get(envelope.command_id);
    this.#hopes.delete(envelope.command_id);
    if (hope) hope(answer);
    else if (answer.type === "refused") this.options.refusedLater(envelope, answer);
  }

  async #file(envelope: Envelope, answer: Answer, boot: string): Promise<void> {
    if (answer.type === "refused" && PASSES.has(answer.code) && this.#copies.has(envelope.command_id)) {
      return; // what was accepted once stays until a box takes it
    }
    if (answer.type === "refused" || !this.options.offer) {
      this.#copies.delete(envelope.command_id);
      this.#sessions.delete(envelope.command_id);
      return this.options.shelf.remove([envelope.command_id]);
    }
    const { command_id, position } = answer;
    // Of a repeat the first answer is kept: the order may have moved on since.
    const first = this.#copies.get(command_id);
    const order = first?.order ?? answer.order;
    const proof = first?.proof || answer.proof;
    const session = this.#sessions.get(command_id);
    const kept: Kept = { command_id, envelope, position, boot, order, proof, session };
    this.#copies.set(kept.command_id, kept);
    await this.options.shelf.put(kept);
    const over = [...this.#copies.keys()].slice(0, Math.max(0, this.#copies.size - COPIES_MAX));
    for (const id of over) this.#letGo(id);
    if (over.length > 0) await this.options.shelf.remove(over);
  }

  /**
   * Offer what another boot answered; what could not be offered is, at the next heartbeat. Returns
   * whether some of it waits for a sign-in.
   */
  async #offerCopies(boot: string): Promise<boolean> {
    const { offer } = this.options;
    const old = [...this.#copies.values()].filter((kept) => kept.boot !== boot);
    let signInFirst = false;
    const waiting = new Set<string>();
    if (!offer || old.length === 0 || this.#offering) return signInFirst;
    this.#offering = true;
    try {
      let copies = inOrder(old.map((kept) => kept.envelope));
      while (copies.length > 0) {
        const some = this.#firstOfOneSession(copies);
        const session = this.#sessions.get(some[0]!.command_id);
        const answers = await offer(
          some.map((envelope) => this.#asAccepted(envelope)),
          session,
        );
        if (this.#boot !== boot) return signInFirst;
        for (const [i, envelope] of some.entries()) {
          const answer = answers[i];
          if (!answer) continue;
          if (answer.type === "refused" && answer.code === SIGN_IN_FIRST) {
            this.#inAnothersName(envelope);
            signInFirst = true;
            ordersOf(envelope).forEach((id) => waiting.add(id));
          } else this.#warn(envelope, answer);
          await this.#quietly(() => this.#file(envelope, answer, boot));
        }
        // What came later for the same orders waits with it; the box sees to that within a request.
        copies = copies.filter((envelope) => !ordersOf(envelope).some((id) => waiting.has(id)));
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    } finally {
      this.#offering = false;
    }
    return signInFirst;
  }

  /** Takes off the front what one request may carry: in time's order, and of one session. */
  #firstOfOneSession(copies: Envelope[]): Envelope[] {
    const session = this.#sessions.get(copies[0]!.command_id);
    const end = copies.findIndex((e) => this.#sessions.get(e.command_id) !== session);
    return copies.splice(0, Math.min(OFFERED_AT_ONCE, end < 0 ? copies.length : end));
  }

  #letGo(commandId: string): void {
    this.#copies.delete(commandId);
    this.#sessions.delete(commandId);
  }

  /** With the first answer, so that a box which lost the command takes it as it was. */
  #asAccepted(envelope: Envelope): Envelope {
    const { order, proof } = this.#copies.get(envelope.command_id) ?? {};
    return {
      ...envelope,
      offered: true,
      ...(order ? { accepted: order } : {}),
      ...(proof ? { proof } : {}),
    };
  }

  /** A box that lost an order and now refuses it: people must hear of that. */
  #warn(envelope: Envelope, answer: Answer): void {
    if (answer.type !== "refused" || envelope.command.type !== "order.place") return;
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

/** The orders that a command is about. */
function ordersOf({ command }: Envelope): string[] {
  const ids = [("order_id" in command && command.order_id) || "", ("to_order_id" in command && command.to_order_id) || ""];
  return ids.filter((id) => id !== "");
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
