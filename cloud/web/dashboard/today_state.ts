/** Today's figures as HQ's feed tells them; pure. */

import type { Figure } from "$web/wire";
import type { Completeness, OutletToday, Today } from "./hq";

/** Put the outlets that changed in the place of what was known of them. */
export function withChange(before: Today, change: Omit<Today, "currency">): Today {
  const news = new Map(change.outlets.map((outlet) => [outlet.outlet_id, outlet]));
  const outlets = before.outlets.map((outlet) => news.get(outlet.outlet_id) ?? outlet);
  const known = new Set(before.outlets.map((outlet) => outlet.outlet_id));
  const opened = change.outlets.filter((outlet) => !known.has(outlet.outlet_id));
  return { ...before, at_ms: change.at_ms, totals: change.totals, outlets: [...outlets, ...opened] };
}

/** How complete each outlet's figures are now. */
export function withHeartbeat(
  before: Today,
  beat: { at_ms: number; completeness: Completeness[] },
): Today {
  const news = new Map(beat.completeness.map((each) => [each.outlet_id, each]));
  const outlets = before.outlets.map((outlet) => ({
    ...outlet,
    completeness: news.get(outlet.outlet_id) ?? outlet.completeness,
  }));
  return { ...before, at_ms: beat.at_ms, outlets };
}

export interface Hourly {
  hours: number[];
  /** One row of amounts (minor units) per outlet, in the order of the outlets. */
  rows: number[][];
}

/** The hours of business, gaps filled with nothing, so that a chart tells quiet from unknown. */
export function hourly(outlets: { by_hour: Figure[] }[]): Hourly {
  const sold = outlets.flatMap((outlet) => outlet.by_hour.map((figure) => Number(figure.key)));
  if (sold.length === 0) return { hours: [], rows: outlets.map(() => []) };
  const first = Math.min(...sold);
  const hours = Array.from({ length: Math.max(...sold) - first + 1 }, (_, i) => first + i);
  const rows = outlets.map((outlet) => {
    const amounts = new Map(outlet.by_hour.map((f) => [Number(f.key), f.amount_minor]));
    return hours.map((hour) => amounts.get(hour) ?? 0);
  });
  return { hours, rows };
}

/** Rows on top of each other, for bars that stack: each row becomes the sum up to itself. */
export function stacked(rows: number[][]): number[][] {
  let below: number[] = [];
  return rows.map((row) => (below = row.map((value, i) => value + (below[i] ?? 0))));
}

/** Outlets whose figures are not all here. */
export function incomplete(outlets: OutletToday[]): Completeness[] {
  return outlets.map((o) => o.completeness).filter((c) => c.state !== "complete");
}

/** A shorter amount for an axis: 1,2 jt or 1.2M. `minor` in units of `scale` digits. */
export function shortAmount(minor: number, scale: number, indonesian: boolean): string {
  const value = minor / 10 ** scale;
  const steps: [number, string][] = indonesian
    ? [[1e9, " M"], [1e6, " jt"], [1e3, " rb"]]
    : [[1e9, "B"], [1e6, "M"], [1e3, "k"]];
  for (const [step, name] of steps) {
    if (Math.abs(value) >= step) {
      const text = (value / step).toFixed(Math.abs(value) >= 10 * step ? 0 : 1).replace(/\.0$/, "");
      return (indonesian ? text.replace(".", ",") : text) + name;
    }
  }
  return String(Math.round(value));
}
