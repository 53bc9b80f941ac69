/** What a screen knows of the box, folded from the feed; pure, the same as `protocol/feed.py`. */

import { steadyMs } from "./steady";
import type { Accepted, Change, Heartbeat, Here, LineDelivery, Notice, Order, Snapshot, TakingOrders } from "./wire";

export interface OrdersState {
  position: number;
  boot: string;
  outletName: string;
  menuVersion: number;
  /** Names the menu with its prices as they now are. */
  menuRevision: string;
  eightySix: ReadonlySet<string>;
  orders: ReadonlyMap<string, Order>;
  /** Orders that were over last: whoever still has one open sees how it ended. */
  over: ReadonlyMap<string, Order>;
  /** Orders as an answer told them that was here before the feed: the position of that answer. */
  ahead: ReadonlyMap<string, number>;
  notices: readonly Notice[];
  unsent: number;
  /** Screens that have an order open. */
  here: readonly Here[];
  /** Orders whose prices changed before anybody paid: what they had cost, for whoever told a guest. */
  repriced: ReadonlyMap<string, number>;
  /** Where each line is, of orders that are alive; it goes with its order, so it stays bounded. */
  deliveries: ReadonlyMap<string, readonly LineDelivery[]>;
  /** Whether guests can order now, as the box sees it. */
  takingOrders: TakingOrders;
  /** Orders of which everything went over to another one, and which: the newest only. */
  merged: ReadonlyMap<string, string>;
  /** How far the box's clock is ahead of `steadyMs`. */
  aheadMs: number;
}

const OPEN: TakingOrders = { yes: true, why: "", stations: [] };

export const NOTHING_YET: OrdersState = {
  position: 0,
  boot: "",
  outletName: "",
  menuVersion: 0,
  menuRevision: "",
  eightySix: new Set(),
  orders: new Map(),
  over: new Map(),
  ahead: new Map(),
  notices: [],
  unsent: 0,
  here: [],
  repriced: new Map(),
  deliveries: new Map(),
  takingOrders: OPEN,
  merged: new Map(),
  aheadMs: 0,
};

/** A screen that still shows a merged order finds the one to go on with; older ones are in the history. */
const MERGED_MAX = 200;
const OVER_MAX = 100;

export function applySnapshot(before: OrdersState, snapshot: Snapshot): OrdersState {
  const orders = new Map(snapshot.orders.map((order) => [order.order_id, order]));
  const ahead = before.boot === snapshot.boot ? later(before.ahead, snapshot.position) : new Map<string, number>();
  for (const id of ahead.keys()) {
    const known = before.orders.get(id);
    if (known) orders.set(id, known);
    else orders.delete(id);
  }
  return {
    ...told(before, snapshot),
    position: snapshot.position,
    boot: snapshot.boot,
    outletName: snapshot.outlet_name,
    menuVersion: snapshot.menu_version,
    menuRevision: snapshot.menu_revision,
    eightySix: new Set(snapshot.eighty_six),
    orders,
    over: new Map(), // what became of them meanwhile nobody knows
    ahead,
    notices: snapshot.notices,
    unsent: before.unsent,
    here: before.here,
    merged: before.merged,
    repriced: new Map([...before.repriced].filter(([id]) => snapshot.orders.some((o) => o.order_id === id))),
    deliveries: new Map(
      snapshot.orders.flatMap(({ order_id: id }) => {
        const told = snapshot.deliveries?.[id]; // a box put back from an older release tells none
        return told ? [[id, told]] : [];
      }),
    ),
  };
}

/** Fold one change. One that is late or comes twice changes nothing. */
export function applyChange(before: OrdersState, change: Change): OrdersState {
  // News of where lines are is whole each time, and may come without an entry of its own.
  if (change.kind === "delivery") return withDeliveries(before, change);
  if (change.position <= before.position) return before;
  const after = { ...before, position: change.position, ahead: later(before.ahead, change.position) };
  if (change.kind === "order") {
    const order = change.value as Order;
    const repriced = withRepriced(before, change, order);
    // The answer to our own command was faster, and has told more than this already.
    if (after.ahead.has(order.order_id)) return { ...after, repriced };
    return { ...withOrder(after, order), repriced };
  }
  if (change.kind === "item") {
    const { item_id, eighty_six } = change.value as { item_id: string; eighty_six: boolean };
    const eightySix = new Set(before.eightySix);
    if (eighty_six) eightySix.add(item_id);
    else eightySix.delete(item_id);
    return { ...after, eightySix };
  }
  if (change.kind === "menu") {
    return { ...after, menuVersion: (change.value as { version: number }).version };
  }
  return after;
}

/**
 * The order as the box's answer to a command of this screen tells it: shown at once, whenever the feed
 * gets here. Until then a check that was just paid would look unpaid, and be paid again.
 */
export function applyAnswer(before: OrdersState, answer: Pick<Accepted, "position" | "order">): OrdersState {
  const { position, order } = answer;
  if (!order || position <= before.position) return before;
  if ((before.ahead.get(order.order_id) ?? 0) > position) return before;
  return { ...withOrder(before, order), ahead: new Map(before.ahead).set(order.order_id, position) };
}

function withOrder(before: OrdersState, order: Order): OrdersState {
  const id = order.order_id;
  const isOver = order.status === "closed" || order.status === "cancelled";
  const orders = new Map(before.orders);
  let { over } = before;
  if (isOver) {
    orders.delete(id);
    over = newest(new Map(without(over, id)).set(id, order), OVER_MAX);
  } else {
    orders.set(id, order);
    over = without(over, id);
  }
  const deliveries = isOver ? without(before.deliveries, id) : before.deliveries;
  return { ...before, orders, over, deliveries, merged: withMerged(before.merged, order) };
}

/** What lies beyond a position. */
function later(ahead: OrdersState["ahead"], position: number): OrdersState["ahead"] {
  if (ahead.size === 0) return ahead;
  return new Map([...ahead].filter(([, at]) => at > position));
}

/** The same map, which has at most so many entries from then on. */
function newest<T>(map: Map<string, T>, most: number): Map<string, T> {
  for (const oldest of map.keys()) {
    if (map.size <= most) break;
    map.delete(oldest);
  }
  return map;
}

function withDeliveries(before: OrdersState, change: Change): OrdersState {
  if (change.position < before.position) return before;
  const after = { ...before, position: change.position };
  if (!before.orders.has(change.key)) return after;
  const deliveries = new Map(before.deliveries);
  deliveries.set(change.key, change.value as LineDelivery[]);
  return { ...after, deliveries };
}

function without<T>(map: ReadonlyMap<string, T>, key: string): ReadonlyMap<string, T> {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

function withMerged(before: OrdersState["merged"], order: Order): OrdersState["merged"] {
  if (!order.merged_into || before.get(order.order_id) === order.merged_into) return before;
  return newest(new Map(before).set(order.order_id, order.merged_into), MERGED_MAX);
}

/** The order that has by now what was on this one; itself unless it was merged. */
export function goesOnAs(state: OrdersState, orderId: string): string {
  const passed = new Set<string>();
  let id = orderId;
  for (let next = state.merged.get(id); next && !passed.has(next); next = state.merged.get(id)) {
    passed.add(next);
    id = next;
  }
  return id;
}

function withRepriced(before: OrdersState, change: Change, order: Order): OrdersState["repriced"] {
  const id = order.order_id;
  const was = before.repriced.get(id) ?? before.orders.get(id)?.totals.total;
  const paid = order.payments.length > 0 || order.status === "closed" || order.status === "cancelled";
  if (change.event !== "line.repriced" && !(paid && before.repriced.has(id))) return before.repriced;
  const repriced = new Map(before.repriced);
  if (paid || was === undefined || was === order.totals.total) repriced.delete(id);
  else repriced.set(id, was);
  return repriced;
}

/** Whether HQ says that another box is in charge: this one takes no new order. */
export function standsBy(state: OrdersState): boolean {
  return state.notices.some((notice) => notice.code === STANDBY);
}

export const STANDBY = "alarm.two_boxes";

export function applyHeartbeat(before: OrdersState, beat: Heartbeat): OrdersState {
  const here = beat.here ?? []; // an older box tells none
  return { ...before, ...told(before, beat), notices: beat.notices, unsent: beat.unsent, menuRevision: beat.menu_revision, here };
}

/** What a box of an older release does not tell is as it was before there was such a question. */
function told(
  before: OrdersState,
  { taking_orders: taking, at_ms: atMs }: Pick<Heartbeat, "taking_orders" | "at_ms">,
): Pick<OrdersState, "takingOrders" | "aheadMs"> {
  return { takingOrders: taking ?? OPEN, aheadMs: atMs ? atMs - steadyMs() : before.aheadMs };
}

/** What has been paid and not given back. */
export function paidOf(order: Order): number {
  const taken = order.payments.reduce((sum, payment) => sum + payment.amount, 0);
  return taken - (order.refunds ?? []).reduce((sum, refund) => sum + refund.amount, 0);
}

/** By how much refunds made the sale itself smaller. */
export function creditedOf(order: Order): number {
  if (order.status === "cancelled") return 0;
  return (order.refunds ?? []).reduce((sum, refund) => sum + refund.credit, 0);
}

/** What is still to be paid; below zero when it is overpaid. */
export function dueOf(order: Order): number {
  return order.totals.total - creditedOf(order) - paidOf(order);
}

/** Why a line is struck here: it went over to another order, and is made there. */
export const TRANSFERRED = "transferred";

/** The lines that people see: struck ones too, but not those that went over to another order. */
export function shownLines(order: Order): Order["lines"] {
  return order.lines.filter((line) => line.void_reason !== TRANSFERRED);
}

export function liveLines(order: Order): Order["lines"] {
  return order.lines.filter((line) => line.status !== "voided");
}
