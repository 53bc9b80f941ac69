/** Which till this counter's cash goes into, and how the tills and the day of the outlet stand. */

import { Fault, getJson } from "$web/box";
import type { DayFigures, Outstanding, Shift, TenderFigure } from "$web/wire";

const TILL = "kedai.counter.till";

/** A till: its open shift, and the one before. */
export interface Till {
  till_id: string;
  name: string;
  printer: string;
  shift: Shift | null;
  last: Shift | null;
}

/** An X report of one shift. */
export interface ShiftFigures {
  shift: Shift;
  expected: number;
  tenders: TenderFigure[];
  cash_sales: number;
  cash_refunds: number;
}

/** What a close of the day would find now. */
export interface Standing {
  business_date: string;
  today: string;
  unsure: boolean;
  next_z: number;
  figures: DayFigures[];
  outstanding: Outstanding[];
  closed_z: number | null;
}

/** A closed day, with its certificate once it has one. */
export interface ClosedDay {
  closed: { number_z: number; business_date: string; at_ms: number; figures: DayFigures; outstanding: Outstanding[]; digest: string };
  certified: { at_ms: number; agrees: boolean; statement: string } | null;
}

export class TillsState {
  /** The till of this counter; null: it takes cash into none. */
  tillId = $state<string | null>(remembered());
  tills = $state.raw<Till[]>([]);
  /** Whether cash is only taken into an open till. */
  needed = $state(false);
  known = $state(false);
  away = $state(false);

  /** This counter's till; null while none is chosen, or it is no more. */
  get own(): Till | null {
    return this.tills.find((till) => till.till_id === this.tillId) ?? null;
  }

  choose(tillId: string | null): void {
    this.tillId = tillId;
    try {
      if (tillId) localStorage.setItem(TILL, tillId);
      else localStorage.removeItem(TILL);
    } catch {
      // Without storage it is chosen again after a reload.
    }
  }

  async look(): Promise<void> {
    await this.#quietly(async () => {
      const { tills, needed } = await getJson<{ tills: Till[]; needed: boolean }>("/api/tills");
      this.tills = tills;
      this.needed = needed;
      this.known = true;
      if (this.tillId && !this.own) this.choose(null);
      // An outlet with one till has nothing to choose.
      if (!this.tillId && tills.length === 1) this.choose(tills[0]!.till_id);
    });
  }

  figuresOf(shiftId: string): Promise<ShiftFigures | null> {
    return this.#quietly(() => getJson<ShiftFigures>(`/api/shifts/${shiftId}/x`));
  }

  standing(date: string): Promise<Standing | null> {
    return this.#quietly(() => getJson<Standing>(`/api/days/standing${date ? `?date=${date}` : ""}`));
  }

  days(): Promise<ClosedDay[] | null> {
    return this.#quietly(() => getJson<ClosedDay[]>("/api/days"));
  }

  async #quietly<T>(asking: () => Promise<T>): Promise<T | null> {
    try {
      const answer = await asking();
      this.away = false;
      return answer;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.away = true;
      return null;
    }
  }
}

/** What was counted beyond (+) or below (−) what should be there; null while it is open. */
export function overShort(shift: Shift): number | null {
  return shift.counted === null || shift.expected === null ? null : shift.counted - shift.expected;
}

function remembered(): string | null {
  try {
    return localStorage.getItem(TILL);
  } catch {
    return null;
  }
}
