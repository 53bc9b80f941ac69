/** What the dashboard knows: who is looking, today's figures live, and whether HQ is heard. */

import { Feed, type FeedKind } from "$web/feed";
import { named, useZone } from "$web/language.svelte";
import type { Figure, Menu } from "$web/wire";
import { getConflicts, getMenu, getOutlets, HqFault, NotSignedIn, signOut, whoAmI, type OutletView, type Tenant, type Today } from "./hq";
import { learnNames } from "./people/names.svelte";
import { withChange, withHeartbeat } from "./today_state";
import { w } from "./words";

const VIEWS = ["today", "reports", "outlets", "orders", "conflicts", "days", "audit", "menu", "house", "people"] as const;
export type View = (typeof VIEWS)[number];

export class DashboardState {
  /** null while nobody has been asked; false when nobody is signed in. */
  tenant = $state.raw<Tenant | null | false>(null);
  today = $state.raw<Today | null>(null);
  outlets = $state.raw<OutletView[]>([]);
  view = $state<View>(VIEWS.find((view) => location.hash === `#${view}`) ?? "today");
  alive = $state(true);
  lastHeardMs = $state(Date.now());
  now = $state(Date.now());
  /** Rises whenever sales changed, so that lists know to look again. */
  changes = $state(0);
  menu = $state.raw<Menu | null>(null);
  /** Cards that wait for a person. */
  openConflicts = $state(0);
  /** The outlet whose cards are looked at; empty for all. */
  conflictsOf = $state("");

  #feed = new Feed("/api/feed", {
    message: (kind, message) => this.#heard(kind, message),
    contact: (alive) => this.#contact(alive),
  });

  #timer: ReturnType<typeof setInterval> | undefined;

  get currency(): string {
    return this.tenant ? this.tenant.currency : "IDR";
  }

  async open(): Promise<void> {
    try {
      this.enter((await whoAmI()).tenant);
    } catch (error) {
      if (error instanceof NotSignedIn) this.tenant = false;
      else setTimeout(() => void this.open(), 3_000);
    }
  }

  enter(tenant: Tenant): void {
    this.tenant = tenant;
    useZone(tenant.zone);
    this.#feed.open();
    void this.refreshOutlets();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.refreshOutlets(), 30_000);
    void this.refreshMenu();
    void learnNames();
  }

  /** The menu in force; without one, figures are called what the ledger calls them. */
  async refreshMenu(): Promise<void> {
    try {
      this.menu = await getMenu();
    } catch (error) {
      if (!(error instanceof HqFault || error instanceof NotSignedIn)) throw error;
    }
  }

  /** What an item or category is called in the language now spoken. */
  nameOf(figure: Figure): string {
    const known = [...(this.menu?.items ?? []), ...(this.menu?.categories ?? [])];
    const found = known.find((each) => each.id === figure.key);
    return found ? named(found.names) : figure.name || figure.key;
  }

  async leave(): Promise<void> {
    this.close();
    await signOut().catch(() => undefined);
    this.tenant = false;
    this.today = null;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#feed.close();
  }

  async refreshOutlets(): Promise<void> {
    try {
      this.outlets = (await getOutlets()).outlets;
      this.openConflicts = (await getConflicts(true, "")).open;
    } catch (error) {
      if (!(error instanceof HqFault || error instanceof NotSignedIn)) throw error;
    }
  }

  /** Turn to a page; a reload, or a link that somebody was sent, comes back to it. */
  show(view: View): void {
    this.view = view;
    history.replaceState(null, "", `#${view}`);
  }

  showConflicts(outletId: string): void {
    this.conflictsOf = outletId;
    this.show("conflicts");
  }

  /** How long ago, in words. */
  agoOf(ms: number | null): string {
    if (ms === null) return w.never;
    const since = Math.max(0, this.now - ms);
    return since < 10_000 ? w.justNow : w.ago(spanOf(since));
  }

  #heard(kind: FeedKind, message: unknown): void {
    this.lastHeardMs = Date.now();
    if (kind === "snapshot") this.today = message as Today;
    else if (this.today && kind === "change") this.today = withChange(this.today, message as Today);
    else if (this.today) {
      this.today = withHeartbeat(this.today, message as Parameters<typeof withHeartbeat>[1]);
    }
    if (kind !== "heartbeat") this.changes += 1;
  }

  #contact(alive: boolean): void {
    this.alive = alive;
    // A feed that ends may mean that the key was taken back.
    if (!alive) void whoAmI().catch((e: unknown) => e instanceof NotSignedIn && (this.tenant = false));
  }
}

/** A length of time in words, in the largest unit that fits. */
export function spanOf(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 60) return w.seconds(seconds);
  if (seconds < 3600) return w.minutes(Math.floor(seconds / 60));
  if (seconds < 86_400) return w.hours(Math.floor(seconds / 3600));
  return w.days(Math.floor(seconds / 86_400));
}

/** A whole average, or nothing sold. */
export function averageOf(figure: Figure): number {
  return figure.orders > 0 ? Math.round(figure.amount_minor / figure.orders) : 0;
}
