/** What the counter is doing: the order being entered, what is open over it, what was answered. */

import type { Refused } from "$web/box";
import { BoxLink } from "$web/box_link.svelte";
import {
  added,
  cartOf,
  cartTotal,
  coursesOf,
  newLines,
  placeOrder,
  repriced,
  withCourse,
  withQuantity,
  type CartLine,
} from "$web/cart";
import { kitchenWord, unseenStations, waitingCourses } from "$web/deliveries";
import { mint } from "$web/ids";
import { named } from "$web/language.svelte";
import { dueOf } from "$web/orders_state";
import type { Answer } from "$web/outbox";
import type { Accepted, Command, DiningOption, Item, LineDelivery, Order, OrderStatus, PlaceOrder } from "$web/wire";
import { PapersState, type Wish } from "./papers_state.svelte";
import { w } from "./words";

/** How long a cashier waits before being told that the command is kept instead. */
const ANSWER_SOON_MS = 2_500;
const REMEMBERED = "kedai.counter.cart";

/** The box's notice that nobody in the kitchen has seen an order. */
export const UNSEEN = "kitchen_unseen";

export type View = "sell" | "running" | "history" | "papers";
export type Filter = OrderStatus | "unpaid" | "unconfirmed" | "";
export type Notice =
  | { kind: "accepted"; order: Order; title: string; fired: boolean }
  | { kind: "kept" };

export class CounterState {
  readonly link = new BoxLink("counter");
  readonly papers = new PapersState();
  view = $state<View>("sell");
  lines = $state.raw<CartLine[]>([]);
  orderId = $state(mint());
  dining = $state<DiningOption>("dine_in");
  table = $state("");
  tabName = $state("");
  /** Whether this order is eaten in courses: the first goes to the kitchen, the others wait. */
  coursing = $state(false);
  /** Which running orders are listed. */
  filter = $state<Filter>("");
  /** The order that is being added to; null for a new one. */
  targetId = $state<string | null>(null);
  sheet = $state.raw<{ item: Item; line: CartLine | null } | null>(null);
  shownId = $state<string | null>(null);
  shownPast = $state.raw<Order | null>(null);
  paying = $state.raw<Order | null>(null);
  notice = $state.raw<Notice | null>(null);
  refusal = $state.raw<Refused | null>(null);
  warning = $state("");
  busy = $state("");

  get orders(): Order[] {
    return [...this.link.state.orders.values()].sort((a, b) => b.placed_ms - a.placed_ms);
  }
  get target(): Order | null {
    return this.targetId ? (this.link.state.orders.get(this.targetId) ?? null) : null;
  }
  get shown(): Order | null {
    return (this.shownId && this.link.state.orders.get(this.shownId)) || this.shownPast;
  }
  get total(): number {
    return cartTotal(this.lines);
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
    if (!this.coursing) return null;
    const waiting = this.target ? waitingCourses(this.target) : [];
    const parked = this.target === null || isParked(this.target);
    const courses = [...new Set([...coursesOf(this.lines), ...waiting])].sort((a, b) => a - b);
    return parked && courses.length > 1 ? courses[0]! : null;
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

  add(line: CartLine, replacing: CartLine | null): void {
    this.lines = replacing
      ? this.lines.map((l) => (l.line_id === replacing.line_id ? line : l))
      : added(this.lines, line);
  }

  setQuantity(lineId: string, quantity: number): void {
    this.lines = withQuantity(this.lines, lineId, quantity);
  }

  moveTo(lineId: string, course: number): void {
    this.lines = withCourse(this.lines, lineId, course);
  }

  open(order: Order): void {
    this.notice = null;
    this.shownPast = order;
    this.shownId = order.order_id;
  }

  showUnconfirmed(): void {
    this.filter = "unconfirmed";
    this.view = "running";
  }

  clear(): void {
    this.lines = [];
    this.coursing = false;
    this.orderId = mint();
    this.targetId = null;
    this.table = "";
    this.tabName = "";
    this.dining = "dine_in";
    this.warning = "";
  }

  /** Bring a refused order back into the cart; false while another one is being entered. */
  restore(command: PlaceOrder): boolean {
    if (!this.link.menu || this.lines.length > 0) {
      this.warning = w.finishFirst;
      return false;
    }
    this.clear();
    this.lines = cartOf(command, this.link.menu);
    this.coursing = Boolean(command.fire_courses);
    this.dining = command.dining_option ?? "dine_in";
    this.table = command.table ?? "";
    this.tabName = command.tab_name ?? "";
    this.view = "sell";
    return true;
  }

  /** What is being entered survives a reload of the page. */
  keep(): void {
    const { lines, orderId, dining, table, tabName, targetId, coursing } = this;
    const kept = { lines, orderId, dining, table, tabName, targetId, coursing };
    try {
      localStorage.setItem(REMEMBERED, JSON.stringify(kept));
    } catch {
      // Without storage the order lives as long as the page.
    }
  }

  resume(): void {
    try {
      const kept = JSON.parse(localStorage.getItem(REMEMBERED) ?? "null") as Partial<CounterState> | null;
      if (kept && Array.isArray(kept.lines)) Object.assign(this, kept);
    } catch {
      // Nothing readable was kept: an empty order it is.
    }
  }

  /**
   * Place the cart, or add it to the order that was recalled. `all`: no course waits, although the
   * order is eaten in courses.
   */
  async send({ hold = false, pay = false, all = false } = {}): Promise<void> {
    const target = this.target;
    if (this.busy || !this.link.menu) return;
    const first = hold || all ? null : this.firstCourse;
    if (target) return this.#sendToTarget(target, hold, pay, first);
    if (this.lines.length === 0) return;
    const command = placeOrder(this.lines, {
      orderId: this.orderId,
      source: "counter",
      dining: this.dining,
      table: this.dining === "dine_in" ? this.table.trim() : "",
      tabName: this.tabName.trim(),
      hold,
      fireCourses: first === null ? undefined : [first],
      menuVersion: this.link.menu.version,
    });
    this.busy = hold ? "hold" : pay ? "pay" : "send";
    const answer = await this.#soon(command, `place:${this.orderId}`);
    this.busy = "";
    if (answer === "kept") {
      this.clear();
      this.notice = { kind: "kept" };
    } else if (answer.type === "refused") await this.#refusedPlacing(answer);
    else this.#accepted(answer, hold ? w.heldNow : w.accepted, !hold, pay);
  }

  /** Any other command about an order; resolves with its order, or null when it did not happen. */
  async tell(command: Command, once: string): Promise<Order | null> {
    this.busy = once;
    const answer = await this.#soon(command, once);
    this.busy = "";
    if (answer === "kept") this.notice = { kind: "kept" };
    else if (answer.type === "refused") this.refusal = answer;
    else return answer.order;
    return null;
  }

  /** Release what waits: these courses, or all of it. */
  async fire(order: Order, courses: number[] = []): Promise<Order | null> {
    const id = order.order_id;
    return this.tell({ type: "order.fire", order_id: id, courses }, `fire:${id}:${courses.join(",")}`);
  }

  async rush(order: Order, rush: boolean): Promise<Order | null> {
    const id = order.order_id;
    return this.tell({ type: "order.rush", order_id: id, rush }, `rush:${id}:${rush}`);
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

  async recall(order: Order): Promise<void> {
    const done =
      order.status === "held"
        ? await this.tell(
            { type: "order.recall", order_id: order.order_id },
            `recall:${order.order_id}`,
          )
        : order;
    if (done) this.addTo(done);
  }

  addTo(order: Order): void {
    this.clear();
    this.targetId = order.order_id;
    this.shownId = null;
    this.view = "sell";
  }

  pay(order: Order): void {
    this.notice = null;
    this.shownId = null;
    this.paying = order;
  }

  async #sendToTarget(target: Order, hold: boolean, pay: boolean, first: number | null): Promise<void> {
    const id = target.order_id;
    let order: Order | null = target;
    if (this.lines.length > 0) {
      const first = this.lines[0]!.line_id;
      order = await this.tell(
        { type: "lines.add", order_id: id, lines: newLines(this.lines) },
        `add:${id}:${first}`,
      );
    }
    if (order && isParked(order) && !(hold && order.status === "held")) {
      if (hold) order = await this.tell({ type: "order.hold", order_id: id }, `order.hold:${id}`);
      else order = await this.fire(order, first === null ? [] : [first]);
    }
    if (order) {
      this.clear();
      if (pay && dueOf(order) > 0) this.pay(order);
      else this.notice = { kind: "accepted", order, title: hold ? w.heldNow : w.addedNow, fired: !hold };
    } else if (this.notice?.kind === "kept") this.clear();
  }

  #accepted(answer: Accepted, title: string, fired: boolean, pay: boolean): void {
    this.clear();
    if (!answer.order) return;
    if (pay) this.pay(answer.order);
    else this.notice = { kind: "accepted", order: answer.order, title, fired };
  }

  /** The menu moved under the cart: price it anew, name what is gone, and let the cashier decide. */
  async #refusedPlacing(refusal: Refused): Promise<void> {
    this.refusal = refusal;
    if (!["stale_menu", "item_unavailable", "unknown_item"].includes(refusal.code)) return;
    await this.link.reload();
    if (!this.link.menu) return;
    const { lines, gone } = repriced(this.lines, this.link.menu, this.link.state.eightySix);
    this.lines = lines;
    const names = gone.map((line) => named(line.item.names)).join(", ");
    this.warning = gone.length > 0 ? w.gone(names) : w.menuChanged;
  }

  async #soon(command: Command, once: string): Promise<Answer | "kept"> {
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

/** Whether the kitchen has been told nothing of the order yet. */
function isParked(order: Order): boolean {
  return order.status === "open" || order.status === "held";
}
