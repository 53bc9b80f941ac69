/** Which key does what on this display: keyboards and bump bars differ, so each may be taught. */

export const ACTIONS = [
  ...(["1", "2", "3", "4", "5", "6", "7", "8", "9"] as const),
  ...(["previous", "next", "up", "down", "bump", "bump_ticket", "recall"] as const),
  ...(["page_down", "page_up", "first", "all_day"] as const),
] as const;

/** A digit bumps the ticket that carries it; the others act on what is selected. */
export type Action = (typeof ACTIONS)[number];
export type KeyMap = Readonly<Record<Action, readonly string[]>>;

const digit = (n: string) => [`Digit${n}`, `Numpad${n}`];

/** For plain keyboards, keypads, and bump bars that send digits, arrows, Enter and letters. */
export const DEFAULT_KEYS: KeyMap = {
  "1": digit("1"),
  "2": digit("2"),
  "3": digit("3"),
  "4": digit("4"),
  "5": digit("5"),
  "6": digit("6"),
  "7": digit("7"),
  "8": digit("8"),
  "9": digit("9"),
  previous: ["ArrowLeft", "NumpadSubtract"],
  next: ["ArrowRight", "NumpadAdd"],
  up: ["ArrowUp"],
  down: ["ArrowDown"],
  bump: ["Enter", "NumpadEnter"],
  bump_ticket: ["Space", "NumpadDecimal"],
  recall: ["KeyR", "Backspace", "NumpadMultiply"],
  page_down: ["PageDown"],
  page_up: ["PageUp"],
  first: ["Home", "Digit0", "Numpad0", "Escape"],
  all_day: ["KeyA", "NumpadDivide"],
};

/** The name a key goes by: its place on the keyboard, else the sign it makes. */
export function keyName(event: Pick<KeyboardEvent, "code" | "key">): string {
  return event.code || event.key;
}

/** What a key means here; undefined when it means nothing. */
export function actionOf(map: KeyMap, event: Pick<KeyboardEvent, "code" | "key">): Action | undefined {
  const name = keyName(event);
  return ACTIONS.find((action) => map[action].includes(name));
}

/** The map in which this key, and no other, does this; any other action loses the key. */
export function taught(map: KeyMap, action: Action, name: string): KeyMap {
  const without = ACTIONS.map((each) => [each, map[each].filter((key) => key !== name)] as const);
  return { ...(Object.fromEntries(without) as Record<Action, string[]>), [action]: [name] };
}

/** A map as it was kept; what cannot be read, or a newer action, has its default. */
export function readKeys(kept: string | null): KeyMap {
  try {
    const read = JSON.parse(kept ?? "{}") as Partial<Record<Action, unknown>>;
    const own = ACTIONS.filter((action) => isNames(read[action]));
    const taken = new Set(own.flatMap((action) => read[action] as string[]));
    const pairs = ACTIONS.map((action) =>
      own.includes(action)
        ? ([action, read[action] as string[]] as const)
        : ([action, DEFAULT_KEYS[action].filter((key) => !taken.has(key))] as const),
    );
    return Object.fromEntries(pairs) as unknown as KeyMap;
  } catch {
    return DEFAULT_KEYS;
  }
}

/** A key as people know it: `KeyR` is R, `Numpad7` is Num 7. */
export function keyLabel(name: string): string {
  const short = name.replace(/^(Key|Digit|Arrow)/, "").replace(/^Numpad/, "Num ");
  return { Left: "←", Right: "→", Up: "↑", Down: "↓" }[short] ?? short;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
