/** What the audit trail says: one file for each language. */

import { catalogue } from "$web/catalogue.svelte";
import { words as indonesian } from "./words/id";

export const a = catalogue(
  indonesian,
  import.meta.glob<{ words: typeof indonesian }>(["./words/*.ts", "!./words/id.ts"]),
);

/** What a kind of deed is called; one that this screen does not know by its code. */
export const kindOf = (kind: string): string => (a.kinds as Record<string, string>)[kind] ?? kind;
