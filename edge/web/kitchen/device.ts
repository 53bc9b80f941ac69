/** Which device this display is, and what people call it: "shown on Grill 1". */

import { mint } from "$web/ids";

const DEVICE = "kedai.device";
const NAME = "kedai.device.name";

/** The part of a browser's storage that is needed; a device without any still works until a reload. */
export type Memory = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The id that pairing left here, else one made up once and kept. */
export function deviceId(memory: Memory): string {
  const kept = read(memory, DEVICE);
  if (kept) return kept;
  const made = mint();
  write(memory, DEVICE, made);
  return made;
}

/** The name a person or the pairing gave; empty when there is none. */
export function givenName(memory: Memory): string {
  return read(memory, NAME);
}

export function giveName(memory: Memory, name: string): void {
  write(memory, NAME, name);
}

/** The station's name and the lowest number that no other display carries. */
export function nextName(station: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = `${station} ${number}`;
    if (!taken.has(name)) return name;
  }
}

/** Where this browser keeps things; in memory where it keeps nothing. */
export function memoryHere(): Memory {
  try {
    localStorage.getItem(DEVICE);
    return localStorage;
  } catch {
    const held = new Map<string, string>();
    return {
      getItem: (key) => held.get(key) ?? null,
      setItem: (key, value) => void held.set(key, value),
      removeItem: (key) => void held.delete(key),
    };
  }
}

function read(memory: Memory, key: string): string {
  try {
    return memory.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function write(memory: Memory, key: string, value: string): void {
  try {
    memory.setItem(key, value);
  } catch {
    // Full or forbidden: the display works, and is another device after a reload.
  }
}
