/** Why the kiosk takes no orders, as a guest is told. */

import { hoursOf } from "$web/dayparts";
import type { Closed } from "./closed";
import type { KioskState } from "./kiosk_state.svelte";
import { w } from "./speech.svelte";

export function closedWords(why: Closed, kiosk: KioskState): string {
  switch (why) {
    case "hours":
      return w.closedHours(hoursOf(kiosk.house?.kiosk.hours ?? []));
    case "kitchen":
      return w.closedKitchen;
    case "away":
      return w.closedAway;
    case "updating":
      return w.updating;
    case "preparing":
      return w.preparing;
    case "rest":
      return w.closed;
  }
}
