/** Tells the box how many of this screen's commands it has not answered: the day's close lists them. */

import { ask, Fault } from "$web/box";
import { counterName } from "./guest_view";
import { screenId } from "./order_actions";

const AGAIN_MS = 60_000;

export function sayUnsent(unsent: number): () => void {
  const say = () => {
    ask("/api/screens/standing", { screen: screenId(), unsent, name: counterName() }).catch((fault: unknown) => {
      if (!(fault instanceof Fault)) throw fault; // said again in a minute
    });
  };
  say();
  const timer = setInterval(say, AGAIN_MS);
  return () => clearInterval(timer);
}
