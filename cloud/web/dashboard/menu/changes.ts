/** Changes of a menu, sorted out for the person who publishes it: what costs money first. */

import type { Change, ChangeKind } from "./menu";

export type Group = "price" | "new" | "removed" | "offer" | "renamed" | "modifiers" | "other";

/** In the order in which they are shown. */
const GROUPS: Record<Group, readonly ChangeKind[]> = {
  price: ["price"],
  removed: ["removed"],
  new: ["new"],
  offer: ["offered", "withheld"],
  renamed: ["renamed"],
  modifiers: ["group_new", "group_removed", "group_rule", "group_options"],
  other: ["field", "other"],
};

export interface Grouped {
  group: Group;
  changes: Change[];
}

/** Only groups that have something; doubtful prices first in theirs. */
export function grouped(changes: readonly Change[]): Grouped[] {
  return (Object.keys(GROUPS) as Group[])
    .map((group) => ({
      group,
      changes: changes
        .filter((change) => GROUPS[group].includes(change.kind))
        .sort((a, b) => Number(b.doubt) - Number(a.doubt)),
    }))
    .filter((each) => each.changes.length > 0);
}

/** A third of what is sold now would go: somebody may have chosen a part of a menu. */
const MANY = 1 / 3;

/** How many things would not be sold any more, when that is suspiciously many; else zero. */
export function manyGone(changes: readonly Change[], sold: number): number {
  const gone = changes.filter((change) => change.kind === "removed").length;
  return sold >= 3 && gone > sold * MANY ? gone : 0;
}

/** Where and what of a finding (`row 5: has no name`). */
export function parted(finding: string): [where: string, what: string] {
  const at = finding.indexOf(": ");
  return at < 0 ? ["", finding] : [finding.slice(0, at), finding.slice(at + 2)];
}
