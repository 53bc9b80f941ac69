/** HQ's HTTP API as the dashboard sees it; the shapes are those of cloud/DESIGN.md. */

import type { DayFigures, Figure, House, Menu, Order, Outstanding, SalesReport, Shift } from "$web/wire";

export interface Sentence {
  en: string;
  id: string;
}
export interface Tenant {
  tenant_id: string;
  name: string;
  currency: string;
  zone: string;
}
export type State = "complete" | "behind" | "silent" | "never";
export interface Completeness {
  outlet_id: string;
  outlet_name: string;
  state: State;
  last_heard_ms: number | null;
  unsent: number | null;
  head: number;
  projected: number;
  lag: number;
  parked: number;
  sentence: Sentence;
}
export interface OutletView extends Completeness {
  currency: string;
  zone: string;
  business_date: string;
  enrolled: boolean;
  menu_version: number | null;
  menu_current: number;
  price_version: number | null;
  price_current: number;
  product: string | null;
  clock_offset_ms: number | null;
  replication: ReplicationState;
}
export interface AlarmView {
  code: string;
  since_ms: number;
  sentence: Sentence;
}
/** One box as it last introduced itself; `instance` names its present start. */
export interface BoxView {
  node_id: string;
  instance: string;
  role: "primary" | "standby";
  first_heard_ms: number;
  last_heard_ms: number;
  product: string;
  unsent: number | null;
  alarms: AlarmView[];
}
/** What the primary said at its last hello beside what HQ has. */
export interface ReplicationState {
  term: number;
  acknowledged: number | null;
  replicated: number;
  parked_at_box: number | null;
  parked_at_hq: number;
  unsent: number | null;
  oldest_unsent_ms: number | null;
  boxes: BoxView[];
  alarms: AlarmView[];
  refused: { times: number; last_code: string; last_sentence: string; last_ms: number } | null;
  oddities: { kind: string; subject: string; detail: string; times: number; last_ms: number }[];
  backup_ms: number | null;
  newest_backup_ms: number | null;
  cards: number;
}
/** What HQ read from the ledger itself. A stream is its name, its end, the chain there (base64). */
export interface Witness {
  server_ms: number;
  streams: [stream: string, last: number, chain: string, safe: number][];
  head: number;
  distinct: number;
  projected: number;
  parked: number;
  cards: number;
}
export interface OutletToday {
  outlet_id: string;
  outlet_name: string;
  business_date: string;
  figure: Figure;
  paid_minor: number;
  cancelled: number;
  by_hour: Figure[];
  completeness: Completeness;
}
export interface Today {
  at_ms: number;
  currency: string;
  totals: Figure;
  outlets: OutletToday[];
}
export interface SalesAtHq extends SalesReport {
  by_outlet: Figure[];
  paid_minor: number;
  cancelled: number;
  complete: boolean;
  completeness: Completeness[];
}
export interface OrderRow {
  order_id: string;
  outlet_id: string;
  number: string;
  business_date: string;
  hour: number;
  placed_ms: number;
  status: Order["status"];
  source: string;
  dining_option: Order["dining_option"];
  lines: number;
  units: number;
  total_minor: number;
  paid_minor: number;
  currency: string;
}
export interface OrderAtHq {
  order: Order;
  outlet_id: string;
  outlet_name: string;
  parked: string | null;
  history: { position: number; type: string; wall_ms: number | null; actor: string; duplicate: boolean }[];
}

export interface ConflictCard {
  decision_id: string;
  kind: string;
  outlet_id: string;
  outlet_name: string;
  subject: string;
  order_id: string | null;
  order_number: string | null;
  automatic: boolean;
  /** `what_id` is empty where both languages read `what`. */
  sides: { who: string; what: string; what_id?: string; at_ms: number | null }[];
  at_ms: number;
  /** Above zero, the outlet got more than it should have; minor units. */
  money: number;
  currency: string;
  why: Sentence;
  suggestion: Sentence;
  settled_ms: number | null;
  settled_by: string | null;
  note: string | null;
}
export interface Conflicts {
  /** How many wait for a person, shown or not. */
  open: number;
  decisions: ConflictCard[];
}

/** House rules as HQ has them; `own`: they are this outlet's. */
export interface HouseShown {
  version: number;
  house: House;
  outlet_id: string | null;
  own: boolean;
  outlets_with_own: string[];
}
export type DayState = "certified" | "differs" | "waiting" | "not_certified" | "unknown_signer" | "bad_signature";
/** A closed day as the box printed it, and as HQ counts it again. */
export interface Day {
  outlet_id: string;
  outlet_name: string;
  currency: string;
  number_z: number;
  business_date: string;
  closed_ms: number;
  staff: string | null;
  unsure: boolean;
  digest: string;
  chained: boolean;
  double: boolean;
  /** Of a double number: a later Z follows both. */
  joined: boolean;
  joins: string[];
  orders_twice: number;
  amount_twice: number;
  figures: DayFigures;
  outstanding: Outstanding[];
  hq_figures: DayFigures | null;
  differs: string[];
  state: DayState;
  certificate: null | { at_ms: number; agrees: boolean; node_id: string; screens: { screen: string; unsent: number }[] };
}
export interface Days {
  days: Day[];
  gaps: { outlet_id: string; outlet_name: string; missing: number[] }[];
  unclosed: { outlet_id: string; outlet_name: string; business_date: string }[];
  complete: boolean;
  completeness: Completeness[];
}
export interface ShiftRow {
  outlet_id: string;
  outlet_name: string;
  currency: string;
  shift: Shift;
  over_short: number | null;
}

/** HQ does not know who is looking. */
export class NotSignedIn extends Error {}

/** HQ cannot be reached, or answered something else. `status` is 0 when there was no answer. */
export class HqFault extends Error {
  constructor(
    readonly status: number,
    readonly sentence: Sentence | null = null,
    readonly code = "",
    /** What is wrong with what was sent. */
    readonly faults: readonly Sentence[] = [],
  ) {
    super(`HQ answered ${status}`);
  }
}

export const whoAmI = (): Promise<{ name: string; tenant: Tenant }> => ask("/api/auth/me");
export const signIn = (key: string): Promise<{ name: string; tenant: Tenant }> =>
  ask("/api/auth/key", { method: "POST", body: JSON.stringify({ key }) });
export const signOut = (): Promise<unknown> => ask("/api/auth/leave", { method: "POST" });
export const getMenu = (): Promise<Menu> => ask("/api/menus/current");
export const getOutlets = (): Promise<{ outlets: OutletView[] }> => ask("/api/outlets");
export const getWitness = (outletId: string): Promise<Witness> => ask(`/api/outlets/${outletId}/witness`);
export const getOrder = (id: string): Promise<OrderAtHq> => ask(`/api/orders/${id}`);

export function getSales(from: string, to: string, outlet: string): Promise<SalesAtHq> {
  return ask(`/api/reports/sales?${query({ from, to, outlet })}`);
}

export function getOrders(asked: {
  outlet: string;
  number: string;
  date: string;
}): Promise<{ orders: OrderRow[]; more: boolean }> {
  return ask(`/api/orders?${query({ ...asked, limit: "60" })}`);
}

export const getConflicts = (open: boolean, outlet: string): Promise<Conflicts> =>
  ask(`/api/conflicts?${query({ open: String(open), outlet, limit: "200" })}`);
export const getDecisions = (outlet: string): Promise<Conflicts> =>
  ask(`/api/conflicts/decisions?${query({ outlet, limit: "200" })}`);
export const settleConflict = (id: string, note: string): Promise<ConflictCard> =>
  ask(`/api/conflicts/${id}/settle`, { method: "POST", body: JSON.stringify({ note }) });

const houseOf = (outlet: string) => (outlet ? `/api/outlets/${outlet}/house` : "/api/house");
export const getHouse = (outlet: string): Promise<HouseShown> => ask(houseOf(outlet));
export const putHouse = (outlet: string, house: House, replaces: number): Promise<{ version: number }> =>
  ask(`${houseOf(outlet)}?replaces=${replaces}`, { method: "PUT", body: JSON.stringify(house) });
export const dropHouse = (outlet: string): Promise<unknown> => ask(houseOf(outlet), { method: "DELETE" });
export const getDays = (asked: { outlet: string; from: string; to: string; limit: string }): Promise<Days> =>
  ask(`/api/days?${query(asked)}`);
export const getOpenShifts = (outlet: string): Promise<{ shifts: ShiftRow[] }> =>
  ask(`/api/shifts?${query({ outlet, open: "true" })}`);

function query(fields: Record<string, string>): URLSearchParams {
  return new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== ""));
}

/** Sentences that come as two lists; what was not translated is read in English. */
export const inBoth = (english: readonly string[], indonesian: readonly string[]): Sentence[] =>
  english.map((en, i) => ({ en, id: indonesian[i] ?? en }));

const PATIENCE_MS = 20_000;

export async function ask<T>(path: string, init: RequestInit = {}, patienceMs = PATIENCE_MS): Promise<T> {
  let response: Response;
  try {
    const headers = { Accept: "application/json", "Content-Type": "application/json" };
    response = await fetch(path, { headers, ...init, signal: AbortSignal.timeout(patienceMs) });
  } catch {
    throw new HqFault(0);
  }
  if (response.status === 401) throw new NotSignedIn();
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const problem = (body ?? {}) as { title?: string; title_id?: string; code?: string; faults?: string[]; faults_id?: string[] };
    const title = problem.title ?? "";
    const sentence = title ? { en: title, id: problem.title_id ?? title } : null;
    const { faults = [], faults_id: inIndonesian = [] } = problem;
    throw new HqFault(response.status, sentence, problem.code, inBoth(faults, inIndonesian));
  }
  return body as T;
}
