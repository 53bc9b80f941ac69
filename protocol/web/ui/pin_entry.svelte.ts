// Somebody is chosen and types a PIN: signing in and approving hear the box's no alike.

import { tick } from "svelte";
import { Fault, type Refused } from "../box";
import { language } from "../language.svelte";
import { staffWords as w } from "../staff_words";
import type { PersonCard } from "../wire";

/** Made while a component begins: it counts down a pause by itself. */
export class PinEntry {
  person = $state.raw<PersonCard | null>(null);
  busy = $state(false);
  wrong = $state("");
  waitS = $state(0);

  constructor() {
    $effect(() => {
      if (this.waitS <= 0) return;
      const timer = setTimeout(() => (this.waitS -= 1), 1_000);
      return () => clearTimeout(timer);
    });
  }

  choose = (chosen: PersonCard | null) => {
    this.person = chosen;
    this.wrong = "";
    this.waitS = 0;
  };

  /** Asks the box for whoever is chosen; `ask` gives its no, or null when all is well. */
  async type(ask: (staffId: string) => Promise<Refused | null>) {
    if (!this.person) return;
    this.busy = true;
    this.wrong = "";
    try {
      const refused = await ask(this.person.staff_id);
      if (refused === null) return;
      await tick();
      this.waitS = Number(refused.params.seconds ?? 0);
      this.wrong = language.now === "id" ? refused.title_id : refused.title;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.wrong = w.noContact;
    } finally {
      this.busy = false;
    }
  }
}
