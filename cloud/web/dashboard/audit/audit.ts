/** The audit trail at HQ, as the API tells it. */

import { ask, type Sentence } from "../hq";

/** A newer HQ may tell of more kinds. */
export type AuditKind = string;

export interface AuditRow {
  at_ms: number;
  kind: AuditKind;
  who: string;
  what: Sentence;
  amount: number | null;
  order_id: string | null;
  number: string;
  reason: string;
  approved_by: string;
}

export interface Tally {
  who: string;
  kind: AuditKind;
  times: number;
  amount: number;
}

export interface Trail {
  rows: AuditRow[];
  /** The outlet's id of each row. */
  outlets: string[];
  /** Older ones follow there. */
  next: string | null;
  /** Sums of everything between the dates; only in the first answer. */
  tallies: Tally[];
  tallied_all: boolean;
}

export interface Asked {
  outlet: string;
  from: string;
  to: string;
  kind: string;
  who: string;
}

export function getTrail(asked: Asked, after = ""): Promise<Trail> {
  const fields = Object.entries({ ...asked, after }).filter(([, value]) => value !== "");
  return ask(`/api/audit?${new URLSearchParams(fields)}`);
}

/** Deeds by which money or goods can leave without a sale: what an owner looks at first. */
export const LOOKED_AT: readonly AuditKind[] = ["void", "cancel", "discount", "comp", "refund", "cash", "drawer", "reprint"];

export interface KindSum {
  kind: AuditKind;
  times: number;
  amount: number;
}

/** What all people's deeds of each kind come to, the ones to look at first, then the most frequent. */
export function byKind(tallies: readonly Tally[]): KindSum[] {
  const sums = new Map<AuditKind, KindSum>();
  for (const { kind, times, amount } of tallies) {
    const sum = sums.get(kind) ?? { kind, times: 0, amount: 0 };
    sums.set(kind, { kind, times: sum.times + times, amount: sum.amount + amount });
  }
  const rank = (kind: AuditKind) => (LOOKED_AT.includes(kind) ? LOOKED_AT.indexOf(kind) : LOOKED_AT.length);
  return [...sums.values()].sort((a, b) => rank(a.kind) - rank(b.kind) || b.times - a.times);
}

export interface PersonSum {
  who: string;
  /** Of kinds that an owner looks at. */
  amount: number;
  times: number;
  kinds: KindSum[];
}

/** Who did how much of what an owner looks at: the largest amount first. */
export function byPerson(tallies: readonly Tally[]): PersonSum[] {
  const people = new Map<string, Tally[]>();
  for (const tally of tallies) {
    if (LOOKED_AT.includes(tally.kind)) people.set(tally.who, [...(people.get(tally.who) ?? []), tally]);
  }
  return [...people]
    .map(([who, mine]) => ({
      who,
      kinds: byKind(mine),
      times: mine.reduce((sum, each) => sum + each.times, 0),
      amount: mine.reduce((sum, each) => sum + each.amount, 0),
    }))
    .sort((a, b) => b.amount - a.amount || b.times - a.times || a.who.localeCompare(b.who));
}
