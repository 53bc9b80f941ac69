/** Which taps count: a second one that lands where something else has slid to is not meant; pure. */

/** The same thing tapped again within this long is one tap with a nervous finger. */
const SAME_MS = 1_000;
/** Another thing at the same place within this long slid there under the finger. */
const SLID_MS = 600;
const SAME_PLACE_PX = 60;
/** Faster than anybody sees that a card has moved. */
const MOVED_MS = 250;

export interface Tap {
  /** What was hit: a ticket and its line or button. */
  target: string;
  x: number;
  y: number;
  atMs: number;
  /** When the card that was hit last changed its place; -Infinity when it never did. */
  movedMs: number;
}

export class TapGuard {
  #last: Tap | null = null;

  /** Whether this tap means what it hit. One that does not still counts as the last one. */
  allows(tap: Tap): boolean {
    const last = this.#last;
    if (tap.atMs - tap.movedMs < MOVED_MS) return false;
    this.#last = tap;
    if (!last) return true;
    const apart = tap.atMs - last.atMs;
    if (tap.target === last.target) return apart >= SAME_MS;
    const near = Math.abs(tap.x - last.x) < SAME_PLACE_PX && Math.abs(tap.y - last.y) < SAME_PLACE_PX;
    return !near || apart >= SLID_MS;
  }
}

/** What came to a place less than this before a key was pressed, nobody has seen there. */
const SEEN_MS = 400;

/** Who stood at which place of the board when: a key means what the cook saw, not what has just
 * slid there because another cook was faster. */
export class Places {
  #seen: { ids: readonly string[]; atMs: number }[] = [];

  /** From now on these stand there, first to last. */
  show(ids: readonly string[], atMs: number) {
    const settled = this.#seen.findLastIndex((seen) => seen.atMs <= atMs - SEEN_MS);
    this.#seen = [...this.#seen.slice(Math.max(0, settled)), { ids, atMs }];
  }

  /** Who was meant by a key for a place, counted from 0; "" for nobody. Where nobody stood a moment
   * ago, nobody else can have been meant than who came there since. */
  meant(place: number, pressedMs: number): string {
    const seen = this.#seen.findLast((one) => one.atMs <= pressedMs - SEEN_MS);
    return seen?.ids[place] ?? this.#seen.at(-1)?.ids[place] ?? "";
  }
}

/** The same digit again within this long is the same press: the next ticket has its number by now. */
const DIGIT_MS = 600;

export class DigitGuard {
  #last = { digit: "", atMs: -Infinity };

  allows(digit: string, atMs: number): boolean {
    const again = digit === this.#last.digit && atMs - this.#last.atMs < DIGIT_MS;
    this.#last = { digit, atMs };
    return !again;
  }
}
