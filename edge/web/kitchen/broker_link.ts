/** The display's line to the LAN broker: tickets of its stations, the box's heartbeat, and proof back. */

import mqtt, { type MqttClient } from "mqtt";
import type { BoxStatus, Presence, Shown, Ticket } from "$web/wire";
import { readName, readStatus, readTicket } from "./payloads";

export interface BrokerListener {
  /** The line stands; what the broker retains is about to come. */
  subscribing(): void;
  /** The line broke, or was never there. */
  lost(): void;
  ticket(ticketId: string, ticket: Ticket | null): void;
  /** Everything the broker retains for us has arrived. */
  complete(): void;
  /** `retained`: said some time ago, so it proves nothing about now. */
  status(status: BoxStatus, retained: boolean): void;
  /** What another device calls itself. */
  neighbour(name: string): void;
}

const RETAINED_WITHIN_MS = 2_000;
/** A broker that saw an old connection of ours end late may have said that we are gone. */
const PRESENCE_EVERY_MS = 20_000;
const PUBLISHED_WITHIN_MS = 8_000;
/**
 * How often a display without a line asks whether the box answers at all, and how long it waits.
 *
 * Only then is a WebSocket begun. Browsers make a page wait up to five seconds with each new one once
 * some twenty have failed, so a display that tries all through an outage is late when it is over.
 */
const PROBE_EVERY_MS = 500;
const PROBE_WITHIN_MS = 1_500;
/** Between attempts at a box that answers while its broker does not. */
const ATTEMPT_AFTER_MS = 2_000;

/**
 * One connection for the life of the page, through every loss of it; stations may change on it.
 *
 * The broker answers in order, so the retained status, asked for after the tickets, marks the end
 * of what it retains. Should there be none (a broker without a box), a short wait does.
 */
export class BrokerLink {
  #client: MqttClient | null = null;
  #stations: readonly string[] = [];
  #marker: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #probe: ReturnType<typeof setInterval> | undefined;
  /** Whether a line is being begun. */
  #trying = true;
  #closed = false;
  #notBeforeMs = 0;
  #complete = false;
  #presence: Presence | null = null;

  constructor(
    private readonly outlet: string,
    readonly device: string,
    private readonly listener: BrokerListener,
  ) {}

  open(url = brokerUrl()): void {
    const client = mqtt.connect(url, {
      protocolVersion: 4,
      // The same name after a loss: the broker ends the old connection before it begins the new.
      clientId: `kitchen-${this.device}-${Math.random().toString(16).slice(2, 8)}`,
      clean: true,
      keepalive: 5,
      connectTimeout: 3_000,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      will: {
        topic: this.#own("presence"),
        payload: encoded(this.#presenceNow(false)),
        qos: 1,
        retain: true,
      },
    });
    this.#client = client;
    client.on("connect", () => this.#connected());
    client.on("close", () => this.#lost());
    addEventListener("online", this.#online);
    client.on("message", (topic, payload, packet) => this.#message(topic, payload.toString(), packet.retain));
    // A refused connection is retried by the client; the banner tells people.
    client.on("error", (error) => console.warn("broker:", error.message));
    this.#beat = setInterval(() => this.#announce(), PRESENCE_EVERY_MS);
  }

  /** Say goodbye and end; the will is not needed then. */
  close(): void {
    clearTimeout(this.#marker);
    clearInterval(this.#beat);
    clearInterval(this.#probe);
    this.#closed = true;
    removeEventListener("online", this.#online);
    const client = this.#client;
    if (client?.connected) this.#publish("presence", this.#presenceNow(false), true).catch(() => undefined);
    client?.end(false);
  }

  /** Follow the tickets of these stations (`+` is all) instead of those before. */
  follow(stations: readonly string[]): void {
    if (this.#client?.connected) {
      for (const station of this.#stations) this.#client.unsubscribe(this.#tickets(station));
    }
    this.#stations = stations;
    if (this.#client?.connected) this.#subscribe();
  }

  /** What this display says of itself, once the line stands, and what is said when it breaks. */
  present(presence: Pick<Presence, "name" | "stations" | "product">): void {
    this.#presence = { ...this.#presenceNow(true), ...presence };
    const will = this.#client?.options.will;
    if (will) will.payload = encoded(this.#presenceNow(false));
    this.#announce();
  }

  /** Prove what was drawn. Rejects when the broker did not take it. */
  shown(shown: Omit<Shown, "device">): Promise<void> {
    return this.#publish("shown", { device: this.device, ...shown }, false);
  }

  #connected(): void {
    clearInterval(this.#probe);
    this.#probe = undefined;
    this.#notBeforeMs = 0;
    this.#subscribe();
  }

  #lost(): void {
    if (this.#closed) return;
    this.#probe ??= setInterval(() => void this.#look(), PROBE_EVERY_MS);
    this.#trying = false;
    this.listener.lost();
  }

  /** The network is back, says the browser: whether the box is, it says itself. */
  readonly #online = (): void => void this.#look();

  /** Ask the box whether it is there; when it is, begin a line to its broker, one at a time. */
  async #look(): Promise<void> {
    if (this.#trying || this.#client?.connected !== false || performance.now() < this.#notBeforeMs) return;
    try {
      await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(PROBE_WITHIN_MS) });
    } catch {
      return;
    }
    if (this.#trying || this.#closed || this.#client.connected) return;
    this.#trying = true;
    this.#notBeforeMs = performance.now() + ATTEMPT_AFTER_MS;
    this.#client.reconnect();
  }

  #subscribe(): void {
    const client = this.#client!;
    const root = `kedai/${this.outlet}`;
    this.#complete = false;
    this.listener.subscribing();
    for (const station of this.#stations) client.subscribe(this.#tickets(station), { qos: 1 });
    client.subscribe(`${root}/devices/+/presence`, { qos: 1 });
    client.subscribe(`${root}/status`, { qos: 1 });
    clearTimeout(this.#marker);
    this.#marker = setTimeout(() => this.#told(), RETAINED_WITHIN_MS);
  }

  #message(topic: string, payload: string, retained: boolean): void {
    const levels = topic.split("/");
    if (levels[2] === "status") {
      this.#told();
      const status = readStatus(payload);
      if (status) this.listener.status(status, retained);
    } else if (levels[2] === "kitchen" && levels[5]) {
      if (this.#isCopy(levels[3]!, levels[5])) return;
      const ticket = payload ? readTicket(payload) : null;
      // What is no ticket changes nothing: the box says it again with its next change.
      if (ticket === undefined) console.warn("no ticket:", topic);
      else this.listener.ticket(levels[5], ticket);
    } else if (levels[4] === "presence" && levels[3] !== this.device) {
      const name = readName(payload);
      if (name) this.listener.neighbour(name);
    }
  }

  /** Of a ticket that its own station did not confirm its backup gets a copy; who shows both has it. */
  #isCopy(station: string, ticketId: string): boolean {
    const own = ticketId.slice(ticketId.indexOf(".") + 1);
    return own !== station && this.#stations.some((each) => each === own || each === "+");
  }

  #told(): void {
    if (this.#complete) return;
    this.#complete = true;
    clearTimeout(this.#marker);
    this.listener.complete();
    // Only names were wanted, and everybody's are here; what comes later would be noise.
    this.#client?.unsubscribe(`kedai/${this.outlet}/devices/+/presence`);
  }

  #announce(): void {
    if (!this.#presence || !this.#complete || !this.#client?.connected) return;
    // The next beat says it again; the box takes silence for absence anyway.
    this.#publish("presence", this.#presenceNow(true), true).catch(() => undefined);
  }

  #presenceNow(online: boolean): Presence {
    const blank = { name: "", stations: [], product: "", battery: null, paper: "" };
    const at_ms = online ? Date.now() : 0;
    return { ...blank, ...this.#presence, device: this.device, kind: "kitchen", online, at_ms };
  }

  #publish(leaf: "presence" | "shown", value: Presence | Shown, retain: boolean): Promise<void> {
    const client = this.#client;
    // Not kept by the client: after a reconnect everything is said anew, as it then is.
    if (!client?.connected) return Promise.reject(new Error("no line to the broker"));
    return new Promise((done, failed) => {
      const late = setTimeout(() => failed(new Error("not confirmed in time")), PUBLISHED_WITHIN_MS);
      client.publish(this.#own(leaf), encoded(value), { qos: 1, retain }, (error) => {
        clearTimeout(late);
        if (error) failed(error);
        else done();
      });
    });
  }

  #own(leaf: "presence" | "shown"): string {
    return `kedai/${this.outlet}/devices/${this.device}/${leaf}`;
  }

  #tickets(station: string): string {
    return `kedai/${this.outlet}/kitchen/${station}/tickets/+`;
  }
}

function encoded(value: Presence | Shown): string {
  return JSON.stringify(value);
}

function brokerUrl(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/mqtt`;
}
