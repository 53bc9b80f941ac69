/** A screen's link to its box: menu, orders and 86 list live, commands through the outbox. */

import {
  Fault,
  getHouse,
  getMenu,
  getOutlet,
  NotPaired,
  offerCommands,
  sendCommand,
  type Outlet,
  type Refused,
} from "./box";
import { pricedFor } from "./dining_prices";
import { Feed } from "./feed";
import { language, useZone } from "./language.svelte";
import { indexedShelf, Outbox, type Answer } from "./outbox";
import {
  applyAnswer,
  applyChange,
  applyHeartbeat,
  applySnapshot,
  NOTHING_YET,
  type OrdersState,
} from "./orders_state";
import { localMemory, type Memory } from "./memory";
import { session } from "./session.svelte";
import { sessionToken } from "./session_token";
import { steadyMs } from "./steady";
import type { Command, DiningOption, Envelope, FeedMessage, House, Menu } from "./wire";

const MENU_RETRY_MS = 2_000;
const RELOAD_AFTER_MS = 1_500;
/** A screen that nobody looks at for weeks; the oldest go, the box's trail has them all. */
const REFUSED_MAX = 100;

export interface RefusedLater {
  command: Command;
  refusal: Refused;
}

export class BoxLink {
  state = $state.raw<OrdersState>(NOTHING_YET);
  /** How the guests of this screen eat just now: `menu` is at the prices that go with it. */
  eats = $state<DiningOption>("dine_in");
  #menu = $state.raw<Menu | null>(null);
  readonly menu = $derived(this.#menu && pricedFor(this.#menu, this.eats));
  outlet = $state.raw<Outlet | null>(null);
  /** What HQ decided for this floor; null before it was ever heard, or from a box that has none. */
  house = $state.raw<House | null>(null);
  /** Whether the box was heard in the last ten seconds. */
  alive = $state(false);
  /** Whether the box answers, but not to this screen: it was never let in, or was shut out. */
  unpaired = $state(false);
  /** By `steadyMs`, as the start of the page is. */
  lastHeardMs = $state(0);
  startedMs = $state(steadyMs());
  waiting = $state(0);
  /** Commands of an earlier visit that the box refused; a person clears them. */
  refusedLater = $state.raw<RefusedLater[]>([]);

  readonly outbox: Outbox;
  #feed: Feed;
  #loading = false;
  /** Of the menu that is shown: what the box called it when it was asked for. */
  #revision = "";

  constructor(
    readonly screen: string,
    private readonly memory: Memory = localMemory,
  ) {
    this.outbox = new Outbox({
      screen,
      shelf: indexedShelf(screen),
      send: sendCommand,
      offer: offerCommands,
      session: sessionToken,
      signInFirst: () => (session.asked = true),
      waiting: (count) => (this.waiting = count),
      refusedLater: (envelope, refusal) => this.refuseLater(envelope, refusal),
    });
    session.onSignIn.push(() => this.outbox.nudge());
    session.onSignIn.push(() => void this.#houseAgain());
    session.waitingUnder = (token) => this.outbox.waitingUnder(token);
    this.#feed = new Feed("/api/feed", {
      message: (_, message) => this.#heard(message as FeedMessage),
      contact: (alive) => this.#contact(alive),
    });
  }

  open(): void {
    document.documentElement.lang = language.now;
    void this.#recall();
    void this.outbox.open().catch((error: unknown) => console.warn("no storage here", error));
    this.#feed.open();
    void this.reload();
  }

  close(): void {
    this.#feed.close();
  }

  /** A refusal that came when nobody waited for it any more; it stays until a person clears it. */
  refuseLater(envelope: Pick<Envelope, "command">, refusal: Refused): void {
    this.refusedLater = [...this.refusedLater, { command: envelope.command, refusal }].slice(-REFUSED_MAX);
  }

  forget(refused: RefusedLater): void {
    this.refusedLater = this.refusedLater.filter((each) => each !== refused);
  }

  /** Keep a command and send it; once it is answered, `state` has the order as the answer tells it. */
  async submit(command: Command, once: string): Promise<Answer> {
    const answer = await this.outbox.submit(command, once);
    if (answer.type === "accepted") this.state = applyAnswer(this.state, answer);
    return answer;
  }

  /** What this device kept, until the box says what is true now. All of it or nothing: half a menu is none. */
  async #recall(): Promise<void> {
    const [menu, outlet, house] = await Promise.all([
      this.memory.recall<Menu>("kedai.menu"),
      this.memory.recall<Outlet>("kedai.outlet"),
      this.memory.recall<House>("kedai.house"),
    ]);
    if (this.#menu || !Array.isArray(menu?.items) || !outlet?.zone) return;
    this.#menu = menu;
    this.outlet = outlet;
    this.house = house;
    useZone(outlet.zone);
  }

  /** Fetch the menu, the outlet and the house's rules again, until it works. */
  async reload(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      for (;;) {
        try {
          const revision = this.state.menuRevision;
          const [menu, outlet, house] = await Promise.all([getMenu(), getOutlet(), getHouse()]);
          this.#menu = menu;
          this.house = house;
          this.#revision = revision;
          this.outlet = outlet;
          useZone(outlet.zone);
          this.memory.remember("kedai.menu", menu);
          this.memory.remember("kedai.outlet", outlet);
          this.memory.remember("kedai.house", house);
          this.unpaired = false;
          return;
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          this.unpaired = error instanceof NotPaired;
          await new Promise((done) => setTimeout(done, MENU_RETRY_MS));
        }
      }
    } finally {
      this.#loading = false;
    }
  }

  /** Whoever is signed in may give coupons, and is told their codes. */
  async #houseAgain(): Promise<void> {
    try {
      this.house = await getHouse();
    } catch (error) {
      if (!(error instanceof Fault)) throw error; // it comes along with the menu again
    }
  }

  #heard(message: FeedMessage): void {
    this.lastHeardMs = steadyMs();
    if (message.type === "snapshot") {
      this.state = applySnapshot(this.state, message);
      void this.outbox.heard(message);
    } else if (message.type === "change") {
      this.state = applyChange(this.state, message);
    } else {
      this.state = applyHeartbeat(this.state, message);
      void this.outbox.heard(message);
    }
    if (this.#menu && this.#menuIsOld()) {
      setTimeout(() => void this.reload(), Math.random() * RELOAD_AFTER_MS);
    }
  }

  /** A menu that HQ put back has a lower number, and a price that came into force has none. */
  #menuIsOld(): boolean {
    const { menuVersion, menuRevision } = this.state;
    return menuVersion !== this.#menu?.version || (menuRevision !== "" && menuRevision !== this.#revision);
  }

  #contact(alive: boolean): void {
    if (alive && !this.alive) this.outbox.nudge();
    this.alive = alive;
    if (alive) this.unpaired = false;
    else void this.#whyLost();
  }

  /** The feed ends without saying why; the box does, when it is asked anything else. */
  async #whyLost(): Promise<void> {
    try {
      this.outlet = await getOutlet();
      this.unpaired = false;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.unpaired = error instanceof NotPaired;
    }
  }
}
