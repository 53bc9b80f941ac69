/** The box's HTTP API as a screen sees it: answers, refusals and faults kept apart. */

import { sessionToken } from "./session_token";
import type { Accepted, Command, Envelope, House, LineDelivery, Menu, Order, Station } from "./wire";

export interface Outlet {
  outlet_id: string;
  name: string;
  currency: string;
  zone: string;
  languages: string[];
  tenders: string[];
  stations: Station[];
  boot: string;
  version: string;
  language?: string;
  rollover_hour?: number;
  /** Which way of speaking with screens this box has (`SCREEN_API`); absent before it was told. */
  screen_api?: number;
  /** Tenders that guests can pay with at a screen by themselves. */
  pays_here?: string[];
  /** Items that cannot reach whoever makes them, just now. */
  unreachable?: string[];
}

/** The way of speaking with the box that these screens know; the box says its own in `Outlet`. */
export const SCREEN_API = 1;

/** The rules said no: a sentence for the person and what to do, in both languages. */
export interface Refused {
  type: "refused";
  code: string;
  title: string;
  title_id: string;
  what_to_do: string;
  what_to_do_id: string;
  params: Record<string, string>;
}

/** The world said no: nothing is known to have happened, and the same thing may be sent again. */
export class Fault extends Error {
  constructor(
    message: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}

/** This screen may not ask: it was never let in, or was shut out. What it keeps it sends later. */
export class NotPaired extends Fault {}

/** Somebody has to sign in first: nothing was taken, and the same command may be sent again then. */
export class SignInFirst extends Fault {}

export const SIGN_IN_FIRST = "sign_in_first";
const SESSION = "X-Session";

export interface HistoryPage {
  orders: Order[];
  next: string | number | null;
}

/** One statement about the box; what is not `ok` is shown on the screens too. */
export interface Statement {
  code: string;
  ok: boolean;
  en: string;
  id: string;
}

/** The health page of the box: is everything sent? */
export interface Health {
  ok: boolean;
  ready: boolean;
  outlet: string;
  acknowledged: number;
  replicated: number;
  unsent: number;
  oldest_unsent_ms: number | null;
  parked: number;
  last_heard_from_hq_ms: number | null;
  sentences: Statement[];
  enrolled: boolean;
  role: "primary" | "standby";
  seals: { stream: string; entries: number; mark: string }[];
}

const ANSWER_WITHIN_MS = 8_000;

/**
 * Send a command, in the name of whoever was signed in when it was given. Returns its answer or the
 * refusal; raises `Fault` when there was neither.
 */
export async function sendCommand(
  envelope: Envelope,
  session = sessionToken(),
): Promise<Accepted | Refused> {
  const response = await request("/api/commands", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": envelope.command_id,
      [SESSION]: session,
    },
    body: JSON.stringify(envelope),
  });
  if (response.ok) return readJson<Accepted>(response);
  return refusalOf(response);
}

/** Answers to a request that is too large, or that holds something the box cannot read. */
const NOT_AS_ONE = new Set([400, 413, 422]);

/**
 * Send commands again to a box that has started anew; answers come in the same order.
 * What cannot be taken all at once is halved: one that no box can read never holds up the others.
 */
export async function offerCommands(
  envelopes: Envelope[],
  session = sessionToken(),
): Promise<(Accepted | Refused)[]> {
  const response = await request("/api/commands", {
    method: "POST",
    headers: { "Content-Type": "application/json", [SESSION]: session },
    body: JSON.stringify(envelopes),
  });
  if (NOT_AS_ONE.has(response.status)) return offerFewer(envelopes, response, session);
  if (!response.ok) throw new Fault(`the box answered ${response.status}`);
  const answers = await readJson<(Accepted | Partial<Refused>)[]>(response);
  return answers.map((a) => (a.type === "accepted" ? (a as Accepted) : refusal(a as Partial<Refused>)));
}

async function offerFewer(
  envelopes: Envelope[],
  no: Response,
  session: string,
): Promise<(Accepted | Refused)[]> {
  const [only, ...rest] = envelopes;
  if (only === undefined) return [];
  if (rest.length > 0) {
    const half = Math.ceil(envelopes.length / 2);
    const first = await offerCommands(envelopes.slice(0, half), session);
    return [...first, ...(await offerCommands(envelopes.slice(half), session))];
  }
  // The answer it carries may be what is wrong, of an older or newer release: then without it.
  if (only.accepted) return offerCommands([{ ...only, accepted: null }], session);
  return [await refusalOf(no)];
}

export const getMenu = (): Promise<Menu> => getJson("/api/menu");
export const getHealth = (): Promise<Health> => getJson("/health");
export const getOutlet = (): Promise<Outlet> => getJson("/api/outlet");

/** The rules of the house in force; null from a box of a release that has none. Raises `Fault`. */
export async function getHouse(): Promise<House | null> {
  const response = await request("/api/house", { headers: { Accept: "application/json" } });
  if (response.status === 404) return null;
  if (response.status === 401) throw new NotPaired("this screen is not paired");
  if (!response.ok) throw new Fault(`the box answered ${response.status}`);
  return (await readJson<{ house: House }>(response)).house;
}

/** Put this box in charge of its outlet. Returns the refusal, if it was refused; raises `Fault`. */
export const takeOver = (): Promise<Refused | null> => ask("/api/box/take-over");

/**
 * Ask the box to do something that is no command. Returns the refusal, if any; raises `Fault`.
 * `key`: what is asked under the same one is done once.
 */
export async function ask(path: string, body: object = {}, key = ""): Promise<Refused | null> {
  const response = await request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(key ? { "Idempotency-Key": key } : {}) },
    body: JSON.stringify(body),
  });
  // Whoever asks this stands before the screen, and reads why not.
  if (response.status === 401) return refusal(await readJson<Partial<Refused>>(response));
  return response.ok ? null : refusalOf(response);
}

/**
 * Tell the box something that is no command, and hear what it says. Returns the refusal, if any;
 * raises `Fault`. Also a 401 and a 429 are for the person who stands before the screen.
 */
export async function tell<T>(
  path: string,
  body: object,
  session = sessionToken(),
): Promise<T | Refused> {
  const response = await request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", [SESSION]: session },
    body: JSON.stringify(body),
  });
  if (response.ok) return readJson<T>(response);
  if (isProblem(response)) return refusal(await readJson<Partial<Refused>>(response));
  throw new Fault(`the box answered ${response.status}`);
}

/** Where each line of an order is; of one that the box does not know, nothing. */
export async function getDeliveries(orderId: string): Promise<LineDelivery[]> {
  const response = await request(`/api/orders/${orderId}/deliveries`, {});
  if (response.status === 404) return [];
  if (!response.ok) throw new Fault(`the box answered ${response.status}`);
  return readJson(response);
}

/** The order as it now is; null when the box has none with this id. */
export async function findOrder(id: string): Promise<Order | null> {
  const response = await request(`/api/orders/${id}`, {});
  if (response.status === 404) return null;
  if (!response.ok) throw new Fault(`the box answered ${response.status}`);
  return readJson(response);
}

export function getHistory(asked: Record<string, string>): Promise<HistoryPage> {
  const filled = Object.entries(asked).filter(([, value]) => value !== "");
  return getJson(`/api/orders/history?${new URLSearchParams(filled)}`);
}

/**
 * A refusal answered to a command, from its problem details; anything unreadable is a fault.
 * A bug of the box's is a refusal too: asked for ever, that one command would hold up all others.
 */
async function refusalOf(response: Response): Promise<Refused> {
  if (response.status === 500 && isProblem(response)) {
    return refusal(await readJson<Partial<Refused>>(response));
  }
  if (response.status === 401) throw await notLetIn(response);
  const seconds = Number(response.headers.get("Retry-After"));
  // Too busy, too early, behind a proxy that lost the box: the same command is right again later.
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    throw new Fault(`the box answered ${response.status}`, seconds > 0 ? seconds * 1000 : null);
  }
  return refusal(await readJson<Partial<Refused>>(response));
}

/** Why a 401: the screen is not let in, or nobody is signed in at it. */
async function notLetIn(response: Response): Promise<Fault> {
  const problem = isProblem(response) ? await readJson<Partial<Refused>>(response) : {};
  if (problem.code === SIGN_IN_FIRST) return new SignInFirst("nobody is signed in at this screen");
  return new NotPaired("this screen is not paired");
}

function isProblem(response: Response): boolean {
  return response.headers.get("Content-Type")?.startsWith("application/problem+json") ?? false;
}

function refusal(problem: Partial<Refused>): Refused {
  const title = problem.title ?? problem.code ?? "?";
  return {
    type: "refused",
    code: problem.code ?? "unknown",
    title,
    title_id: problem.title_id ?? title,
    what_to_do: problem.what_to_do ?? "",
    what_to_do_id: problem.what_to_do_id ?? problem.what_to_do ?? "",
    params: problem.params ?? {},
  };
}

/** What the box answers at a path. Raises `Fault`. */
export async function getJson<T>(path: string): Promise<T> {
  const response = await request(path, { headers: { Accept: "application/json" } });
  if (response.status === 401) throw await notLetIn(response);
  if (!response.ok) throw new Fault(`${path} answered ${response.status}`);
  return readJson(response);
}

/** The body of an answer; a line that breaks in the middle of it is a fault like any other. */
async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw new Fault(`the answer (${response.status}) cannot be read: ${String(error)}`);
  }
}

async function request(path: string, init: RequestInit): Promise<Response> {
  try {
    const headers = new Headers(init.headers);
    if (!headers.has(SESSION)) headers.set(SESSION, sessionToken());
    if (!headers.get(SESSION)) headers.delete(SESSION);
    return await fetch(path, { ...init, headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  } catch (error) {
    throw new Fault(error instanceof Error ? error.message : String(error));
  }
}

/** Which order a command is about, for lists of what is still waiting. */
export function orderOf(command: Command): string | null {
  return "order_id" in command ? command.order_id : null;
}
