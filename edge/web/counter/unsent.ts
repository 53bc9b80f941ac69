/** Tells the box how many of this screen's commands it has not answered: the day's close lists them. */

import { ask, Fault } from "$web/box";
import { counterName } from "./guest_view";
import { screenId } from "./order_actions";

const AGAIN_MS = 60_000;
/** What is merely on its way is not outstanding, least of all the command that closes the day. */
const ON_ITS_WAY_MS = 3_000;

export function sayUnsent(unsent: number): () => void {
  const say = () => {
    ask("/api/screens/standing", { screen: screenId(), unsent, name: counterName() }).catch((fault: unknown) => {
      if (!(fault instanceof Fault)) throw fault; // said again in a minute
    });
  };
  const first = setTimeout(say, unsent > 0 ? ON_ITS_WAY_MS : 0);
  const timer = setInterval(say, AGAIN_MS);
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
