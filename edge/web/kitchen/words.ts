/** The kitchen display's words: one file for each language. */

import { catalogue } from "$web/catalogue.svelte";
import { words as indonesian } from "./words/id";

export const w = catalogue(
  indonesian,
  import.meta.glob<{ words: typeof indonesian }>(["./words/*.ts", "!./words/id.ts"]),
);

export const KEY_WORDS = w.keyWords;

/** An allergen's name; one that we have no word for is shown as it is written. */
export function allergenName(allergen: string): string {
  return (w.allergens as Record<string, string>)[allergen] ?? allergen.replaceAll("_", " ");
}
