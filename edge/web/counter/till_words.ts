/** Words of tills and of the day's close: one file for each language. */

import { catalogue } from "$web/catalogue.svelte";
import { words as indonesian } from "./till_words/id";

export const tw = catalogue(
  indonesian,
  import.meta.glob<{ words: typeof indonesian }>(["./till_words/*.ts", "!./till_words/id.ts"]),
);
