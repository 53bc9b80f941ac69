/** What an order's status is called, in the trade's words. */

import { dictionary } from "./language.svelte";
import type { DiningOption, Order, OrderStatus } from "./wire";

const STATUS = dictionary({
  held: ["Ditahan", "Held"],
  open: ["Terbuka", "Open"],
  fired: ["Di dapur", "In the kitchen"],
  ready: ["Siap", "Ready"],
  served: ["Disajikan", "Served"],
  closed: ["Selesai", "Closed"],
  cancelled: ["Dibatalkan", "Cancelled"],
});

const DINING = dictionary({
  dine_in: ["Makan di sini", "Dine in"],
  takeaway: ["Bawa pulang", "Takeaway"],
  delivery: ["Antar", "Delivery"],
});

const TENDER = dictionary({
  cash: ["Tunai", "Cash"],
  qris: ["QRIS", "QRIS"],
  card: ["Kartu", "Card"],
  transfer: ["Transfer", "Transfer"],
  debit: ["Kartu debit", "Debit card"],
  credit: ["Kartu kredit", "Credit card"],
  ewallet: ["Dompet digital", "E-wallet"],
});

export const statusName = (status: OrderStatus): string => STATUS[status];
export const diningName = (dining: DiningOption): string => DINING[dining];

const SOURCE = dictionary({
  counter: ["Kasir", "Counter"],
  kiosk: ["Kiosk", "Kiosk"],
  import: ["Impor", "Import"],
});

/** Which kind of screen an order came from. */
export function sourceName(source: string): string {
  return (SOURCE as Record<string, string>)[source] ?? source;
}

/** A tender's name; one that we have no word for is shown as it is written. */
export function tenderName(tender: string): string {
  return (TENDER as Record<string, string>)[tender] ?? tender;
}

/** Where an order goes to, in few words: table, tab name, or how the guest eats. */
export function placeOf(order: Pick<Order, "table" | "tab_name" | "dining_option">): string {
  const table = order.table ? TABLE.at(order.table) : "";
  return [table, order.tab_name].filter(Boolean).join(" · ") || diningName(order.dining_option);
}

/** Four signs of an order's id: what kiosk and counter call an order that has no number yet. */
export function kioskCode(orderId: string): string {
  return orderId.slice(-4).toUpperCase();
}

const TABLE = dictionary({ at: [(t: string) => `Meja ${t}`, (t: string) => `Table ${t}`] });
