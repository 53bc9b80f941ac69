/** What the menu page says: one file for each language. */

import { catalogue } from "$web/catalogue.svelte";
import { words as indonesian } from "./words/id";

export const m = catalogue(
  indonesian,
  import.meta.glob<{ words: typeof indonesian }>(["./words/*.ts", "!./words/id.ts"]),
);
