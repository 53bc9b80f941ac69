/** A guest's visit: start, browse, look at the order, place it, see the number, and back to start. */

import { findOrder, type Refused } from "$web/box";
import { BoxLink } from "$web/box_link.svelte";
import { added, cartTotal, placeOrder, repriced, withQuantity, type CartLine } from "$web/cart";
import { mint } from "$web/ids";
import { named } from "$web/language.svelte";
import { standsBy } from "$web/orders_state";
import { kioskCode } from "$web/status";
import type { DiningOption, Item, Order } from "$web/wire";
import { w } from "./words";

export type Step = "start" | "browse" | "review" | "placing" | "done";

const REMEMBERED = "kedai.kiosk.visit";
/** After this long without an answer the guest is told that the order is kept. */
const KEPT_AFTER_MS = 12_000;
export const IDLE_MS = 90_000;
export const IDLE_WARNING_MS = 20_000;
export const DONE_MS = 25_000;

interface Visit {
  step: Step;
  lines: CartLine[];
  orderId: string;
  dining: DiningOption | null;
}

export class KioskState {
  readonly link = new BoxLink("kiosk");
  step = $state<Step>("start");
  lines = $state.raw<CartLine[]>([]);
  orderId = $state(mint());
  dining = $state<DiningOption | null>(null);
  category = $state("");
  sheet = $state.raw<{ item: Item; line: CartLine | null } | null>(null);
  refusal = $state.raw<Refused | null>(null);
  placed = $state.raw<Order | null>(null);
  keptTooLong = $state(false);
  message = $state("");
  /** While this page itself waits for the answer of the box. */
  #asking = false;

  get total(): number {
    return cartTotal(this.lines);
  }
  /** What staff can find the order by before it has a number. */
  get code(): string {
    return kioskCode(this.orderId);
  }

  /** The box stands by or this outlet has another one: guests order at the counter. */
  get closed(): boolean {
    return standsBy(this.link.state);
  }

  begin(): void {
    this.step = "browse";
    this.category = "";
  }

  add(line: CartLine, replacing: CartLine | null): void {
    this.lines = replacing
      ? this.lines.map((l) => (l.line_id === replacing.line_id ? line : l))
      : added(this.lines, line);
    this.sheet = null;
  }

  setQuantity(lineId: string, quantity: number): void {
    this.lines = withQuantity(this.lines, lineId, quantity);
  }

  reset(): void {
    this.step = "start";
    this.lines = [];
    this.orderId = mint();
    this.dining = null;
    this.sheet = null;
    this.refusal = null;
    this.placed = null;
    this.message = "";
    this.keptTooLong = false;
  }

  async place(): Promise<void> {
    const menu = this.link.menu;
    if (this.closed || !menu || !this.dining || this.lines.length === 0 || this.step === "placing") return;
    const command = placeOrder(this.lines, {
      orderId: this.orderId,
      source: "kiosk",
      dining: this.dining,
      menuVersion: menu.version,
    });
    this.step = "placing";
    this.#asking = true;
    const patience = setTimeout(() => (this.keptTooLong = true), KEPT_AFTER_MS);
    const answer = await this.link.submit(command, `place:${this.orderId}`);
    clearTimeout(patience);
    this.#asking = false;
    this.keptTooLong = false;
    if (answer.type === "accepted") {
      if (answer.order) this.#done(answer.order);
      return;
    }
    this.step = "review";
    await this.#refused(answer);
  }

  /** The menu or the 86 list moved: what is gone leaves the order, and the guest is told. */
  followMenu(): void {
    const menu = this.link.menu;
    if (!menu || this.lines.length === 0 || this.step === "placing" || this.step === "done") return;
    const before = this.total;
    const { lines, gone } = repriced(this.lines, menu, this.link.state.eightySix);
    if (gone.length > 0) this.message = w.gone(gone.map((l) => named(l.item.names)).join(", "));
    else if (cartTotal(lines) !== before) this.message = w.changed;
    else if (lines.every((line, i) => line.item === this.lines[i]!.item)) return;
    this.lines = lines;
  }

  /** After a reload during placing nobody waits for the answer: look for what became of the order. */
  followOrder(): void {
    if (this.step !== "placing") return;
    const order = this.link.state.orders.get(this.orderId);
    if (order) return this.#done(order);
    const refused = this.link.refusedLater.find(
      (each) => each.command.type === "order.place" && each.command.order_id === this.orderId,
    );
    if (refused) {
      this.link.forget(refused);
      this.step = "review";
      void this.#refused(refused.refusal);
    } else if (!this.#asking && this.link.alive && this.link.waiting === 0) void this.#lookUp();
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
    const { step, lines, orderId, dining } = this;
    const visit: Visit = { step: step === "done" ? "start" : step, lines, orderId, dining };
    try {
      localStorage.setItem(REMEMBERED, JSON.stringify(step === "done" ? null : visit));
    } catch {
      // Without storage the order lives as long as the page.
    }
  }

  resume(): void {
    try {
      const visit = JSON.parse(localStorage.getItem(REMEMBERED) ?? "null") as Visit | null;
      if (!visit || visit.lines.length === 0) return;
      this.step = visit.step;
      this.lines = visit.lines;
      this.orderId = visit.orderId;
      this.dining = visit.dining;
    } catch {
      // Nothing readable was kept: the visit begins anew.
    }
  }

  #done(order: Order): void {
    this.placed = order;
    this.step = "done";
  }

  async #refused(refusal: Refused): Promise<void> {
    if (refusal.code === "standby") {
      this.reset();
      this.message = w.closed;
      return;
    }
    if (!["stale_menu", "item_unavailable", "unknown_item"].includes(refusal.code)) {
      this.refusal = refusal;
      return;
    }
    await this.link.reload();
    this.message = w.changed;
    this.followMenu();
  }
}
