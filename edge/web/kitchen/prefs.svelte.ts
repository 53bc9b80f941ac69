/** What people set on this display: keys, size and what is beside the tickets; kept on the device. */

import { memoryHere } from "./device";
import { DEFAULT_KEYS, readKeys, taught, type Action } from "./keys";

const KEYS = "kedai.kitchen.keys";
const SIZE = "kedai.kitchen.size";
const ALL_DAY = "kedai.kitchen.all_day";

/** How wide a ticket is at least, and how large one rem is (pixels); never so small that a thumb misses. */
export const SIZES = {
  small: { leastPx: 290, remPx: 16 },
  medium: { leastPx: 352, remPx: 16 },
  large: { leastPx: 440, remPx: 20 },
} as const;
export type Size = keyof typeof SIZES;

class Prefs {
  readonly #memory = memoryHere();
  keys = $state.raw(readKeys(this.#memory.getItem(KEYS)));
  size = $state<Size>(readSize(this.#memory.getItem(SIZE)));
  allDay = $state(this.#memory.getItem(ALL_DAY) !== "no");

  teach(action: Action, key: string): void {
    this.keys = taught(this.keys, action, key);
    this.#keep(KEYS, JSON.stringify(this.keys));
  }

  forgetKeys(): void {
    this.keys = DEFAULT_KEYS;
    this.#memory.removeItem(KEYS);
  }

  resize(size: Size): void {
    this.size = size;
    this.#keep(SIZE, size);
  }

  toggleAllDay(): void {
    this.allDay = !this.allDay;
    this.#keep(ALL_DAY, this.allDay ? "yes" : "no");
  }

  #keep(key: string, value: string): void {
    try {
      this.#memory.setItem(key, value);
    } catch {
      // A display without storage starts with the defaults again.
    }
  }
}

function readSize(kept: string | null): Size {
  return kept === "small" || kept === "large" ? kept : "medium";
}

export const prefs = new Prefs();
