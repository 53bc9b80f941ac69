/** Who is here and who waits to be let in, asked of the box every few seconds. */

import { ask, Fault, getJson, NotPaired, type Refused } from "$web/box";
import type { DeviceCard, PairingWaiting } from "$web/wire";

const POLL_MS = 2_500;
const AWAY_AFTER_MS = 10_000;

export class DevicesState {
  waiting = $state.raw<PairingWaiting[]>([]);
  devices = $state.raw<DeviceCard[]>([]);
  /** When the box answered last; 0 as long as it has not. */
  heardMs = $state(0);
  now = $state(Date.now());
  busy = $state("");
  /** Whether the box answers, but not to this screen. */
  unpaired = $state(false);
  refusal = $state.raw<Refused | null>(null);
  said = $state("");
  #openedMs = Date.now();

  get away(): boolean {
    return this.now - (this.heardMs || this.#openedMs) > AWAY_AFTER_MS;
  }
  get here(): DeviceCard[] {
    return this.devices.filter((d) => d.online && d.revoked_ms === null);
  }
  get gone(): DeviceCard[] {
    return this.devices.filter((d) => !d.online && d.revoked_ms === null);
  }
  get revoked(): DeviceCard[] {
    return this.devices.filter((d) => d.revoked_ms !== null);
  }

  /** Ask again and again. Returns how to stop. */
  watch(): () => void {
    void this.look();
    const asking = setInterval(() => document.hidden || void this.look(), POLL_MS);
    const ticking = setInterval(() => (this.now = Date.now()), 1000);
    return () => {
      clearInterval(asking);
      clearInterval(ticking);
    };
  }

  async look(): Promise<void> {
    try {
      const [waiting, devices] = await Promise.all([
        getJson<PairingWaiting[]>("/api/devices/pairings"),
        getJson<DeviceCard[]>("/api/devices"),
      ]);
      this.waiting = waiting;
      this.devices = devices;
      this.heardMs = this.now = Date.now();
      this.unpaired = false;
    } catch (error) {
      if (!(error instanceof Fault)) throw error; // the page says so after a while
      this.unpaired = error instanceof NotPaired;
    }
  }

  /** Ask something of the box and look again; `said` is what is read once it is done. */
  async act(path: string, said: string): Promise<void> {
    if (this.busy) return;
    this.busy = path;
    try {
      this.refusal = await ask(path);
      this.said = this.refusal ? "" : said;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.heardMs = Math.min(this.heardMs, Date.now() - AWAY_AFTER_MS - 1);
      this.now = Date.now();
    }
    this.busy = "";
    await this.look();
  }
}
