/** What other screens call whoever is at this one. */

import { session } from "$web/session.svelte";

export function personHere(): string {
  return session.person?.name ?? "";
}
