/** Which language a screen speaks, remembered on the device, and the words it chooses from. */

export type Language = "id" | "en";

const REMEMBERED = "kedai.language";
const current = $state({ now: remembered() });

export const language = {
  get now(): Language {
    return current.now;
  },
  set now(wanted: Language) {
    current.now = wanted;
    document.documentElement.lang = wanted;
    try {
      localStorage.setItem(REMEMBERED, wanted);
    } catch {
      // A screen without storage simply starts in Indonesian again.
    }
  },
};

/** Pairs of [Indonesian, English] become properties that answer in the language now spoken. */
export function dictionary<T extends Record<string, readonly [unknown, unknown]>>(
  pairs: T,
): { readonly [K in keyof T]: T[K][0] } {
  const words = {} as { [K in keyof T]: T[K][0] };
  for (const key of Object.keys(pairs) as (keyof T)[]) {
    Object.defineProperty(words, key, {
      enumerable: true,
      get: () => pairs[key]![current.now === "en" ? 1 : 0],
    });
  }
  return words;
}

/** The name in the language now spoken, else in the first one given, else empty. */
export function named(names: Record<string, string>): string {
  return names[current.now] || Object.values(names)[0] || "";
}

/** What a variant is called: its name and its size, for sizes alone do not say hot or iced. */
export function variantName(names: Record<string, string>, size: string | null): string {
  const name = named(names);
  return size && !name.includes(size) ? `${name} ${size}`.trim() : name;
}

const place = $state({ zone: "" });

/** Tell times by the outlet's clock from now on, whatever zone this device was set to. */
export function useZone(zone: string): void {
  place.zone = zone;
}

/** A clock time such as 14:05. */
export function clockTime(ms: number): string {
  const { zone } = place;
  return hours(zone).format(ms);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function hours(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    try {
      found = new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: zone || undefined });
    } catch {
      // A zone this browser does not know: its own is better than none.
      found = new Intl.DateTimeFormat("en-GB", parts);
    }
    formats.set(zone, found);
  }
  return found;
}

function remembered(): Language {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked === "id" || asked === "en") return asked;
  try {
    return localStorage.getItem(REMEMBERED) === "en" ? "en" : "id";
  } catch {
    return "id";
  }
}
