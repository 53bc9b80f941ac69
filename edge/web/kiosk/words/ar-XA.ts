/**
 * A language that nobody speaks, for trying what right-to-left and longer words do to the screen:
 * English in Arabic letters, a third longer. Only `?lang=ar-XA` leads here; it is never offered.
 */

import { words as english, type Words } from "./en";

const LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنه";

function turned(text: string): string {
  const written = text.replace(/[a-z]/gi, (letter) => LETTERS[letter.toLowerCase().charCodeAt(0) - 97] ?? letter);
  return `${written} ${written.slice(0, Math.ceil(written.length / 3))}`.trim();
}

function all(value: unknown): unknown {
  if (typeof value === "string") return turned(value);
  if (typeof value === "function") return (...given: unknown[]) => turned(String(value(...given)));
  return Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, all(one)]));
}

export const words = all(english) as Words;
