/** What an order's status is called, in the trade's words. */

import { dictionary } from "./language.svelte";
import type { DiningOption, LineDelivery, Order, OrderStatus } from "./wire";

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

const DELIVERY = dictionary({
  queued: [(at: string) => `Antre untuk ${at}`, (at: string) => `Queued for ${at}`],
  sent: [(at: string) => `Dikirim ke ${at}, belum dikonfirmasi`, (at: string) => `Sent to ${at}, not confirmed yet`],
  rerouted: [
    (at: string, by: string) => `${at} belum konfirmasi; dikirim juga ke ${by || "jalur lain"}`,
    (at: string, by: string) => `${at} has not confirmed; also sent to ${by || "another screen or printer"}`,
  ],
  escalated: [
    (at: string) => `Belum ada yang melihat: beri tahu ${at}`,
    (at: string) => `Nobody has seen it: tell ${at}`,
  ],
  shown: [(at: string, by: string) => `Tampil di ${by || at}`, (at: string, by: string) => `Shown on ${by || at}`],
  printed: [
    (at: string, by: string) => `Tercetak di ${by || at}`,
    (at: string, by: string) => `Printed on ${by || at}`,
  ],
  bumped: [(at: string) => `Selesai di ${at}`, (at: string) => `Done at ${at}`],
});

/** Where a line is, in words; `station` is what people call its station. */
export function deliveryName(delivery: LineDelivery, station: string): string {
  return DELIVERY[delivery.state](station, delivery.by);
}

const COURSE = dictionary({
  one: [(n: number) => `Tahap ${n}`, (n: number) => `Course ${n}`],
});

export const courseName = (course: number): string => COURSE.one(course);

const PAPER = dictionary({
  kitchen_ticket: ["Tiket dapur", "Kitchen ticket"],
  receipt: ["Struk", "Receipt"],
  bill: ["Tagihan", "Bill"],
  report: ["Laporan", "Report"],
  rush_slip: ["Slip dahulukan", "Rush slip"],
  void_slip: ["Slip batal", "Void slip"],
  test: ["Halaman uji", "Test page"],
  test_page: ["Halaman uji", "Test page"],
});

/** What a paper is, with the number of its order; a kind we have no word for is shown as written. */
export function paperName(kind: string, number = ""): string {
  return [(PAPER as Record<string, string>)[kind] ?? kind, number].filter(Boolean).join(" ");
}

const PAPER_STATE = dictionary({
  queued: ["Menunggu", "Waiting"],
  printing: ["Sedang dicetak", "Printing"],
  printed: ["Tercetak", "Printed"],
  held: ["Ditahan", "Held"],
  failed: ["Gagal", "Failed"],
  moved: ["Pindah ke printer lain", "Moved to another printer"],
  discarded: ["Dibuang", "Discarded"],
});

export function paperState(state: string): string {
  return (PAPER_STATE as Record<string, string>)[state] ?? state;
}
