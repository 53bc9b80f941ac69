/** From what was entered to an order on the box: placed anew, or added to one that is there. */

import { Fault, findOrder, type Refused } from "$web/box";
import { newLines, placeOrder } from "$web/cart";
import { named } from "$web/language.svelte";
import { dueOf } from "$web/orders_state";
import type { Accepted, Order } from "$web/wire";
import { draftBill } from "./bill";
import type { CounterState } from "./counter_state.svelte";
import { w } from "./words";

export interface How {
  hold?: boolean;
  pay?: boolean;
  /** No course waits, although the order is eaten in courses. */
  all?: boolean;
  /** What is done with the order once it is there, instead of telling its number. */
  then?: (order: Order) => void;
}

const MOVED_ON = ["stale_menu", "item_unavailable", "unknown_item", "wrong_total"];

/** Place the draft, or add it to the order that was recalled. */
export async function send(counter: CounterState, how: How = {}): Promise<void> {
  const { draft, link } = counter;
  if (counter.busy || !link.menu) return;
  draft.settle();
  const missing = draft.incomplete(link.menu);
  if (missing) {
    draft.selectedId = missing.line_id;
    counter.warning = w.chooseFirst(named(missing.item.names));
    return;
  }
  const first = how.hold || how.all ? null : counter.firstCourse;
  if (draft.targetId && !counter.target) return targetGone(counter);
  if (counter.target) return sendToTarget(counter, counter.target, how, first);
  if (draft.lines.length > 0) await place(counter, how, first);
}

/** What was meant for an order that is on the box never becomes a new one unnoticed. */
function targetGone(counter: CounterState): void {
  if (counter.link.state.boot === "") counter.warning = w.targetNotYet;
  else {
    counter.draft.targetId = null;
    counter.warning = w.targetOver;
  }
}

async function place(counter: CounterState, how: How, first: number | null): Promise<void> {
  const { draft, link } = counter;
  const command = placeOrder(draft.lines, {
    orderId: draft.orderId,
    source: "counter",
    dining: draft.dining,
    table: draft.dining === "dine_in" ? draft.table.trim() : "",
    tabName: draft.tabName.trim(),
    covers: draft.covers,
    codes: draft.codes,
    total: counter.askTotal ? null : draftBill(counter).totals.total,
    hold: how.hold ?? false,
    fireCourses: first === null ? undefined : [first],
    menuVersion: link.menu!.version,
  });
  counter.busy = how.hold ? "hold" : how.pay ? "pay" : "send";
  const answer = await counter.soon(command, `place:${draft.orderId}`);
  counter.busy = "";
  if (answer === "kept") {
    counter.clear();
    counter.notice = { kind: "kept" };
  } else if (answer.type === "refused") await refusedPlacing(counter, answer);
  else accepted(counter, answer, how);
}

async function sendToTarget(counter: CounterState, target: Order, how: How, first: number | null): Promise<void> {
  const { draft } = counter;
  const id = target.order_id;
  let order: Order | null = target;
  if (draft.lines.length > 0) {
    const once = `add:${id}:${draft.lines[0]!.line_id}`;
    order = await counter.tell({ type: "lines.add", order_id: id, lines: newLines(draft.lines) }, once);
  }
  if (order && isParked(order) && !(how.hold && order.status === "held")) {
    if (how.hold) order = await counter.tell({ type: "order.hold", order_id: id }, `order.hold:${id}`);
    else order = await fireUnlessDone(counter, order, first === null ? [] : [first]);
  }
  if (order) {
    counter.clear();
    if (how.then) how.then(order);
    else if (how.pay && dueOf(order) > 0) counter.pay(order);
    else counter.notice = { kind: "accepted", order, title: how.hold ? w.heldNow : w.addedNow, fired: !how.hold };
  } else if (counter.notice?.kind === "kept") counter.clear();
}

/** Another screen at the same table may have fired it between our lines and this: that is as well. */
async function fireUnlessDone(counter: CounterState, order: Order, courses: number[]): Promise<Order | null> {
  const id = order.order_id;
  const once = `fire:${id}:${courses.join(",")}`;
  counter.busy = once;
  const answer = await counter.soon({ type: "order.fire", order_id: id, courses }, once);
  counter.busy = "";
  if (answer === "kept") counter.notice = { kind: "kept" };
  else if (answer.type === "accepted") return answer.order;
  else {
    const now = await findOrder(id).catch((fault: unknown) => {
      if (fault instanceof Fault) return null;
      throw fault;
    });
    if (now && !isParked(now)) return now;
    counter.refusal = answer;
  }
  return null;
}

function accepted(counter: CounterState, answer: Accepted, how: How): void {
  counter.clear();
  const { order } = answer;
  if (!order) return;
  if (how.then) how.then(order);
  else if (how.pay && dueOf(order) > 0) counter.pay(order);
  else counter.notice = { kind: "accepted", order, title: how.hold ? w.heldNow : w.accepted, fired: !how.hold };
}

/** The menu moved under the cart: price it anew, name what is gone, and let the cashier decide. */
async function refusedPlacing(counter: CounterState, refusal: Refused): Promise<void> {
  counter.refusal = refusal;
  // A screen whose clock is wrong misses a happy hour: having shown the new total, it lets the box say.
  counter.askTotal = refusal.code === "stale_menu";
  if (!MOVED_ON.includes(refusal.code)) return;
  await counter.link.reload();
  if (!counter.link.menu) return;
  const gone = counter.draft.reprice(counter.link.menu, counter.link.state.eightySix);
  const names = gone.map((line) => named(line.item.names)).join(", ");
  counter.warning = gone.length > 0 ? w.gone(names) : w.menuChanged;
}

/** Whether the kitchen has been told nothing of the order yet. */
export function isParked(order: Order): boolean {
  return order.status === "open" || order.status === "held";
}
