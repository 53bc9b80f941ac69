/** How a person looks on a screen that has no picture of them. */

/** The first letters of the first and the last word of a name. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const [first = "?", last = ""] = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return ([...first][0] ?? "?").toLocaleUpperCase() + ([...last][0] ?? "").toLocaleUpperCase();
}

/** A colour that stays with a person; dark enough for white letters on it (4.5:1). */
export function colourOf(id: string): string {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return `hsl(${sum} 45% 34%)`;
}
