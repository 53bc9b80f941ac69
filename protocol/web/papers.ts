/** The box's papers and printers, as a screen asks for them. */

import { ask, getJson, type Refused } from "./box";
import type { PaperCard, PaperList, PrinterCard } from "./wire";

/** What has not come out yet, newest first. */
export const getOpenPapers = (): Promise<PaperList> => getJson("/api/papers?state=open");
export const getPapersOf = (orderId: string): Promise<PaperList> =>
  getJson(`/api/papers?${new URLSearchParams({ state: "all", order: orderId })}`);
export const getPrinters = (): Promise<PrinterCard[]> => getJson("/api/printers");

/** What is asked again under the same `key` prints once, after a double tap or a lost answer. */
type Answer = Promise<Refused | null>;
const SCREEN = "counter";

/** Print it again, on the same printer or another one; the copy says that it is one. */
export const reprint = (job: string, key: string, printer?: string): Answer =>
  ask(`/api/papers/${job}/reprint`, { screen: SCREEN, ...(printer ? { printer } : {}) }, key);
export const discard = (job: string): Answer => ask(`/api/papers/${job}/discard`, { screen: SCREEN });
export const printTestPage = (printer: string, key: string): Answer =>
  ask(`/api/printers/${encodeURIComponent(printer)}/test`, { screen: SCREEN }, key);
/** How today's business date stands; nothing is closed by it. */
export const printXReport = (printer: string, key: string): Answer =>
  ask(`/api/printers/${encodeURIComponent(printer)}/x-report`, { screen: SCREEN }, key);
/** The receipt of an order, or of one check of a party that split its bill. */
export const printReceipt = (orderId: string, key: string, checkId: string | null = null): Answer =>
  ask(`/api/orders/${orderId}/receipt`, { screen: SCREEN, ...(checkId ? { check_id: checkId } : {}) }, key);
export const printTickets = (orderId: string, key: string): Answer =>
  ask(`/api/orders/${orderId}/tickets`, { screen: SCREEN }, key);

/** Whether a person must decide about it: it does not come out by itself. */
export function isStuck(paper: PaperCard): boolean {
  return paper.state === "failed" || paper.state === "held";
}
