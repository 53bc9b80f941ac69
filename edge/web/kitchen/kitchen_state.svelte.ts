/** What a kitchen display shows and does: tickets from the broker, bumps through the outbox. */

import { Fault, getOutlet, sendCommand, type Outlet, type Refused } from "$web/box";
import { named, useZone } from "$web/language.svelte";
import { indexedShelf, Outbox } from "$web/outbox";
import type { BoxStatus, Ticket } from "$web/wire";
import { BrokerLink } from "./broker_link";
import { chime } from "./chime";
import { byAge, completed, NO_TICKETS, subscribed, told, type TicketsState } from "./tickets_state";

export const STALE_AFTER_MS = 10_000;
const BUMPED_MAX = 12;
const RETRY_MS = 2_000;
/** After silence, what comes in within this long was held up on the way. */
const CATCHING_UP_MS = 3_000;
const UNANSWERED = Number.MAX_SAFE_INTEGER;
export const ALL = "+";

export interface Bumped {
  ticket: Ticket;
  lineIds: string[];
}

export class KitchenState {
  outlet = $state.raw<Outlet | null>(null);
  station = $state(stationAsked());
  state = $state.raw<TicketsState>(NO_TICKETS);
  status = $state.raw<BoxStatus | null>(null);
  lastHeardMs = $state(Date.now());
  /** The box's wall clock minus this display's: ages are told by the box's time. */
  offsetMs = $state(0);
  now = $state(Date.now());
  waiting = $state(0);
  /** Lines bumped here whose ticket has not come back yet, with the position it must show. */
  pending = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** Struck lines the cook has waved away here; the ticket itself goes on showing them. */
  seenVoids = $state.raw<ReadonlySet<string>>(new Set());
  bumped = $state.raw<Bumped[]>([]);
  refusal = $state.raw<Refused | null>(null);

  #broker: BrokerLink | null = null;
  #catchingUpUntilMs = 0;
  readonly #outbox = new Outbox({
    screen: "kitchen",
    shelf: indexedShelf("kitchen"),
    send: sendCommand,
    waiting: (count) => (this.waiting = count),
    refusedLater: () => undefined, // the ticket itself shows where it stands
  });

  get tickets(): Ticket[] {
    return byAge(this.state);
  }
  stationName(id: string): string {
    const station = this.outlet?.stations.find((s) => s.id === id);
    return station ? named(station.names) : id;
  }
  get stale(): boolean {
    return this.now - this.lastHeardMs > STALE_AFTER_MS || this.status?.online === false;
  }

  async open(): Promise<void> {
    void this.#outbox.open().catch((error: unknown) => console.warn("no storage here", error));
    this.outlet = await this.#findOutlet();
    useZone(this.outlet.zone);
    if (this.station) this.follow(this.station);
  }

  close(): void {
    this.#broker?.close();
  }

  /** Follow one station, or all of them. */
  follow(station: string): void {
    this.station = station;
    history.replaceState(null, "", station === ALL ? "?station=all" : `?station=${station}`);
    this.#broker?.close();
    this.state = NO_TICKETS;
    this.lastHeardMs = Date.now();
    this.#broker = new BrokerLink(this.outlet!.outlet_id, station, {
      subscribing: () => (this.state = subscribed(this.state)),
      ticket: (id, ticket) => this.#ticket(id, ticket),
      complete: () => this.#complete(),
      status: (status) => this.#heard(status),
    });
    this.#broker.open();
  }

  choose(): void {
    this.#broker?.close();
    this.station = "";
    history.replaceState(null, "", location.pathname);
  }

  /** Bump lines of a ticket; all that it shows when none are named. */
  async bump(ticket: Ticket, only: string[] = []): Promise<void> {
    const open = ticket.lines.filter((line) => line.status !== "done").map((line) => line.line_id);
    const lineIds = only.length > 0 ? only : open;
    const wanted = lineIds.filter((id) => !this.pending.has(key(ticket, id)));
    if (wanted.length === 0) return;
    this.#mark(ticket, wanted, UNANSWERED);
    const once = `bump:${ticket.ticket_id}:${wanted.join(",")}`;
    const answer = await this.#outbox.submit(
      { type: "ticket.bump", order_id: ticket.order_id, station_id: ticket.station_id, line_ids: wanted },
      once,
    );
    if (answer.type === "refused") {
      this.#unmark(ticket.ticket_id);
      if (answer.code !== "no_ticket") this.refusal = answer;
      return;
    }
    this.bumped = [{ ticket, lineIds: wanted }, ...this.bumped].slice(0, BUMPED_MAX);
    const struck = ticket.lines.filter((l) => l.status === "voided" && wanted.includes(l.line_id));
    this.seenVoids = new Set([...this.seenVoids, ...struck.map((line) => line.line_id)]);
    // The mark goes when the broker brings the ticket as it now is, which may have been faster.
    const shown = this.state.tickets.get(ticket.ticket_id);
    if (!shown || shown.position >= answer.position) this.#unmark(ticket.ticket_id);
    else this.#mark(ticket, wanted, answer.position);
  }

  async recall(last: Bumped): Promise<void> {
    this.bumped = this.bumped.filter((each) => each !== last);
    const { ticket } = last;
    const makeable = ticket.lines.filter((l) => l.status !== "voided").map((l) => l.line_id);
    const answer = await this.#outbox.submit(
      {
        type: "ticket.recall",
        order_id: ticket.order_id,
        station_id: ticket.station_id,
        line_ids: last.lineIds.filter((id) => makeable.includes(id)),
      },
      `recall:${ticket.ticket_id}`,
    );
    if (answer.type === "refused") this.refusal = answer;
  }

  isPending(ticket: Ticket, lineId: string): boolean {
    return this.pending.has(key(ticket, lineId));
  }

  #ticket(id: string, ticket: Ticket | null): void {
    const before = this.state;
    const catchingUp = before.complete && (this.stale || Date.now() < this.#catchingUpUntilMs);
    this.state = told(before, id, ticket, catchingUp);
    if (ticket === null) this.#unmark(id);
    else this.#unmark(id, ticket.position);
    const isNew = ticket !== null && !before.tickets.has(id) && this.state.tickets.has(id);
    if (isNew && before.complete) chime(catchingUp);
  }

  #complete(): void {
    this.state = completed(this.state);
    if (this.state.late.size > 0) chime(true);
  }

  #heard(status: BoxStatus): void {
    const wasAway = this.stale;
    if (wasAway) this.#catchingUpUntilMs = Date.now() + CATCHING_UP_MS;
    this.status = status;
    // A last will is the broker speaking of a box that is gone.
    if (!status.online) return;
    this.lastHeardMs = Date.now();
    this.now = Date.now();
    if (status.at_ms) this.offsetMs = status.at_ms - Date.now();
    void this.#outbox.heard(status);
    if (wasAway || this.waiting > 0) this.#outbox.nudge();
  }

  #mark(ticket: Ticket, lineIds: string[], position: number): void {
    const marks = lineIds.map((id) => [key(ticket, id), position] as const);
    this.pending = new Map([...this.pending, ...marks]);
  }

  /** Take the marks of a ticket off, once it shows the position they wait for. */
  #unmark(ticketId: string, shown = Infinity): void {
    const kept = [...this.pending].filter(
      ([mark, position]) => !mark.startsWith(`${ticketId}:`) || position > shown,
    );
    if (kept.length < this.pending.size) this.pending = new Map(kept);
  }

  async #findOutlet(): Promise<Outlet> {
    for (;;) {
      try {
        const outlet = await getOutlet();
        localStorage.setItem("kedai.outlet", JSON.stringify(outlet));
        return outlet;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const known = localStorage.getItem("kedai.outlet");
        if (known) return JSON.parse(known) as Outlet;
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    }
  }
}

function key(ticket: Ticket, lineId: string): string {
  return `${ticket.ticket_id}:${lineId}`;
}

function stationAsked(): string {
  const asked = new URLSearchParams(location.search).get("station") ?? "";
  return asked === "all" ? ALL : asked;
}
