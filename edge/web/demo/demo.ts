/** The demo process's own API. */

export interface Sheet {
  number: number;
  png_url: string;
  at_ms: number;
}
export type Condition = "paper_out" | "cover_open" | "offline";
export interface Printer {
  id: string;
  name: string;
  conditions: Record<Condition, boolean>;
  sheets: Sheet[];
}
export interface Demo {
  screens: { name: string; url: string; what: string }[];
  hq: { url: string };
  wan: { cut: boolean };
  printers: Printer[];
  traffic: { on: boolean };
  data_dir: string;
  /** Who works at the demo's outlet, with the PIN that a real outlet would never show. */
  people?: { name: string; role: string; pin: string }[];
}

/** Tell the demo something; answers the page's new content. Throws when it could not be told. */
export async function tell(path: string, body: unknown): Promise<Demo> {
  const response = await fetch(`/api/demo/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(8_000),
  });
  if (!response.ok) throw new Error(`the demo answered ${response.status}`);
  return (await response.json()) as Demo;
}

/** Every paper of all printers, newest first. */
export function papersOf(demo: Demo): (Sheet & { printer: Printer })[] {
  return demo.printers
    .flatMap((printer) => printer.sheets.map((sheet) => ({ ...sheet, printer })))
    .sort((a, b) => b.at_ms - a.at_ms || b.number - a.number);
}

/** `Kasir · Counter` holds both languages; a name without the dot serves for both. */
export function inLanguage(text: string, language: string): string {
  const [indonesian = text, english = indonesian] = text.split(" · ");
  return language === "id" ? indonesian : english;
}
