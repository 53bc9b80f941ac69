/**
 * Whether this page is still the one its box serves. A kiosk runs for weeks: when the box was upgraded
 * the page is of another release, and takes the new one while nobody stands before it.
 */

import { SCREEN_API, type Outlet } from "$web/box";

/** Between two looks; a reload that brought no other page is not tried more often than this. */
const LOOK_MS = 10 * 60_000;
const RELOADED = "kedai.kiosk.reloaded";

export class Freshness {
  #lookedMs = 0;
  #boot = "";

  constructor(
    private readonly own: string = ownProgram(),
    private readonly reload: () => void = () => location.reload(),
  ) {}

  /** Whether the box speaks in a way that this page does not know: guests wait for the other page. */
  static mustChange(outlet: Outlet | null): boolean {
    return outlet?.screen_api !== undefined && outlet.screen_api !== SCREEN_API;
  }

  /** Called now and then while nobody orders: looks whether there is another page, and takes it. */
  async atIdle(outlet: Outlet | null, boot: string, nowMs: number): Promise<void> {
    const another = boot !== "" && boot !== this.#boot;
    const must = Freshness.mustChange(outlet);
    if (!another && nowMs - this.#lookedMs < (must ? LOOK_MS / 20 : LOOK_MS)) return;
    this.#lookedMs = nowMs;
    this.#boot = boot;
    const served = await servedProgram().catch(() => "");
    if (served === "" || served === this.own) return;
    // It was taken already, and something gave us the old one again: not over and over.
    if (remembered(served, nowMs)) return;
    const kept = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
    await kept?.update().catch(() => undefined);
    await settled(kept);
    this.reload();
  }
}

/** The new worker keeps the new page; without waiting for it the old one would answer once more. */
async function settled(kept: ServiceWorkerRegistration | undefined): Promise<void> {
  const next = kept?.installing ?? kept?.waiting;
  if (!next) return;
  await Promise.race([
    new Promise((done) => next.addEventListener("statechange", () => next.state === "activated" && done(null))),
    new Promise((done) => setTimeout(done, 10_000)),
  ]);
}

/** The name of the program this page runs: it carries a hash of all that is in it. */
function ownProgram(): string {
  return nameIn(document.documentElement.innerHTML);
}

async function servedProgram(): Promise<string> {
  const answer = await fetch("./index.html", { cache: "no-store", signal: AbortSignal.timeout(8_000) });
  return answer.ok ? nameIn(await answer.text()) : "";
}

export function nameIn(page: string): string {
  return /assets\/index-[\w-]+\.js/.exec(page)?.[0] ?? "";
}

/** Whether this program was reloaded for a moment ago; remembers that it is now. */
function remembered(program: string, nowMs: number): boolean {
  try {
    const [last, at] = (sessionStorage.getItem(RELOADED) ?? "").split("@");
    if (last === program && nowMs - Number(at) < LOOK_MS) return true;
    sessionStorage.setItem(RELOADED, `${program}@${nowMs}`);
  } catch {
    // Without storage it may be tried once more; that harms nobody.
  }
  return false;
}
