/** What a command asks, in words and figures that somebody can approve. */

import { named } from "$web/language.svelte";
import type { Command, Line, May, Order } from "$web/wire";
import type { CounterState } from "./counter_state.svelte";
import { w } from "./words";

export interface Asked {
  action: May;
  /** The order or the shift it is about. */
  subject: string;
  words: string;
  /** Minor units at most; null: whatever it comes to. */
  amount: number | null;
}

export function whatIsAsked(counter: CounterState, command: Command): Asked {
  const order = "order_id" in command ? orderOf(counter, command.order_id) : null;
  const number = order?.number ?? "";
  const subject = "order_id" in command ? command.order_id : "shift_id" in command ? command.shift_id : "";
  const line = order && "line_id" in command ? order.lines.find((l) => l.line_id === command.line_id) : undefined;
  const about = said(line && `${line.quantity} × ${named(line.names)}`, number);
  switch (command.type) {
    case "line.void":
      return { action: "void_fired", subject, words: `${w.voidLine} ${about}`, amount: null };
    case "bill.adjust":
      return command.kind === "comp"
        ? { action: "comp", subject, words: `${w.comp} ${about}`, amount: worth(line) }
        : { action: "discount_over", subject, words: `${w.discount} ${about}`, amount: null };
    case "payment.refund":
      return { action: "refund", subject, words: `${w.refund} ${about}`, amount: null };
    case "order.reopen":
      return { action: "reopen", subject, words: `${w.reopen} ${about}`, amount: null };
    case "cash.move":
      return { action: "paid_out_over", subject, words: said(w.paidOut, tillOf(counter, subject), command.reason), amount: command.amount };
    case "drawer.open":
      return { action: "no_sale", subject, words: said(w.noSale, tillOf(counter, subject)), amount: null };
    default:
      return { action: "cancel", subject, words: `${w.cancel} ${about}`, amount: null };
  }
}

function said(...parts: (string | undefined)[]): string {
  return parts.filter(Boolean).join(" · ");
}

function tillOf(counter: CounterState, shiftId: string): string {
  return counter.tills.tills.find((till) => till.shift?.shift_id === shiftId)?.name ?? "";
}

function worth(line: Line | undefined): number | null {
  return line?.amount ?? null;
}

function orderOf(counter: CounterState, id: string): Order | null {
  return counter.link.state.orders.get(id) ?? (counter.shown?.order_id === id ? counter.shown : null);
}
