/** Papers that did not come out, and the printers, asked of the box now and then. */

import { Fault, type Refused } from "$web/box";
import { getOpenPapers, getPrinters, type Paper, type Printer } from "$web/papers";

const LOOKED_AT_MS = 3_000;
const OTHERWISE_MS = 15_000;

export class PapersState {
  papers = $state.raw<Paper[]>([]);
  printers = $state.raw<Printer[]>([]);
  /** Whether the box has answered at all; until then an empty list means nothing. */
  known = $state(false);
  /** Whether it did not answer the last time. */
  away = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round = 0;

  /** Those a person must decide on: the rest only waits for its printer. */
  get stuck(): Paper[] {
    return this.papers.filter((paper) => paper.state === "failed" || paper.state === "held");
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
      const [papers, printers] = await Promise.all([getOpenPapers(), getPrinters()]);
      if (round !== this.#round) return; // a later question has been asked meanwhile
      this.papers = papers;
      this.printers = printers;
      this.known = true;
      this.away = false;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.away = true;
    }
  }

  /** Do something about a paper, then look again. The refusal, or "away" when nobody answered. */
  async act(what: () => Promise<Refused | null>): Promise<Refused | "away" | null> {
    try {
      const refusal = await what();
      await this.look();
      return refusal;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return "away";
    }
  }
}
