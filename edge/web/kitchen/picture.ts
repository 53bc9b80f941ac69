/** What a card in the page really shows, read from the page itself: the only witness proof may call. */

import type { ShownTicket } from "$web/wire";

const cards = new Map<string, HTMLElement>();

/** A card is in the page from now on; the answer takes it off again. */
export function hung(ticketId: string, card: HTMLElement): () => void {
  cards.set(ticketId, card);
  return () => {
    if (cards.get(ticketId) === card) cards.delete(ticketId);
  };
}

/** The ticket as its card shows it now; null when it is not, or no longer, in the page. */
export function pictureOf(ticketId: string): ShownTicket | null {
  const card = cards.get(ticketId);
  if (!card?.isConnected || card.getClientRects().length === 0) return null;
  const { order, station, position } = card.dataset;
  if (!order || !station) return null;
  const lines = [...card.querySelectorAll<HTMLElement>("[data-line]")];
  return {
    ticket_id: ticketId,
    order_id: order,
    station_id: station,
    position: Number(position),
    line_ids: lines.map((line) => line.dataset["line"]!),
  };
}

export function cardsHung(): number {
  return cards.size;
}
