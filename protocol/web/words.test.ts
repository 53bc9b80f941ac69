/** Every language says everything: the same keys, and words of the same kind, in each file of a folder. */

import { expect, test } from "vitest";

type Words = Record<string, unknown>;
const FILES = import.meta.glob<{ words: Words }>(
  ["./words/*.ts", "./staff_words/*.ts", "../../edge/web/*/words/*.ts", "../../cloud/web/**/words/*.ts"],
  { eager: true },
);
const folders = new Map<string, string[]>();
for (const path of Object.keys(FILES)) {
  const folder = path.slice(0, path.lastIndexOf("/"));
  folders.set(folder, [...(folders.get(folder) ?? []), path]);
}

test.each([...folders])("%s says the same in each language", (folder, paths) => {
  const first = shape(FILES[`${folder}/id.ts`]!.words);
  expect(paths.length).toBeGreaterThan(1);
  for (const path of paths) expect(shape(FILES[path]!.words), path).toEqual(first);
});

test("no word is empty", () => {
  for (const [path, file] of Object.entries(FILES)) expect(blanks(file.words), path).toEqual([]);
});

function shape(words: Words): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(words).map(([key, word]) => [key, isGroup(word) ? shape(word) : Array.isArray(word) ? word.length : typeof word]),
  );
}

function blanks(words: Words): string[] {
  return Object.entries(words).flatMap(([key, word]) =>
    isGroup(word) ? blanks(word) : typeof word === "string" && word.trim() === "" ? [key] : [],
  );
}

function isGroup(word: unknown): word is Words {
  return typeof word === "object" && word !== null && !Array.isArray(word);
}
