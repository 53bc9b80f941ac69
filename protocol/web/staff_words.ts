/** Words of signing in, PINs and approvals: one file for each language. */

import { catalogue } from "./catalogue.svelte";
import { words as indonesian } from "./staff_words/id";
import type { May, Role } from "./wire";

export const staffWords = catalogue(
  indonesian,
  import.meta.glob<{ words: typeof indonesian }>(["./staff_words/*.ts", "!./staff_words/id.ts"]),
);
export const roleWords: Readonly<Record<Role, string>> = staffWords.roles;
export const mayWords: Readonly<Record<May, string>> = staffWords.may;
