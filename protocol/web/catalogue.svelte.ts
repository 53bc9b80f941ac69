/**
 * The words of a screen, one file per language in its `words/` folder. The fallback's travel with the
 * screen; another language's file is fetched when somebody speaks it. A further language is a further
 * file: it is found by itself, and `language.offered` names it.
 */

import { language, register, type Language } from "./language.svelte";

type File<Words> = () => Promise<{ readonly words: Words }>;

/**
 * Properties that answer in the language now spoken; what that one has not is said in `fallback`.
 * Groups of words within are objects of the same kind.
 */
export function catalogue<Words extends object>(
  fallback: Words,
  files: Record<string, File<Words>>,
  fallbackCode: Language = "id",
): Readonly<Words> {
  let all = $state.raw<Record<Language, Words>>({});
  const byCode = new Map(Object.entries(files).map(([path, file]) => [codeOf(path), file]));
  byCode.delete(fallbackCode);
  register({
    languages: [fallbackCode, ...byCode.keys()],
    fetch(wanted) {
      const file = byCode.get(wanted);
      if (!file || wanted in all) return null;
      return file().then((found) => {
        all = { ...all, [wanted]: found.words };
      });
    },
  });
  return answering(fallback, () => all[language.now]);
}

function answering<Words extends object>(fallback: Words, spoken: () => Words | undefined): Words {
  const words = {} as Words;
  for (const key of Object.keys(fallback) as (keyof Words)[]) {
    const first = fallback[key];
    const isGroup = typeof first === "object" && first !== null && !Array.isArray(first);
    const group = isGroup ? answering(first, () => spoken()?.[key] as typeof first | undefined) : null;
    Object.defineProperty(words, key, { enumerable: true, get: () => group ?? spoken()?.[key] ?? first });
  }
  return words;
}

function codeOf(path: string): Language {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.ts$/, "");
}
