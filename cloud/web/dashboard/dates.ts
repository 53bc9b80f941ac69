/** Business dates as text (2026-05-31), counted without ever asking this device's clock or zone. */

/** The date some days later; an empty date stays empty. */
export function plusDays(date: string, days: number): string {
  if (!date) return "";
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

export interface Span {
  name: "today" | "yesterday" | "last7" | "last30" | "thisMonth";
  from: string;
  to: string;
}

/** The spans people ask for most. */
export function spans(today: string): Span[] {
  if (!today) return [];
  return [
    { name: "today", from: today, to: today },
    { name: "yesterday", from: plusDays(today, -1), to: plusDays(today, -1) },
    { name: "last7", from: plusDays(today, -6), to: today },
    { name: "last30", from: plusDays(today, -29), to: today },
    { name: "thisMonth", from: `${today.slice(0, 8)}01`, to: today },
  ];
}
