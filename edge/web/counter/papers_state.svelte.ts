/** Papers that did not come out, and the printers, asked of the box now and then. */

import { Fault, type Refused } from "$web/box";
import { mint } from "$web/ids";
import { getOpenPapers, getPrinters, isStuck } from "$web/papers";
import type { PaperCard, PrinterCard } from "$web/wire";

const LOOKED_AT_MS = 3_000;
const OTHERWISE_MS = 15_000;

/** Something asked of the printers under a key of its own. */
export type Wish = (key: string) => Promise<Refused | null>;

export class PapersState {
  papers = $state.raw<PaperCard[]>([]);
  /** Whether there are older ones that the box left out. */
  more = $state(false);
  printers = $state.raw<PrinterCard[]>([]);
  /** Whether the box has answered at all; until then an empty list means nothing. */
  known = $state(false);
  /** Whether it did not answer the last time. */
  away = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  /** What was asked and not answered yet: asked again under the same key, it prints once. */
  #keys = new Map<string, string>();

  /** Those a person must decide on: the rest only waits for its printer. */
  get stuck(): PaperCard[] {
    return this.papers.filter(isStuck);
  }

  /** Ask again and again, more often while somebody looks. Returns how to stop. */
  watch(lookedAt: boolean): () => void {
    let stopped = false;
    const again = async () => {
      if (!document.hidden) await this.look();
      if (!stopped) this.#timer = setTimeout(() => void again(), lookedAt ? LOOKED_AT_MS : OTHERWISE_MS);
    };
    void again();
    return () => {
      stopped = true;
      clearTimeout(this.#timer);
    };
  }

  async look(): Promise<void> {
    const round = ++this.#round;
    try {
      const [list, printers] = await Promise.all([getOpenPapers(), getPrinters()]);
      if (round !== this.#round) return; // a later question has been asked meanwhile
      this.papers = list.papers;
      this.more = list.more;
      this.printers = printers;
      this.known = true;
      this.away = false;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.away = true;
    }
  }

  /** Ask for something, then look again. The refusal, or "away" when nobody answered. */
  async act(once: string, what: Wish): Promise<Refused | "away" | null> {
    const key = this.#keys.get(once) ?? mint();
    this.#keys.set(once, key);
    try {
      const refusal = await what(key);
      this.#keys.delete(once);
      await this.look();
      return refusal;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return "away";
    }
  }
}
