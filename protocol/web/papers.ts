/** The box's papers and printers, as a screen asks for them. */

import { ask, getJson, type Refused } from "./box";

export type PaperState = "queued" | "printing" | "printed" | "held" | "failed" | "moved" | "discarded";

/** One paper: what it is, of which order, where it is to come out, and how far it is. */
export interface Paper {
  job: string;
  kind: string;
  state: PaperState;
  order_id: string | null;
  number: string;
  station_id: string | null;
  printer: string;
  printer_name: string;
  /** Since when it is in this state. */
  since_ms: number;
  why: { en: string; id: string };
  /** How often it may have come out already. */
  copies: number;
  history: { at_ms: number; printer: string; copy: number }[];
}

export interface Printer {
  printer: string;
  name: string;
  kind: string;
  ok: boolean;
  en: string;
  id: string;
  waiting: number;
}

export const getOpenPapers = (): Promise<Paper[]> => getJson("/api/papers?state=open");
export const getPapersOf = (orderId: string): Promise<Paper[]> =>
  getJson(`/api/papers?${new URLSearchParams({ state: "all", order: orderId })}`);
export const getPrinters = (): Promise<Printer[]> => getJson("/api/printers");

type Answer = Promise<Refused | null>;

/** Print it again, on the same printer or another one; the copy says that it is one. */
export const reprint = (job: string, printer?: string): Answer =>
  ask(`/api/papers/${job}/reprint`, printer ? { printer } : {});
export const discard = (job: string): Answer => ask(`/api/papers/${job}/discard`);
export const printTestPage = (printer: string): Answer => ask(`/api/printers/${printer}/test`);
export const printReceipt = (orderId: string): Answer => ask(`/api/orders/${orderId}/receipt`);
export const printTickets = (orderId: string): Answer => ask(`/api/orders/${orderId}/tickets`);
