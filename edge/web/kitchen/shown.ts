/** Proof of receipt: what this display has put in front of the cook, told to the box frame by frame. */

import type { ShownTicket } from "$web/wire";

/** Tickets in one message: far below what a broker or the box would refuse. */
const AT_ONCE = 50;

export interface ShownOptions {
  /** Publish proof; resolves when the broker has it, rejects when it has not. */
  publish(tickets: ShownTicket[]): Promise<void>;
  /** The ticket as its card now shows it; null when there is no card in the page. */
  picture(ticketId: string): ShownTicket | null;
  /** Whether anybody can see the page at all. */
  visible(): boolean;
  /** Run once the frame that is being made is on the screen. */
  afterFrame(run: () => void): void;
}

/**
 * Collects cards that were drawn and proves them once their frame is out. What could not be proven
 * (hidden page, no line) stays owed, at most one entry per card, and is told later.
 */
export class ShownReporter {
  #owed = new Set<string>();
  #cards = new Set<string>();
  #waiting = false;

  constructor(private readonly options: ShownOptions) {}

  /** A card was put into the page, or its ticket changed. */
  drawn(ticketId: string): void {
    this.#cards.add(ticketId);
    this.#owed.add(ticketId);
    this.#soon();
  }

  /** A card left the page. */
  gone(ticketId: string): void {
    this.#cards.delete(ticketId);
    this.#owed.delete(ticketId);
  }

  /** Everything again: after a reconnect, and for a box that has started anew. */
  again(): void {
    for (const id of this.#cards) this.#owed.add(id);
    this.#soon();
  }

  /** What is still owed, once more: called every few seconds and when the page is seen again. */
  retry(): void {
    if (this.#owed.size > 0) this.#soon();
  }

  /** How much is held: bounded by the cards in the page. */
  get size(): number {
    return this.#owed.size + this.#cards.size;
  }

  #soon(): void {
    if (this.#waiting || !this.options.visible()) return;
    this.#waiting = true;
    this.options.afterFrame(() => {
      this.#waiting = false;
      this.#prove();
    });
  }

  #prove(): void {
    if (!this.options.visible()) return;
    const pictures = [...this.#owed].flatMap((id) => this.options.picture(id) ?? []);
    for (let at = 0; at < pictures.length; at += AT_ONCE) {
      void this.#send(pictures.slice(at, at + AT_ONCE));
    }
  }

  async #send(pictures: ShownTicket[]): Promise<void> {
    for (const { ticket_id } of pictures) this.#owed.delete(ticket_id);
    try {
      await this.options.publish(pictures);
    } catch {
      for (const { ticket_id } of pictures) if (this.#cards.has(ticket_id)) this.#owed.add(ticket_id);
    }
  }
}

/** After the frame: in it the card is drawn, and the task behind it runs when it is on its way out. */
export function afterFrame(run: () => void): void {
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      run();
    };
    channel.port2.postMessage(null);
  });
}
