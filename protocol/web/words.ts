/** What all screens say: an order's life, its papers, what is wrong with a box. */

import { catalogue } from "./catalogue.svelte";
import { words as indonesian } from "./words/id";

export const words = catalogue(
  indonesian,
  import.meta.glob<{ words: typeof indonesian }>(["./words/*.ts", "!./words/id.ts"]),
);
