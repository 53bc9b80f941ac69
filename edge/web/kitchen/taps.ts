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
