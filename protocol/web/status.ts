/** What an order's status is called, in the trade's words. */

import { words } from "./words";
import type { DiningOption, LineDelivery, Order, OrderStatus } from "./wire";

export const statusName = (status: OrderStatus): string => words.status[status];
export const diningName = (dining: DiningOption): string => words.dining[dining];

/** Which kind of screen an order came from. */
export function sourceName(source: string): string {
  return (words.source as Record<string, string>)[source] ?? source;
}

/** A tender's name; one that we have no word for is shown as it is written. */
export function tenderName(tender: string): string {
  return (words.tender as Record<string, string>)[tender] ?? tender;
}

/** Where an order goes to, in few words: table, tab name, or how the guest eats. */
export function placeOf(order: Pick<Order, "table" | "tab_name" | "dining_option">): string {
  const table = order.table ? words.table.at(order.table) : "";
  return [table, order.tab_name].filter(Boolean).join(" · ") || diningName(order.dining_option);
}

/** Four signs of an order's id: what kiosk and counter call an order that has no number yet. */
export function kioskCode(orderId: string): string {
  return orderId.slice(-4).toUpperCase();
}

/** Where a line is, in words; `station` is what people call its station. */
export function deliveryName(delivery: LineDelivery, station: string): string {
  return words.delivery[delivery.state](station, delivery.by);
}

export const courseName = (course: number): string => words.course.one(course);

/** What a paper is, with the number of its order; a kind we have no word for is shown as written. */
export function paperName(kind: string, number = ""): string {
  return [(words.paper as Record<string, string>)[kind] ?? kind, number].filter(Boolean).join(" ");
}

export function paperState(state: string): string {
  return (words.paperState as Record<string, string>)[state] ?? state;
}
