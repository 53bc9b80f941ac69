/** What the guest before this counter sees: sent to displays of this machine and, through the box, of others. */

import type { Adjustment, Order, Service, Totals } from "$web/wire";
import type { CartLine } from "$web/cart";
import { lineAmount } from "$web/cart";
import { dueOf, liveLines } from "$web/orders_state";

export const CHANNEL = "kedai.guest";
const NAME = "kedai.counter.name";
const REST_MS = 150;

export interface GuestLine {
  quantity: number;
  names: Record<string, string>;
  details: Record<string, string>[];
  amount: number;
}

/** The picture: nothing yet, a bill that grows, a bill to pay, or thanks. */
export interface GuestPicture {
  counter: string;
  state: "idle" | "ordering" | "paying" | "thanks";
  outlet: string;
  currency: string;
  number: string;
  lines: GuestLine[];
  totals: Totals | null;
  adjustments: readonly Adjustment[];
  service: Service | null;
  due: number;
  change: number;
  receipt: string;
}

export const IDLE: GuestPicture = {
  counter: "", state: "idle", outlet: "", currency: "IDR", number: "", lines: [], totals: null,
  adjustments: [], service: null, due: 0, change: 0, receipt: "",
}; // prettier-ignore

export class GuestView {
  #channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = "";
  /** The number of an order that was paid: thanks stay up until somebody orders again, or pays on. */
  #thanked = "";
  /** What one guest of a split bill pays, instead of the whole. */
  #share: { number: string; due: number } | null = null;

  /** Show this from now on; many changes in a row are shown once. */
  show(picture: GuestPicture): void {
    if (this.#thanked && (picture.state === "idle" || picture.number === this.#thanked)) return;
    this.#thanked = "";
    const share = this.#share?.number === picture.number ? { due: this.#share.due, totals: null } : {};
    this.#soon({ ...picture, ...share });
  }

  /** The next one pays, of the same bill perhaps; `due`: the check they pay, null is all that is left. */
  next(picture: GuestPicture, due: number | null): void {
    this.#thanked = "";
    this.#share = due === null ? null : { number: picture.number, due };
    this.show(picture);
  }

  /** Nobody pays a check any more. */
  noShare(): void {
    this.#share = null;
  }

  thank(order: Order, change: number, due: number, receipt: string): void {
    const picture = { ...ofOrder(order), state: due > 0 ? ("paying" as const) : ("thanks" as const), due, change, receipt };
    this.#thanked = order.number;
    this.#soon(picture);
  }

  /** Goes by another name from now on; displays that stand at the old one show nothing any more. */
  rename(name: string): void {
    const before = counterName();
    nameCounter(name);
    if (counterName() === before) return;
    const gone: GuestPicture = { ...IDLE, counter: before };
    this.#channel?.postMessage(gone);
    void tellBox(before, JSON.stringify(gone));
    if (this.#last) this.#soon(JSON.parse(this.#last) as GuestPicture);
  }

  #soon(picture: GuestPicture): void {
    const named = { ...picture, counter: counterName() };
    const body = JSON.stringify(named);
    if (body === this.#last) return;
    this.#last = body;
    this.#channel?.postMessage(named);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void tellBox(named.counter, body), REST_MS);
  }
}

/** A box that is away shows nothing on other machines; the next change tries again. */
async function tellBox(counter: string, body: string): Promise<void> {
  await fetch(`/api/shown/${encodeURIComponent(counter)}`, { method: "PUT", body }).catch(() => undefined);
}

export function ofOrder(order: Order): GuestPicture {
  return {
    ...IDLE,
    state: "paying",
    currency: order.currency,
    number: order.number,
    lines: liveLines(order).map((line) => ({
      quantity: line.quantity,
      names: line.names,
      details: [line.variant_names, ...line.choices.map((c) => c.names)],
      amount: line.amount,
    })),
    totals: order.totals,
    adjustments: order.adjustments,
    service: order.rules?.service ?? null,
    due: Math.max(0, dueOf(order)),
  };
}

export function ofLines(lines: readonly CartLine[]): GuestLine[] {
  return lines.map((line) => ({
    quantity: line.quantity,
    names: line.item.names,
    details: [line.variant.names, ...line.choices.map((c) => c.names)],
    amount: lineAmount(line),
  }));
}

/** What people call this counter; displays elsewhere choose it by this name. */
export function counterName(): string {
  return read() || "Kasir 1";
}

function nameCounter(name: string): void {
  try {
    localStorage.setItem(NAME, name.trim().slice(0, 40));
  } catch {
    // Without storage it keeps the usual name.
  }
}

function read(): string {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}
