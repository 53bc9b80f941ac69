/** What the pages of the house rules say: one file for each language. */

import { catalogue } from "$web/catalogue.svelte";
import { words as indonesian } from "./words/id";

export const h = catalogue(
  indonesian,
  import.meta.glob<{ words: typeof indonesian }>(["./words/*.ts", "!./words/id.ts"]),
);
