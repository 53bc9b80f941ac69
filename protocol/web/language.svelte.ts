/** Which language a screen speaks, remembered on the device, and the words it chooses from. */

/** A language code as in `words/`: `id`, `en`, … */
export type Language = string;

const REMEMBERED = "kedai.language";
const FIRST: Language = "id";
/** A guest does not wait longer for words than for a box: the screen opens, and they follow. */
const WORDS_WITHIN_MS = 3_000;
const RIGHT_TO_LEFT = new Set(["ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);

const current = $state({ now: remembered() });
let asked = current.now;
const catalogues: Catalogued[] = [];

/** What the words of a screen must do when another language is wanted. */
export interface Catalogued {
  languages: readonly Language[];
  /** Fetches the words of a language; null when they are there already, or there are none. */
  fetch(wanted: Language): Promise<unknown> | null;
}

export const language = {
  get now(): Language {
    return current.now;
  },
  /** Spoken once its words are here: a page never speaks two languages at once. */
  set now(wanted: Language) {
    asked = wanted;
    try {
      localStorage.setItem(REMEMBERED, wanted);
    } catch {
      // A screen without storage simply starts in Indonesian again.
    }
    const coming = waits(wanted);
    if (coming.length === 0) speak(wanted);
    else void Promise.allSettled(coming).then(() => asked === wanted && speak(wanted));
  },
  /** Whether it is written from right to left. */
  get rightToLeft(): boolean {
    return RIGHT_TO_LEFT.has(current.now.split("-")[0]!);
  },
  /** What this screen can speak: those of its catalogues, the first one first. */
  get offered(): Language[] {
    const found = new Set(catalogues.flatMap((each) => each.languages));
    return found.size > 0 ? [...found] : ["id", "en"];
  },
};

/** A catalogue takes part from now on; called by `catalogue.ts`. */
export function register(catalogue: Catalogued): void {
  catalogues.push(catalogue);
}

/** Resolves when the words of the language are here; a screen is shown then. Never rejects. */
export async function wordsReady(): Promise<void> {
  if (catalogues.length > 0 && !language.offered.includes(current.now)) current.now = FIRST;
  const late = new Promise((done) => setTimeout(done, WORDS_WITHIN_MS));
  await Promise.race([Promise.allSettled(waits(current.now)), late]);
  speak(current.now);
}

/** What a language calls itself: `Bahasa Indonesia`, `English`. */
export function nameOfLanguage(code: Language): string {
  if (code === "id") return "Bahasa Indonesia";
  try {
    const name = new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
    return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
  } catch {
    return code;
  }
}

/** A sentence that the box or HQ says in two languages: in the one spoken, else in English. */
export function told(sentence: { readonly id: string; readonly en: string }): string {
  return (sentence as Record<string, string>)[current.now] ?? sentence.en;
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

/** The outlet's zone, or empty: this device's own. */
export function zoneNow(): string {
  return place.zone;
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

function waits(wanted: Language): Promise<unknown>[] {
  return catalogues.flatMap((each) => each.fetch(wanted) ?? []);
}

function speak(wanted: Language): void {
  current.now = wanted;
  if (typeof document === "undefined") return;
  document.documentElement.lang = wanted;
  document.documentElement.dir = language.rightToLeft ? "rtl" : "ltr";
}

function remembered(): Language {
  const fits = (code: string | null) => (code && /^[a-z]{2,3}(-[A-Z]{2})?$/.test(code) ? code : "");
  const wished = fits(new URLSearchParams(location.search).get("lang"));
  if (wished) return wished;
  try {
    return fits(localStorage.getItem(REMEMBERED)) || FIRST;
  } catch {
    return FIRST;
  }
}
