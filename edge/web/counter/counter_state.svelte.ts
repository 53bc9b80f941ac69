/** What the counter is doing: the order being entered, what is open over it, what was answered. */

import type { Refused } from "$web/box";
import { BoxLink } from "$web/box_link.svelte";
import { needsSheet, type CartLine } from "$web/cart";
import { kitchenWord, unseenStations, waitingCourses } from "$web/deliveries";
import { named } from "$web/language.svelte";
import { indexedMemory } from "$web/memory";
import { isSplit } from "./checks";
import type { Answer } from "$web/outbox";
import type { Command, LineDelivery, Order, OrderStatus, PlaceOrder } from "$web/wire";
import { Draft, type KeptDraft } from "./draft.svelte";
import { GuestView } from "./guest_view";
import { KeptDrafts } from "./kept_drafts";
import { PapersState, type Wish } from "./papers_state.svelte";
import { isParked } from "./sending";
import { TillsState } from "./tills_state.svelte";
import { w } from "./words";

/** How long a cashier waits before being told that the command is kept instead. */
const ANSWER_SOON_MS = 2_500;

/** The box's notice that nobody in the kitchen has seen an order. */
export const UNSEEN = "kitchen_unseen";

export type View = "sell" | "tables" | "running" | "history" | "papers" | "tills" | "day" | "audit";
export type Filter = OrderStatus | "unpaid" | "unconfirmed" | "";
export type Notice =
  | { kind: "accepted"; order: Order; title: string; fired: boolean }
  | { kind: "kept" };

/** Something that waits for somebody who may allow it. */
export interface Approving {
  command: Command;
  refusal: Refused;
  /** With the approval's id, or null: it shall not be done. */
  answer: (approvalId: string | null) => void;
}

export class CounterState {
  readonly link = new BoxLink("counter", indexedMemory("kedai-counter-memory"));
  readonly papers = new PapersState();
  readonly draft = new Draft();
  readonly tills = new TillsState();
  readonly guest = new GuestView();
  readonly #kept = new KeptDrafts<KeptDraft>(() => this.#wentOver());
  /** Whether it is known what an earlier page left behind. */
  recalled = $state(false);
  view = $state<View>("sell");
  /** Which running orders are listed. */
  filter = $state<Filter>("");
  shownId = $state<string | null>(null);
  shownPast = $state.raw<Order | null>(null);
  paying = $state.raw<Order | null>(null);
  /** The order whose checks are looked at, to pay them one by one. */
  checking = $state.raw<Order | null>(null);
  notice = $state.raw<Notice | null>(null);
  refusal = $state.raw<Refused | null>(null);
  approving = $state.raw<Approving | null>(null);
  /** Somebody else takes over this screen. */
  switching = $state(false);
  /** The box is to say what the next order comes to, because it knew better the last time. */
  askTotal = false;
  warning = $state("");
  busy = $state("");

  get orders(): Order[] {
    return [...this.link.state.orders.values()].sort((a, b) => b.placed_ms - a.placed_ms);
  }
  get currency(): string {
    return this.link.menu?.currency ?? this.link.outlet?.currency ?? "IDR";
  }
  get target(): Order | null {
    const id = this.draft.targetId;
    return id ? (this.link.state.orders.get(id) ?? null) : null;
  }
  get shown(): Order | null {
    return (this.shownId && this.link.state.orders.get(this.shownId)) || (this.shownPast && this.fresh(this.shownPast));
  }
  /** Orders with their stations where nobody has seen them, oldest first. */
  get unseen(): { order: Order; stations: string[] }[] {
    return this.orders
      .map((order) => ({ order, stations: unseenStations(order, this.toldOf(order)) }))
      .filter(({ stations }) => stations.length > 0)
      .reverse();
  }
  /** The course that goes to the kitchen now; null when all do. */
  get firstCourse(): number | null {
    if (!this.draft.coursing) return null;
    const waiting = this.target ? waitingCourses(this.target) : [];
    const parked = this.target === null || isParked(this.target);
    const courses = [...new Set([...this.draft.courses, ...waiting])].sort((a, b) => a - b);
    return parked && courses.length > 1 ? courses[0]! : null;
  }

  /** Whether there is anything to choose about a line. */
  asks(line: CartLine): boolean {
    const { menu } = this.link;
    return menu !== null && (needsSheet(line.item, menu) || this.draft.coursing || (this.draft.covers ?? 0) > 1);
  }

  /** The order as it is now, also one that was opened before it changed. */
  fresh(order: Order): Order {
    return this.link.state.orders.get(order.order_id) ?? order;
  }

  /** Where its lines are; of an order that is over the feed says nothing. */
  toldOf(order: Order): readonly LineDelivery[] | undefined {
    const { deliveries, orders } = this.link.state;
    return deliveries.get(order.order_id) ?? (orders.has(order.order_id) ? [] : undefined);
  }

  isUnconfirmed(order: Order): boolean {
    return kitchenWord(order, this.toldOf(order)) === "unconfirmed";
  }

  /** What people call a station; its id as long as nothing better is known. */
  stationName(id: string): string {
    const station = this.link.outlet?.stations.find((s) => s.id === id);
    return (station && named(station.names)) || id;
  }

  open(order: Order): void {
    this.notice = null;
    this.shownPast = order;
    this.shownId = order.order_id;
  }

  close(): void {
    this.shownId = null;
    this.shownPast = null;
  }

  showUnconfirmed(): void {
    this.filter = "unconfirmed";
    this.view = "running";
  }

  /** Go on with the order that was being entered here. */
  async resume(): Promise<void> {
    const kept = await this.#kept.open();
    if (kept) this.draft.resume(kept);
    this.recalled = true;
  }

  /** What is being entered is on this device a moment later. */
  keep(): void {
    const { kept } = this.draft;
    if (this.recalled) this.#kept.keep(kept);
  }

  #wentOver(): void {
    this.clear();
    this.warning = w.draftWentOver;
  }

  clear(): void {
    this.draft.clear();
    this.askTotal = false;
    this.warning = "";
  }

  /** Bring a refused order back into the cart; false while another one is being entered. */
  restore(command: PlaceOrder): boolean {
    if (!this.link.menu || this.draft.lines.length > 0) {
      this.warning = w.finishFirst;
      return false;
    }
    this.draft.restore(command, this.link.menu);
    this.view = "sell";
    return true;
  }

  addTo(order: Order): void {
    this.clear();
    this.draft.targetId = order.order_id;
    this.close();
    this.view = "sell";
  }

  /** Take money: for all of it, or check by check when the party was split. */
  pay(order: Order): void {
    this.notice = null;
    this.close();
    if (isSplit(order)) this.checking = order;
    else this.paying = order;
  }

  /** Any command about an order; resolves with its order, or null when it did not happen. */
  async tell(command: Command, once: string): Promise<Order | null> {
    const answer = await this.ask(command, once);
    const order = answer && answer.type !== "refused" ? answer.order : null;
    // Of an order that is over the feed says nothing: what is shown of it is the answer.
    if (order && this.shownPast?.order_id === order.order_id) this.shownPast = order;
    return order;
  }

  /**
   * The answer to a command; null when it is kept instead. A refusal is shown, unless somebody else
   * may allow what was asked: then they are asked, and it is sent again with their approval.
   */
  async ask(command: Command, once: string): Promise<Answer | null> {
    this.busy = once;
    const answer = await this.soon(command, once);
    this.busy = "";
    if (answer === "kept") {
      this.notice = { kind: "kept" };
      return null;
    }
    if (answer.type !== "refused") return answer;
    if ((answer.code === "not_allowed" || answer.code === "drawer_short") && mayBeApproved(command)) {
      const approval_id = await this.#approved(command, answer);
      if (approval_id === null) return answer;
      return this.ask({ ...command, approval_id } as Command, once);
    }
    this.refusal = answer;
    return answer;
  }

  #approved(command: Command, refusal: Refused): Promise<string | null> {
    return new Promise((done) => {
      this.approving = {
        command,
        refusal,
        answer: (approvalId) => {
          this.approving = null;
          done(approvalId);
        },
      };
    });
  }

  /** Ask something of the printers; `said` is what the cashier reads once it is under way. */
  async paper(once: string, what: Wish, said = ""): Promise<void> {
    if (this.busy) return;
    this.busy = once;
    const answer = await this.papers.act(once, what);
    this.busy = "";
    if (answer === "away") this.warning = w.papersAway;
    else if (answer) this.refusal = answer;
    else this.warning = said;
  }

  async soon(command: Command, once: string): Promise<Answer | "kept"> {
    const answer = this.link.submit(command, once);
    const late = new Promise<"kept">((done) => setTimeout(() => done("kept"), ANSWER_SOON_MS));
    const first = await Promise.race([answer, late]);
    if (first === "kept") {
      // It stays in the outbox; a refusal that comes later must still be seen.
      void answer.then((a) => a.type === "refused" && this.link.refuseLater({ command }, a));
    }
    return first;
  }
}

const APPROVABLE: ReadonlySet<Command["type"]> = new Set([
  "line.void", "order.status", "bill.adjust", "payment.refund", "order.reopen", "cash.move", "drawer.open",
]); // prettier-ignore

/** Whether somebody else's approval would help; one that was refused with an approval needs no second. */
function mayBeApproved(command: Command): boolean {
  return APPROVABLE.has(command.type) && !("approval_id" in command && command.approval_id);
}
