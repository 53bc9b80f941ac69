/** The trail of a business date as the box tells it (`GET /api/audit`), and what of it belongs together. */

export interface AuditRow {
  at_ms: number;
  kind: string;
  who: string;
  what: Record<string, string>;
  amount: number | null;
  order_id: string | null;
  number: string;
  reason: string;
  approved_by: string;
}

export interface AuditPage {
  business_date: string;
  rows: AuditRow[];
  more: boolean;
}

/** What somebody looks for: money taken off bills, cash, people at screens, the rest. */
export const SORTS = {
  bills: ["void", "cancel", "discount", "comp", "refund", "reopen"],
  cash: ["cash", "drawer", "till", "day"],
  people: ["approval", "sign_in", "pin"],
  things: ["device", "reprint", "paper"],
} as const;
export type Sort = keyof typeof SORTS;

export function sortOf(kind: string): Sort {
  const found = (Object.keys(SORTS) as Sort[]).find((sort) => (SORTS[sort] as readonly string[]).includes(kind));
  return found ?? "things";
}
