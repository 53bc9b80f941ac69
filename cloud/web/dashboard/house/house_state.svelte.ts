/** House rules while somebody changes them: what HQ has, the draft, and what is wrong with it. */

import { told } from "$web/language.svelte";
import type { House } from "$web/wire";
import { dropHouse, getHouse, HqFault, putHouse, type HouseShown } from "../hq";
import { w } from "../words";

export class HouseState {
  /** The outlet whose rules are shown; empty for everybody's. */
  outlet = $state("");
  shown = $state.raw<HouseShown | null>(null);
  draft = $state<House | null>(null);
  /** An outlet gets rules of its own with the next publish. */
  makingOwn = $state(false);
  faults = $state.raw<readonly string[]>([]);
  trouble = $state("");
  /** Somebody else published meanwhile. */
  overtaken = $state(false);
  published = $state(0);
  busy = $state(false);

  get dirty(): boolean {
    if (!this.shown || !this.draft) return false;
    return this.makingOwn || JSON.stringify(this.draft) !== JSON.stringify(this.shown.house);
  }

  /** Whether the forms may be changed: an outlet without own rules only shows everybody's. */
  get open(): boolean {
    return this.outlet === "" || this.makingOwn || this.shown?.own === true;
  }

  async load(outlet = this.outlet): Promise<void> {
    this.outlet = outlet;
    this.busy = true;
    try {
      this.#take(await getHouse(outlet));
    } catch (error) {
      this.#failed(error);
    }
    this.busy = false;
  }

  discard(): void {
    if (this.shown) this.#take(this.shown);
  }

  async publish(): Promise<void> {
    if (!this.shown || !this.draft || this.busy) return;
    this.busy = true;
    this.faults = [];
    this.trouble = "";
    // Everybody's rules are what an outlet's own ones begin with: their number guards both.
    try {
      const { version } = await putHouse(this.outlet, $state.snapshot(this.draft), this.shown.version);
      this.#take(await getHouse(this.outlet));
      this.published = version;
    } catch (error) {
      this.#failed(error);
    }
    this.busy = false;
  }

  async goByEverybodys(): Promise<void> {
    this.busy = true;
    try {
      await dropHouse(this.outlet);
      this.#take(await getHouse(this.outlet));
    } catch (error) {
      this.#failed(error);
    }
    this.busy = false;
  }

  #take(shown: HouseShown): void {
    this.shown = shown;
    this.draft = structuredClone(shown.house);
    this.makingOwn = false;
    this.overtaken = false;
    this.faults = [];
    this.trouble = "";
    this.published = 0;
  }

  #failed(error: unknown): void {
    if (!(error instanceof HqFault)) throw error;
    this.overtaken = error.code === "house_changed";
    this.faults = error.faults.map(told);
    this.trouble = error.sentence ? told(error.sentence) : w.unreachable;
  }
}

/** An id made of a name, that none of `taken` has: `kopi-sore`, `kopi-sore-2`. */
export function idFor(name: string, taken: readonly string[]): string {
  const plain = name.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "x";
  let id = plain;
  for (let n = 2; taken.includes(id); n += 1) id = `${plain}-${n}`;
  return id;
}
