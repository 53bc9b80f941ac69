/** A guest's visit: attract, where to eat, browse, review, table, pay, place, number, and back. */

import { findOrder, type Refused } from "$web/box";
import { BoxLink } from "$web/box_link.svelte";
import { added, cartCount, isIncomplete, placeOrder, withQuantity, type CartLine } from "$web/cart";
import { localTime } from "$web/dayparts";
import { mint } from "$web/ids";
import { language } from "$web/language.svelte";
import { indexedMemory } from "$web/memory";
import { kioskCode } from "$web/status";
import { steadyMs } from "$web/steady";
import type { Command, DiningOption, House, Item, Order } from "$web/wire";
import { followed, type CartChange } from "./changes";
import { closedBecause, type Closed } from "./closed";
import { Comfort } from "./comfort.svelte";
import type { Circumstances } from "./offer";
import { beginIn } from "./speech.svelte";
import { billOf, type Bill } from "./totals";

export type Step = "attract" | "where" | "browse" | "review" | "table" | "pay" | "placing" | "done";

const MINUTE_MS = 60_000;
const VISIT = "kedai.visit";
/** After this long without an answer the guest is told that the order is kept. */
const KEPT_AFTER_MS = 12_000;
/** A visit that nobody touched for so long is somebody else's when the page starts again. */
const VISIT_KEPT_MS = 10 * 60_000;
export const IDLE_WARNING_MS = 15_000;
export const DONE_MS = 30_000;
const DINING: DiningOption[] = ["dine_in", "takeaway"];
const MENU_CODES = new Set(["stale_menu", "total_differs", "item_unavailable", "unknown_item", "not_at_this_time"]);
const CLOSED_CODES = new Set(["standby", "kiosk_closed", "kitchen_away", "not_ready"]);

interface Visit {
  step: Step;
  lines: CartLine[];
  orderId: string;
  dining: DiningOption | null;
  table: string;
  tender: string;
  tongue: string;
  atMs: number;
}

/** What the guest is told before going on: what changed, and what the whole costs now. */
export interface Changed {
  changes: CartChange[];
  was: number;
  now: number;
}

export class KioskState {
  readonly memory = indexedMemory("kedai-kiosk-memory");
  readonly link = new BoxLink("kiosk", this.memory);
  readonly comfort = new Comfort();
  /** Whether it is known what an earlier page left behind. */
  recalled = $state(false);
  step = $state<Step>("attract");
  lines = $state.raw<CartLine[]>([]);
  orderId = $state(mint());
  dining = $state<DiningOption | null>(null);
  table = $state("");
  tender = $state("counter");
  sheet = $state.raw<{ item: Item; line: CartLine | null } | null>(null);
  placed = $state.raw<Order | null>(null);
  keptTooLong = $state(false);
  changed = $state.raw<Changed | null>(null);
  /** Whether the guest is asked if all shall be cleared. */
  sure = $state(false);
  refusal = $state.raw<Refused | null>(null);
  /** Said by the box when it was asked to place, and not (yet) in what it tells all the time. */
  closedByAnswer = $state<Closed | null>(null);
  /** By `steadyMs`. */
  nowMs = $state(steadyMs());
  /** What the box says the order comes to, when we worked out something else. */
  #told = $state<number | null>(null);
  /** While this page itself waits for the answer of the box. */
  #asking = false;

  readonly house = $derived<House | null>(this.link.house);
  /** Store time, to the minute: by the box's clock, for a kiosk's own may be set to anything. */
  readonly #storeMs = $derived(Math.floor((this.nowMs + this.link.state.aheadMs) / MINUTE_MS) * MINUTE_MS);
  readonly local = $derived(localTime(this.#storeMs, this.link.outlet?.zone || "UTC"));
  readonly at = $derived<Circumstances>({
    house: this.house,
    eightySix: this.link.state.eightySix,
    unreachable: new Set(this.link.outlet?.unreachable ?? []),
    local: this.local,
  });
  readonly closed = $derived<Closed | null>(this.closedByAnswer ?? closedBecause(this.link, this.local, this.nowMs));
  readonly bill = $derived<Bill>(
    billOf(this.lines, this.house, this.dining ?? "dine_in", {
      atMs: this.#storeMs,
      local: this.local,
      rolloverHour: this.link.outlet?.rollover_hour ?? 0,
    }),
  );
  readonly count = $derived(cartCount(this.lines));

  get total(): number {
    return this.#told ?? this.bill.total;
  }
  get currency(): string {
    return this.link.menu?.currency ?? this.link.outlet?.currency ?? "IDR";
  }
  /** What staff can find the order by before it has a number. */
  get code(): string {
    return kioskCode(this.orderId);
  }
  get diningOptions(): DiningOption[] {
    const wanted = (this.house?.kiosk.dining_options ?? DINING) as DiningOption[];
    return wanted.length > 0 ? wanted : DINING;
  }
  /** Ways to pay that HQ wants here and that this box can take just now; else at the counter. */
  get tenders(): string[] {
    // A box that is away shows no code to pay with.
    const here = ["counter", ...((this.link.alive && this.link.outlet?.pays_here) || [])];
    const found = (this.house?.kiosk.tenders ?? []).filter((tender) => here.includes(tender));
    return found.length > 0 ? found : ["counter"];
  }
  /** What must be chosen anew before this order can be placed. */
  get unfinished(): CartLine[] {
    const menu = this.link.menu;
    return menu ? this.lines.filter((line) => isIncomplete(line, menu)) : [];
  }
  get idleMs(): number {
    return Math.max(20, this.house?.kiosk.idle_s ?? 60) * 1000;
  }

  begin(): void {
    const only = this.diningOptions.length === 1 ? this.diningOptions[0]! : null;
    this.dining = only;
    this.step = only ? "browse" : "where";
  }

  eat(option: DiningOption): void {
    this.dining = option;
    if (option !== "dine_in") this.table = "";
    this.step = this.lines.length > 0 && this.step === "where" ? "review" : "browse";
  }

  add(line: CartLine, replacing: CartLine | null = null): void {
    this.#told = null;
    this.lines = replacing
      ? this.lines.map((l) => (l.line_id === replacing.line_id ? line : l))
      : added(this.lines, line);
    this.sheet = null;
  }

  setQuantity(lineId: string, quantity: number): void {
    this.#told = null;
    this.lines = withQuantity(this.lines, lineId, quantity);
  }

  /** From the order to whatever is still to be asked, and then to the box. */
  goOn(): void {
    const asks: Step[] = [];
    if (this.dining === "dine_in" && this.house?.kiosk.ask_table) asks.push("table");
    if (this.tenders.length > 1) asks.push("pay");
    else this.tender = this.tenders[0]!;
    const next = asks[asks.indexOf(this.step) + 1];
    if (next) this.step = next;
    else void this.place();
  }

  /** Whether another question comes before the order is placed. */
  get asksMore(): boolean {
    const table = this.dining === "dine_in" && this.house?.kiosk.ask_table === true;
    if (this.step === "review") return table || this.tenders.length > 1;
    return this.step === "table" && this.tenders.length > 1;
  }

  /** Somebody wants to begin anew; with something chosen they are asked once. */
  startOver(): void {
    if (this.lines.length > 0) this.sure = true;
    else this.reset();
  }

  reset(): void {
    this.sure = false;
    this.step = "attract";
    this.lines = [];
    this.orderId = mint();
    this.dining = null;
    this.table = "";
    this.tender = "counter";
    this.sheet = null;
    this.refusal = null;
    this.placed = null;
    this.changed = null;
    this.closedByAnswer = null;
    this.keptTooLong = false;
    this.#told = null;
    this.comfort.reset();
    beginIn(this.link.outlet?.language ?? "id");
  }

  async place(): Promise<void> {
    const menu = this.link.menu;
    if (this.closed || this.changed || !menu || !this.dining || this.step === "placing") return;
    if (this.lines.length === 0 || this.unfinished.length > 0) return;
    const { orderId } = this;
    const command = {
      ...placeOrder(this.lines, {
        orderId,
        source: "kiosk",
        dining: this.dining,
        table: this.table,
        menuVersion: menu.version,
      }),
      expected_total: this.total,
    };
    this.step = "placing";
    this.#asking = true;
    const patience = setTimeout(() => (this.keptTooLong = true), KEPT_AFTER_MS);
    const answer = await this.link.submit(command, `place:${orderId}`);
    clearTimeout(patience);
    this.#asking = false;
    if (this.orderId !== orderId) {
      // The guest went with the code; whoever passes by reads what became of it.
      if (answer.type === "refused") this.link.refuseLater({ command }, answer);
      return;
    }
    this.keptTooLong = false;
    if (answer.type !== "accepted") await this.#refused(answer, command);
    else if (answer.order) this.#done(answer.order);
    else this.followOrder();
  }

  /** The menu, the hour or the 86 list moved: what is gone leaves the order, and the guest is told. */
  followMenu(): void {
    const menu = this.link.menu;
    if (!menu || this.lines.length === 0 || this.step === "placing" || this.step === "done") return;
    const was = this.changed?.was ?? this.total;
    const { lines, changes } = followed(this.lines, menu, this.at);
    if (lines.every((line, i) => line.item === this.lines[i]?.item) && lines.length === this.lines.length) return;
    this.lines = lines;
    if (changes.length === 0) return;
    this.#told = null;
    this.changed = { changes: [...(this.changed?.changes ?? []), ...changes], was, now: this.bill.total };
    const open = this.sheet;
    if (open?.line && !lines.some((line) => line.line_id === open.line!.line_id)) this.sheet = null;
  }

  /** The guest has read what changed. */
  understood(): void {
    this.changed = null;
    if (this.lines.length === 0 && this.step !== "browse") this.step = "browse";
  }

  /** After a reload during placing nobody waits for the answer: look for what became of the order. */
  followOrder(): void {
    if (this.step !== "placing" || this.#asking) return;
    const order = this.link.state.orders.get(this.orderId);
    if (order) return this.#done(order);
    const refused = this.link.refusedLater.find(
      (each) => each.command.type === "order.place" && each.command.order_id === this.orderId,
    );
    if (refused) {
      this.link.forget(refused);
      void this.#refused(refused.refusal, refused.command);
    } else if (this.link.alive && this.link.waiting === 0) void this.#lookUp();
    else this.keptTooLong ||= !this.link.alive;
  }

  async #lookUp(): Promise<void> {
    this.#asking = true;
    const order = await findOrder(this.orderId).catch(() => undefined);
    this.#asking = false;
    if (this.step !== "placing") return;
    if (order) this.#done(order);
    else if (order === null) this.step = "review";
  }

  keep(): void {
    const { lines, orderId, dining, table, tender } = this;
    // A guest whose number vanished would not know what to call at the counter.
    const step = this.step === "attract" ? null : this.step === "done" ? "placing" : this.step;
    const tongue = language.now;
    if (!this.recalled) return;
    const visit: Visit | null = step && { step, lines, orderId, dining, table, tender, tongue, atMs: Date.now() };
    this.memory.remember(VISIT, visit);
  }

  async resume(): Promise<void> {
    const visit = await this.memory.recall<Visit>(VISIT);
    this.recalled = true;
    if (!visit || !Array.isArray(visit.lines) || !visit.step) return;
    const old = Math.abs(Date.now() - visit.atMs) > VISIT_KEPT_MS;
    if (old && !(visit.step === "placing" && this.link.waiting > 0)) return;
    const { step, lines, orderId, dining, table, tender } = visit;
    Object.assign(this, { step, lines, orderId, dining, table, tender });
    language.now = visit.tongue;
  }

  #done(order: Order): void {
    this.placed = order;
    this.keptTooLong = false;
    this.step = "done";
  }

  async #refused(refusal: Refused, command: Command): Promise<void> {
    this.step = "review";
    this.keptTooLong = false;
    if (CLOSED_CODES.has(refusal.code)) {
      this.closedByAnswer = refusal.code === "kitchen_away" ? "kitchen" : refusal.code === "kiosk_closed" ? "hours" : "rest";
      return;
    }
    if (!MENU_CODES.has(refusal.code)) {
      this.refusal = refusal;
      return;
    }
    const was = (command.type === "order.place" && command.expected_total) || this.total;
    await this.link.reload();
    this.followMenu();
    const told = Number(refusal.params.total);
    if (this.changed || !(told >= 0) || told === this.bill.total) return this.#noteTotal(was);
    // The box knows something of the bill that this page does not: its word counts.
    this.#told = told;
    this.changed = { changes: [], was, now: told };
  }

  #noteTotal(was: number): void {
    this.changed ??= { changes: [], was, now: this.total };
  }
}
