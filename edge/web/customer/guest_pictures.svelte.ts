/** The picture of one counter: at once from the same machine, through the box from any other. */

import { Fault, getJson, getOutlet } from "$web/box";
import { CHANNEL, IDLE, type GuestPicture } from "../counter/guest_view";

const REMEMBERED = "kedai.customer.counter";
const PAUSE_MS = 1_500;
const AGAIN_MS = 3_000;
const ASK_WITHIN_MS = 30_000;
/** So many tries without an answer, and the bill is too old to show. */
const SILENT_TRIES = 6;

export class GuestPictures {
  picture = $state.raw<GuestPicture>(IDLE);
  /** The counter it belongs to; null: nobody has said yet. */
  counter = $state<string | null>(asked());
  counters = $state.raw<string[]>([]);
  outlet = $state("");
  /** Whether nothing was heard for long: an old bill is worse than none. */
  away = $state(false);
  #channel: BroadcastChannel | null = null;
  #stopped = false;
  #number = 0;
  /** Whether the counter is on this very machine: then nothing needs the box. */
  #beside = false;
  #tries = 0;
  /** Whether somebody wants to choose, also where there is only one. */
  #choosing = false;
  #leaving = new AbortController();

  open(): void {
    if ("BroadcastChannel" in globalThis) {
      this.#channel = new BroadcastChannel(CHANNEL);
      this.#channel.onmessage = (event: MessageEvent<GuestPicture>) => {
        if (event.data.counter === this.counter) this.#beside = true;
        this.#show(event.data);
      };
    }
    void this.#follow();
  }

  close(): void {
    this.#stopped = true;
    this.#channel?.close();
  }

  choose(counter: string): void {
    this.counter = counter;
    this.#choosing = false;
    remember(counter);
  }

  /** This display goes to another counter: ask which. */
  forget(): void {
    this.counter = null;
    this.picture = IDLE;
    this.#number = 0;
    this.#beside = false;
    this.#choosing = true;
    this.#leaving.abort();
    this.#leaving = new AbortController();
    remember(null);
  }

  #show(picture: GuestPicture): void {
    if (picture.counter !== this.counter) return;
    this.picture = picture;
    this.away = false;
  }

  async #follow(): Promise<void> {
    while (!this.#stopped) {
      try {
        if (!this.outlet) this.outlet = (await getOutlet()).name;
        if (this.counter === null) await this.#findCounters();
        else await this.#ask(this.counter);
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        this.#tries += 1;
        this.away = this.picture.state !== "thanks" && !this.#beside && this.#tries >= SILENT_TRIES;
        await new Promise((done) => setTimeout(done, PAUSE_MS));
      }
    }
  }

  async #findCounters(): Promise<void> {
    this.counters = (await getJson<{ counters: string[] }>("/api/shown")).counters;
    if (this.counters.length === 1 && !this.#choosing) this.choose(this.counters[0]!);
    else await new Promise((done) => setTimeout(done, AGAIN_MS));
  }

  /** Waits on the box for another picture than the one that is up. */
  async #ask(counter: string): Promise<void> {
    let response: Response;
    try {
      response = await fetch(`/api/shown/${encodeURIComponent(counter)}?after=${this.#number}`, {
        signal: AbortSignal.any([AbortSignal.timeout(ASK_WITHIN_MS), this.#leaving.signal]),
      });
    } catch (error) {
      throw new Fault(String(error));
    }
    if (!response.ok) throw new Fault(`the box answered ${response.status}`);
    this.away = false;
    this.#tries = 0;
    if (response.status === 204 || counter !== this.counter) return;
    this.#number = Number(response.headers.get("x-number"));
    const picture = (await response.json()) as GuestPicture;
    this.#show(picture);
  }
}

function remember(counter: string | null): void {
  try {
    if (counter) localStorage.setItem(REMEMBERED, counter);
    else localStorage.removeItem(REMEMBERED);
    // The address named another one; after a reload it would have the last word.
    const address = new URL(location.href);
    address.searchParams.delete("counter");
    history.replaceState(null, "", address);
  } catch {
    // It is asked again after a reload.
  }
}

function asked(): string | null {
  const named = new URLSearchParams(location.search).get("counter");
  if (named) return named;
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}
