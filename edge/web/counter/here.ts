/** Tells the box which order this screen has open, and reads off who else is there. */

import { Fault, ask } from "$web/box";
import type { Here } from "$web/wire";
import { screenId } from "./order_actions";

const AGAIN_MS = 10_000;

/** Other screens that have this order open. */
export function othersAt(here: readonly Here[], orderId: string): Here[] {
  const own = screenId();
  return here.filter((each) => each.order_id === orderId && each.screen !== own);
}

/** Say so now and as long as it stays open. Returns how to say that it is closed again. */
export function beAt(orderId: string, name: string): () => void {
  const say = (order_id: string | null) =>
    ask("/api/here", { screen: screenId(), name, order_id }).catch((fault: unknown) => {
      if (!(fault instanceof Fault)) throw fault; // a box that is away knows nobody is here, either
    });
  void say(orderId);
  const timer = setInterval(() => void say(orderId), AGAIN_MS);
  return () => {
    clearInterval(timer);
    void say(null);
  };
}
