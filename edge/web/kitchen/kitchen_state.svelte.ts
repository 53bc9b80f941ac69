/** What a kitchen display shows and does: tickets from the broker, bumps through the outbox, proof back. */

import { Fault, getOutlet, NotPaired, sendCommand, type Outlet, type Refused } from "$web/box";
import { named, useZone } from "$web/language.svelte";
import { indexedShelf, Outbox } from "$web/outbox";
import type { BoxStatus, Command, Station, Ticket, TicketLine } from "$web/wire";
import { BrokerLink } from "./broker_link";
import { chime } from "./chime";
import { beaten, beginning, isStale, type Contact, type Moment } from "./contact";
import { givenName, giveName, identify, memoryHere, pairedDevice, takeName, type Identity } from "./device";
import { readBumped, withBumped, withGone, type Bumped } from "./recall_list";
import { afterFrame, ShownReporter } from "./shown";
import { pictureOf } from "./picture";
import { completed, lineOf, NO_TICKETS, subscribed, told, withoutThePass, type Told } from "./tickets_state";
import { inOrder } from "./urgency";

const RETRY_MS = 2_000;
/** After silence, what comes in within this long was held up on the way. */
const CATCHING_UP_MS = 3_000;
/** A box that counts from a lower position tells everything anew within this long. */
const ANEW_MS = 15_000;
const OWED_AGAIN_MS = 10_000;
/** A page that nobody sees draws no frames; tickets are taken up all the same. */
const NO_FRAME_MS = 100;
/** Cards that are drawn within this long of the first full picture belong to it. */
const BEGINNING_MS = 500;
const UNANSWERED = Number.MAX_SAFE_INTEGER;
const BUMPED_KEPT = "kedai.kitchen.bumped";
const NEIGHBOURS_MAX = 200;
/** Refusals of a bump or recall that another display, or the till, was quicker with. */
const OVERTAKEN = new Set(["no_ticket", "order_closed"]);
export const ALL = "+";

export class KitchenState {
  readonly memory = memoryHere();
  identity = $state.raw<Identity>({ device: "", name: "" });
  outlet = $state.raw<Outlet | null>(null);
  stations = $state.raw<readonly string[]>(stationsAsked());
  /** Gathers the stations for the pass instead of showing one station's work. */
  expo = $state(new URLSearchParams(location.search).get("view") === "expo");
  state = $state.raw(NO_TICKETS);
  connected = $state(false);
  /** The box answers, but not to this screen: somebody has to let it in. */
  unpaired = $state(false);
  contact = $state.raw<Contact>(beginning(moment()));
  now = $state.raw<Moment>(moment());
  waiting = $state(0);
  name = $state(givenName(this.memory));
  /** Lines bumped here whose ticket has not come back yet, with the position it must show. */
  pending = $state.raw<ReadonlyMap<string, number>>(new Map());
  bumped = $state.raw<Bumped[]>(readBumped(this.memory.getItem(BUMPED_KEPT)));
  refusal = $state.raw<Refused | null>(null);
  readonly tickets = $derived(inOrder(this.state.tickets.values()));
  readonly stale = $derived(isStale(this.contact, this.now));

  readonly shown = new ShownReporter({
    publish: (tickets) => this.#broker!.shown({ name: this.name, tickets }),
    picture: pictureOf,
    visible: () => document.visibilityState === "visible" && this.connected && this.state.complete,
    afterFrame,
  });
  readonly outbox = new Outbox({
    screen: "kitchen",
    shelf: indexedShelf("kitchen"),
    send: sendCommand,
    waiting: (count) => (this.waiting = count),
    refusedLater: () => undefined, // the ticket itself shows where it stands
  });
  #broker: BrokerLink | null = null;
  #arrived = new Map<string, Ticket | null>();
  #drawing = false;
  #catchingUpUntilMs = 0;
  #firstCompleteMs = Infinity;
  #anewUntilMs = 0;
  #neighbours = new Set<string>();

  /** The box's time: ages are told by it. */
  get boxMs(): number {
    return this.now.wallMs + (this.contact.offsetMs ?? 0);
  }

  station(id: string): Station | undefined {
    return this.outlet?.stations.find((station) => station.id === id);
  }

  stationName(id: string): string {
    const station = this.station(id);
    return station ? named(station.names) : id;
  }

  async open(): Promise<void> {
    void this.outbox.open().catch((error: unknown) => console.warn("no storage here", error));
    this.outlet = await this.#findOutlet();
    useZone(this.outlet.zone);
    this.identity = await identify(this.memory, pairedDevice);
    this.#broker = new BrokerLink(this.outlet.outlet_id, this.identity.device, {
      subscribing: () => this.#subscribing(),
      lost: () => (this.connected = false),
      ticket: (id, ticket) => this.#take(id, this.stations[0] === ALL ? withoutThePass(ticket) : ticket),
      complete: () => this.#complete(),
      status: (status, retained) => this.#heard(status, retained),
      neighbour: (name) => this.#neighbours.size < NEIGHBOURS_MAX && this.#neighbours.add(name),
    });
    const pass = this.outlet.stations.filter((station) => station.kind === "expo");
    if (this.expo && pass.length > 0) this.follow(pass.map((station) => station.id));
    else if (this.stations.length > 0 || this.expo) this.follow(this.stations, this.expo);
    this.#broker.open();
  }

  close(): void {
    this.#broker?.close();
  }

  /** Called every second: time goes on, and what is owed is told again now and then. */
  tick(): void {
    const before = this.now;
    this.now = moment();
    const every = (ms: number) => Math.floor(before.runMs / ms) !== Math.floor(this.now.runMs / ms);
    if (every(OWED_AGAIN_MS)) this.shown.retry();
  }

  /** Show these stations (`+` is all of them), or the pass. */
  follow(stations: readonly string[], expo = false): void {
    this.stations = stations;
    this.expo = expo;
    history.replaceState(null, "", addressOf(stations, expo));
    this.state = NO_TICKETS;
    this.#arrived.clear();
    this.pending = new Map();
    this.contact = { ...this.contact, heardWallMs: Date.now(), heardRunMs: performance.now() };
    this.#broker?.follow(expo ? [] : stations);
    this.#present();
  }

  choose(): void {
    this.follow([], false);
  }

  /** Bump lines of a ticket; all that it shows when none are named. */
  async bump(ticket: Ticket, only: string[] = []): Promise<void> {
    const open = ticket.lines.filter((line) => line.status !== "done").map((line) => line.line_id);
    const lineIds = only.length > 0 ? open.filter((id) => only.includes(id)) : open;
    const wanted = lineIds.filter((id) => !this.isPending(ticket, id));
    if (wanted.length === 0) return;
    this.#mark(ticket, wanted, UNANSWERED);
    const { order_id, station_id } = ticket;
    const answer = await this.outbox.submit(
      { type: "ticket.bump", order_id, station_id, line_ids: wanted },
      `bump:${ticket.ticket_id}:${wanted.join(",")}`,
    );
    if (answer.type === "refused") {
      this.#unmark(ticket.ticket_id);
      if (!OVERTAKEN.has(answer.code)) this.refusal = answer;
      return;
    }
    const makeable = ticket.lines.filter((l) => l.status === "fired").map((l) => l.line_id);
    const made = wanted.filter((id) => makeable.includes(id));
    if (made.length > 0) this.#keepBumped(withBumped(this.bumped, { ticket, lineIds: made, atMs: Date.now() }));
    // The mark goes when the broker brings the ticket as it now is, which may have been faster.
    const shown = this.state.tickets.get(ticket.ticket_id);
    if (!shown || shown.position >= answer.position) this.#unmark(ticket.ticket_id);
    else this.#mark(ticket, wanted, answer.position);
  }

  /** Bring lines back that were bumped; the last ones when none are named. */
  async recall(last: Bumped | undefined = this.bumped[0]): Promise<void> {
    if (!last) return;
    this.#keepBumped(this.bumped.filter((each) => each !== last));
    const { order_id, station_id, ticket_id } = last.ticket;
    const answer = await this.outbox.submit(
      { type: "ticket.recall", order_id, station_id, line_ids: last.lineIds },
      `recall:${ticket_id}:${last.lineIds.join(",")}`,
    );
    if (answer.type === "refused" && answer.code !== "no_ticket") this.refusal = answer;
  }

  /** Send a command about an order; the refusal, if there is one, is shown. */
  async submit(command: Command, once: string): Promise<void> {
    const answer = await this.outbox.submit(command, once);
    if (answer.type === "refused") this.refusal = answer;
  }

  isPending(ticket: Ticket, lineId: string): boolean {
    return this.pending.has(lineOf(ticket.ticket_id, lineId));
  }

  /** Whether a station is one of those this display stands at. */
  isOurs(stationId: string): boolean {
    return this.stations.includes(ALL) || this.stations.includes(stationId);
  }

  /** Whether what is drawn now came while the display ran, and not with its beginning. */
  isRunning(): boolean {
    return performance.now() - this.#firstCompleteMs > BEGINNING_MS;
  }

  /** A struck line that somebody has bumped away: it is not shown any more. */
  isWaved(ticket: Ticket, line: TicketLine): boolean {
    if (this.state.waved.has(lineOf(ticket.ticket_id, line.line_id))) return true;
    return line.status === "voided" && this.isPending(ticket, line.line_id);
  }

  /** A person's own name for this display; empty goes back to the station's. */
  rename(name: string): void {
    giveName(this.memory, name);
    this.#present();
  }

  /** How much of each thing this display holds: all of it bounded by what is open. */
  sizes(): Record<string, number> {
    const { tickets, seen, missed, waved, finished } = this.state;
    const held = { tickets, seen, missed, waved, finished, pending: this.pending, arrived: this.#arrived };
    const sizes = Object.entries(held).map(([name, each]) => [name, each.size] as const);
    const lists = { bumped: this.bumped.length, shown: this.shown.size, neighbours: this.#neighbours.size };
    return { ...Object.fromEntries(sizes), ...lists };
  }

  #subscribing(): void {
    this.connected = true;
    this.#apply();
    this.state = subscribed(this.state);
  }

  /** Messages are taken up once per frame: a hundred at once are drawn once. */
  #take(id: string, ticket: Ticket | null): void {
    const waiting = this.#arrived.get(id);
    if (ticket && waiting && ticket.position < waiting.position) return;
    if (this.#arrived.has(id) && waiting === null) this.#apply(); // gone, then back: in that order
    this.#arrived.set(id, ticket);
    if (this.#drawing) return;
    this.#drawing = true;
    // Each ends the other: a page that is hidden for hours collects no frames it never draws.
    const frame = requestAnimationFrame(() => {
      clearTimeout(timer);
      this.#apply();
    });
    const timer = setTimeout(() => {
      cancelAnimationFrame(frame);
      this.#apply();
    }, NO_FRAME_MS);
  }

  #apply(): void {
    this.#drawing = false;
    if (this.#arrived.size === 0) return;
    const messages: Told[] = [...this.#arrived];
    this.#arrived.clear();
    const catchingUp = this.state.complete && (this.stale || performance.now() < this.#catchingUpUntilMs);
    const before = this.state;
    const { state, news } = told(before, messages, { catchingUp, anew: performance.now() < this.#anewUntilMs });
    this.state = state;
    for (const [id] of messages) {
      const ticket = state.tickets.get(id);
      const was = before.tickets.get(id);
      this.#unmark(id, ticket?.position);
      if (!ticket && was) this.#keepBumped(withGone(this.bumped, was, Date.now()));
    }
    chime(news);
  }

  #complete(): void {
    this.#apply();
    if (!this.state.everComplete) this.#firstCompleteMs = performance.now();
    this.state = completed(this.state);
    this.#present();
    this.shown.again();
  }

  #heard(status: BoxStatus, retained: boolean): void {
    const wasAway = this.stale;
    const { boot } = this.contact;
    if (boot && status.online && status.boot !== boot) this.#another(status);
    if (wasAway) this.#catchingUpUntilMs = performance.now() + CATCHING_UP_MS;
    this.now = moment();
    this.contact = beaten(this.contact, status, retained, this.now);
    if (!status.online || retained) return;
    void this.outbox.heard(status);
    if (wasAway || this.waiting > 0) this.outbox.nudge();
  }

  /** The box has started anew: it knows nothing of our proof, and may count from an older copy. */
  #another(status: BoxStatus): void {
    const highest = Math.max(0, ...[...this.state.tickets.values()].map((ticket) => ticket.position));
    if (status.position < highest) this.#anewUntilMs = performance.now() + ANEW_MS;
    this.shown.again();
  }

  /** Say who we are, under the person's name for us or the next free one of the station. */
  #present(): void {
    if (!this.outlet || (this.stations.length === 0 && !this.expo)) return;
    const first = this.outlet.stations.find((station) => station.id === this.stations[0]);
    const place = first ? (Object.values(first.names)[0] ?? first.id) : this.expo ? "Pass" : "Dapur";
    const given = givenName(this.memory) || this.identity.name;
    this.name = given || takeName(this.memory, place, this.#neighbours);
    this.#broker?.present({ name: this.name, stations: [...this.stations], product: `kitchen ${this.outlet.version}` });
  }

  #keepBumped(list: Bumped[]): void {
    if (list.length === this.bumped.length && list.every((each, i) => each === this.bumped[i])) return;
    this.bumped = list;
    try {
      this.memory.setItem(BUMPED_KEPT, JSON.stringify(list));
    } catch {
      // Only a convenience: after a reload the list is empty.
    }
  }

  #mark(ticket: Ticket, lineIds: string[], position: number): void {
    const marks = lineIds.map((id) => [lineOf(ticket.ticket_id, id), position] as const);
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
        this.memory.setItem("kedai.outlet", JSON.stringify(outlet));
        this.unpaired = false;
        return outlet;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.unpaired = error instanceof NotPaired;
        const known = this.memory.getItem("kedai.outlet");
        if (known && !this.unpaired) return JSON.parse(known) as Outlet;
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    }
  }
}

function moment(): Moment {
  return { wallMs: Date.now(), runMs: performance.now() };
}

function stationsAsked(): string[] {
  const asked = new URLSearchParams(location.search).get("station") ?? "";
  const ids = [...new Set(asked.split(",").filter(Boolean))];
  return ids.includes("all") || ids.includes(ALL) ? [ALL] : ids;
}

function addressOf(stations: readonly string[], expo: boolean): string {
  if (expo) return "?view=expo";
  if (stations.length === 0) return location.pathname;
  return `?station=${stations.map((id) => (id === ALL ? "all" : encodeURIComponent(id))).join(",")}`;
}
