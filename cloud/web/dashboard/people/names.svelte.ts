/** What people are called whose ids stand in the records; asked for once when somebody signs in. */

import { HqFault, NotSignedIn } from "../hq";
import { getPeople } from "./people";

let names = $state.raw<ReadonlyMap<string, string>>(new Map());

export async function learnNames(): Promise<void> {
  try {
    names = new Map((await getPeople()).people.map((person) => [person.staff_id, person.name]));
  } catch (error) {
    if (!(error instanceof HqFault || error instanceof NotSignedIn)) throw error; // ids are shown then
  }
}

/** A person's name; a screen, a printer or a stranger is called as it calls itself. */
export const actorName = (id: string): string => names.get(id) ?? id;
