/** Which device this display is, and what people call it: "shown on Grill 1". */

import { mint } from "$web/ids";

const DEVICE = "kedai.device";
const NAME = "kedai.device.name";
/** The name it took last, so that a display keeps its number. */
const TAKEN = "kedai.device.taken";
/** The id and name of the pairing, for a start while the box is away. */
const PAIRED = "kedai.device.paired";

export interface Identity {
  device: string;
  /** What pairing called it; empty for a screen that was never paired. */
  name: string;
}

/** The part of a browser's storage that is needed; a device without any still works until a reload. */
export type Memory = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/**
 * Who this display is: the paired device whose token the box sees, else one of our own making.
 * `ask` gives that device, null when there is none, and rejects when the box cannot be asked.
 */
export async function identify(memory: Memory, ask: () => Promise<Identity | null>): Promise<Identity> {
  const own = { device: deviceId(memory), name: "" };
  try {
    const paired = await ask();
    if (paired) write(memory, PAIRED, JSON.stringify(paired));
    else memory.removeItem(PAIRED);
    return paired ?? own;
  } catch {
    const kept = read(memory, PAIRED);
    return kept ? (JSON.parse(kept) as Identity) : own;
  }
}

/** What the box knows of whoever asks; the token, if there is one, comes with the request. */
export async function pairedDevice(): Promise<Identity | null> {
  const answer = await fetch("/api/devices/me", { signal: AbortSignal.timeout(4_000) });
  if (answer.status >= 500) throw new Error(`the box answered ${answer.status}`);
  if (!answer.ok) return null;
  const { device, name } = (await answer.json()) as Identity;
  return { device, name };
}

/** An id made up once and kept. */
export function deviceId(memory: Memory): string {
  const kept = read(memory, DEVICE);
  if (kept) return kept;
  const made = mint();
  write(memory, DEVICE, made);
  return made;
}

/** The name a person gave it here; empty when there is none. */
export function givenName(memory: Memory): string {
  return read(memory, NAME);
}

export function giveName(memory: Memory, name: string): void {
  write(memory, NAME, name);
}

/** The station's name and a number: the one it had before, else the lowest that no other carries. */
export function takeName(memory: Memory, station: string, taken: ReadonlySet<string>): string {
  const before = read(memory, TAKEN);
  if (isNumbered(before, station) && !taken.has(before)) return before;
  const name = nextName(station, taken);
  write(memory, TAKEN, name);
  return name;
}

/** The lowest number that no other display of the station carries. */
export function nextName(station: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = `${station} ${number}`;
    if (!taken.has(name)) return name;
  }
}

function isNumbered(name: string, station: string): boolean {
  return name.startsWith(`${station} `) && /^\d+$/.test(name.slice(station.length + 1));
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
