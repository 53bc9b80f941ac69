/** The kiosk's words, and in which language each guest begins. A further language is a further file in `words/`. */

import { catalogue } from "$web/catalogue.svelte";
import { language, type Language } from "$web/language.svelte";
import type { Words } from "./words/en";
import { words as indonesian } from "./words/id";

export const w = catalogue<Words>(
  indonesian,
  import.meta.glob<{ words: Words }>(["./words/*.ts", "!./words/id.ts"]),
);

/** A private-use region: for trying the screen, and offered to nobody. */
const TRIAL = /-XA$/;
const asked = new URLSearchParams(location.search).get("lang") ?? "";

/** Languages a guest may choose: those of the menu first, in its order. */
export function languagesOffered(menu: readonly string[]): Language[] {
  const spoken = language.offered.filter((code) => !TRIAL.test(code) || code === asked);
  const place = (code: Language) => (menu.includes(code) ? menu.indexOf(code) : menu.length);
  return [...spoken].sort((a, b) => place(a) - place(b));
}

/** The next guest begins in what the address asks for, else in the outlet's own language. */
export function beginIn(outlet: string): void {
  const wanted = language.offered.includes(asked) ? asked : outlet;
  if (language.offered.includes(wanted)) language.now = wanted;
}
