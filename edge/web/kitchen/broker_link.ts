/** The display's line to the LAN broker: tickets of a station and the heartbeat of the box. */

import mqtt, { type MqttClient } from "mqtt";
import type { BoxStatus, Ticket } from "$web/wire";

export interface BrokerListener {
  subscribing(): void;
  ticket(ticketId: string, ticket: Ticket | null): void;
  /** Everything the broker retains for us has arrived. */
  complete(): void;
  status(status: BoxStatus): void;
}

const RETAINED_WITHIN_MS = 2_000;

/**
 * Follows `kedai/{outlet}/kitchen/{station}/tickets/+`, through every loss of the connection.
 *
 * The broker answers in order, so the retained status, asked for after the tickets, marks the end
 * of what it retains. Should there be none (a broker without a box), a short wait does.
 */
export class BrokerLink {
  #client: MqttClient | null = null;
  #marker: ReturnType<typeof setTimeout> | undefined;
  #complete = false;

  constructor(
    private readonly outlet: string,
    private readonly station: string,
    private readonly listener: BrokerListener,
  ) {}

  open(url = brokerUrl()): void {
    const client = mqtt.connect(url, {
      protocolVersion: 4,
      clientId: `kitchen-${this.station}-${Math.random().toString(16).slice(2, 10)}`,
      clean: true,
      keepalive: 10,
      connectTimeout: 5_000,
      reconnectPeriod: 1_000,
      resubscribe: false,
    });
    this.#client = client;
    client.on("connect", () => this.#subscribe(client));
    client.on("message", (topic, payload) => this.#message(topic, payload.toString()));
    // A refused connection is retried by the client; the banner tells people.
    client.on("error", (error) => console.warn("broker:", error.message));
  }

  close(): void {
    clearTimeout(this.#marker);
    this.#client?.end(true);
  }

  #subscribe(client: MqttClient): void {
    const root = `kedai/${this.outlet}`;
    this.#complete = false;
    this.listener.subscribing();
    client.subscribe(`${root}/kitchen/${this.station}/tickets/+`, { qos: 1 });
    client.subscribe(`${root}/status`, { qos: 1 });
    clearTimeout(this.#marker);
    this.#marker = setTimeout(() => this.#told(), RETAINED_WITHIN_MS);
  }

  #message(topic: string, payload: string): void {
    const levels = topic.split("/");
    if (levels[2] === "status") {
      this.#told();
      if (payload) this.listener.status(JSON.parse(payload) as BoxStatus);
    } else if (levels[4] === "tickets" && levels[5]) {
      this.listener.ticket(levels[5], payload ? (JSON.parse(payload) as Ticket) : null);
    }
  }

  #told(): void {
    if (this.#complete) return;
    this.#complete = true;
    clearTimeout(this.#marker);
    this.listener.complete();
  }
}

function brokerUrl(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/mqtt`;
}
