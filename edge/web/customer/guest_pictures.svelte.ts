/** The picture of one counter: at once from the same machine, through the box from any other. */

import { Fault, getJson, getOutlet } from "$web/box";
import { CHANNEL, IDLE, type GuestPicture } from "../counter/guest_view";

const REMEMBERED = "kedai.customer.counter";
const PAUSE_MS = 1_500;
const AGAIN_MS = 3_000;
const ASK_WITHIN_MS = 30_000;

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

  open(): void {
    if ("BroadcastChannel" in globalThis) {
      this.#channel = new BroadcastChannel(CHANNEL);
      this.#channel.onmessage = (event: MessageEvent<GuestPicture>) => this.#show(event.data);
    }
    void this.#follow();
  }

  close(): void {
    this.#stopped = true;
    this.#channel?.close();
  }

  choose(counter: string): void {
    this.counter = counter;
    this.#number = 0;
    try {
      localStorage.setItem(REMEMBERED, counter);
    } catch {
      // It is asked again after a reload.
    }
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
        this.away = this.picture.state !== "thanks" && this.#channel === null;
        await new Promise((done) => setTimeout(done, PAUSE_MS));
      }
    }
  }

  async #findCounters(): Promise<void> {
    this.counters = (await getJson<{ counters: string[] }>("/api/shown")).counters;
    if (this.counters.length === 1) this.choose(this.counters[0]!);
    else await new Promise((done) => setTimeout(done, AGAIN_MS));
  }

  /** Waits on the box for another picture than the one that is up. */
  async #ask(counter: string): Promise<void> {
    let response: Response;
    try {
      response = await fetch(`/api/shown/${encodeURIComponent(counter)}?after=${this.#number}`, {
        signal: AbortSignal.timeout(ASK_WITHIN_MS),
      });
    } catch (error) {
      throw new Fault(String(error));
    }
    if (!response.ok) throw new Fault(`the box answered ${response.status}`);
    this.away = false;
    if (response.status === 204) return;
    this.#number = Number(response.headers.get("x-number"));
    const picture = (await response.json()) as GuestPicture;
    if (counter === this.counter) this.#show(picture);
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
