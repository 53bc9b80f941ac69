/** A cart that several screens edit at once, joined without a master; the rules of `protocol/rules/carts.py`. */

import type { Cart, CartLine, CartNote, Order, Tally } from "./wire";

/** The actor of what an order had before anybody edited it as a cart. */
export const ORDER = "order";
export const EMPTY: Cart = { lines: {} };

const NOTHING: Tally = { added: 0, taken: 0, seen_added: 0, seen_taken: 0 };

/** A line nobody has any of yet. */
export function wish(variantId: string, choices: string[] = []): CartLine {
  return {
    variant_id: variantId,
    choices: choices.map((id) => ({ modifier_id: id, quantity: 1 })),
    tallies: {},
    note: { stamp: 0, actor: "", text: "" },
  };
}

/** How many of a line are wanted. */
export function quantity(line: CartLine): number {
  let shown = 0;
  for (const t of Object.values(line.tallies)) {
    shown += Math.max(0, t.added - t.seen_added) - Math.max(0, t.taken - t.seen_taken);
  }
  return Math.max(0, shown);
}

/** `count` more of a line; `what` says what it is when it is new. One that shows none starts afresh. */
export function add(cart: Cart, actor: string, lineId: string, count: number, what?: CartLine): Cart {
  let line = cart.lines[lineId] ?? what;
  if (!line || count <= 0) return cart;
  if (quantity(line) === 0) line = seen(line);
  const tally = line.tallies[actor] ?? NOTHING;
  return put(cart, lineId, line, actor, { ...tally, added: tally.added + count });
}

/** `count` fewer of a line, at most what is shown. */
export function take(cart: Cart, actor: string, lineId: string, count: number): Cart {
  const line = cart.lines[lineId];
  const taken = line ? Math.min(count, quantity(line)) : 0;
  if (!line || taken <= 0) return cart;
  const tally = line.tallies[actor] ?? NOTHING;
  return put(cart, lineId, line, actor, { ...tally, taken: tally.taken + taken });
}

/** All of a line that this cart has seen; what others add unseen stays. */
export function remove(cart: Cart, lineId: string): Cart {
  const line = cart.lines[lineId];
  return line ? { lines: { ...cart.lines, [lineId]: seen(line) } } : cart;
}

/** A note on a line; a stamp not above the one it has seen is raised above it. */
export function writeNote(cart: Cart, actor: string, lineId: string, text: string, stamp: number): Cart {
  const line = cart.lines[lineId];
  if (!line) return cart;
  const note = { stamp: Math.max(stamp, line.note.stamp + 1), actor, text };
  return { lines: { ...cart.lines, [lineId]: { ...line, note } } };
}

/** Both carts in one: the larger of each counter, the last note; lines in the order of their ids. */
export function join(one: Cart, other: Cart): Cart {
  const lines: Record<string, CartLine> = {};
  for (const id of sortedKeys(one.lines, other.lines)) lines[id] = joinLines(one.lines[id], other.lines[id]);
  return { lines };
}

/** The order's cart; lines that no cart has cart yet are the order's own. */
export function cartOfOrder(order: Order): Cart {
  const cart = order.cart ?? EMPTY;
  const own: Record<string, CartLine> = {};
  for (const line of order.lines) {
    if (line.status === "voided" || cart.lines[line.line_id]) continue;
    own[line.line_id] = {
      variant_id: line.variant_id,
      choices: line.choices.map((c) => ({ modifier_id: c.modifier_id, quantity: c.quantity })),
      tallies: { [ORDER]: { ...NOTHING, added: line.quantity } },
      note: { stamp: 0, actor: "", text: line.note },
    };
  }
  return join(cart, { lines: own });
}

// ---------------------------------------------------------------- parts

function joinLines(one: CartLine | undefined, other: CartLine | undefined): CartLine {
  if (!one || !other) return (one ?? other)!;
  const tallies: Record<string, Tally> = {};
  for (const actor of sortedKeys(one.tallies, other.tallies)) {
    const [a, b] = [one.tallies[actor] ?? NOTHING, other.tallies[actor] ?? NOTHING];
    tallies[actor] = {
      added: Math.max(a.added, b.added),
      taken: Math.max(a.taken, b.taken),
      seen_added: Math.max(a.seen_added, b.seen_added),
      seen_taken: Math.max(a.seen_taken, b.seen_taken),
    };
  }
  const what = compare(key(one), key(other)) >= 0 ? one : other;
  const note = compare(noteKey(one.note), noteKey(other.note)) >= 0 ? one.note : other.note;
  return { variant_id: what.variant_id, choices: what.choices, tallies, note };
}

function seen(line: CartLine): CartLine {
  const tallies = Object.fromEntries(
    Object.entries(line.tallies).map(([actor, t]) => [
      actor,
      { ...t, seen_added: t.added, seen_taken: t.taken },
    ]),
  );
  return { ...line, tallies };
}

function put(cart: Cart, lineId: string, line: CartLine, actor: string, tally: Tally): Cart {
  const changed = { ...line, tallies: { ...line.tallies, [actor]: tally } };
  return { lines: { ...cart.lines, [lineId]: changed } };
}

function key(line: CartLine): (string | number)[] {
  return [line.variant_id, ...line.choices.flatMap((c) => [c.modifier_id, c.quantity])];
}

function noteKey(note: CartNote): (string | number)[] {
  return [note.stamp, note.actor, note.text];
}

/** As Python compares tuples: part by part, the longer of two equal beginnings is the larger. */
function compare(a: (string | number)[], b: (string | number)[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i]! < b[i]!) return -1;
    if (a[i]! > b[i]!) return 1;
  }
  return a.length - b.length;
}

function sortedKeys(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}
