/** Words follow the language: the fallback at once, another when its file is here, never half of each. */

import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("location", { search: "" });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
});

const INDONESIAN = { hello: "Halo", items: (n: number) => `${n} barang`, group: { yes: "Ya" } };
const ENGLISH = { hello: "Hello", items: (n: number) => `${n} items`, group: { yes: "Yes" } };

async function speaking() {
  const { language, wordsReady } = await import("./language.svelte");
  const { catalogue } = await import("./catalogue.svelte");
  let arrive = () => undefined as void;
  const file = vi.fn(() => new Promise<{ words: typeof INDONESIAN }>((done) => (arrive = () => done({ words: ENGLISH }))));
  const w = catalogue(INDONESIAN, { "./words/en.ts": file });
  return { language, wordsReady, w, file, arrive: () => arrive() };
}

test("another language is fetched once somebody speaks it", async () => {
  const { language, w, file, arrive } = await speaking();
  expect([w.hello, w.group.yes, file.mock.calls.length]).toEqual(["Halo", "Ya", 0]);
  language.now = "en";
  expect([language.now, w.hello]).toEqual(["id", "Halo"]);
  arrive();
  await vi.waitFor(() => expect(language.now).toBe("en"));
  expect([w.hello, w.items(2), w.group.yes]).toEqual(["Hello", "2 items", "Yes"]);
  language.now = "id";
  expect(w.hello).toBe("Halo");
  language.now = "en";
  expect([w.hello, file.mock.calls.length]).toEqual(["Hello", 1]);
});

test("a tap on another language meanwhile is the one that counts", async () => {
  const { language, arrive } = await speaking();
  language.now = "en";
  language.now = "id";
  arrive();
  await Promise.resolve();
  expect(language.now).toBe("id");
});

test("a page opens in a language it has, with its words", async () => {
  vi.stubGlobal("location", { search: "?lang=en" });
  const { wordsReady, w, arrive } = await speaking();
  const ready = wordsReady();
  arrive();
  await ready;
  expect(w.hello).toBe("Hello");
});

test("a language nobody wrote is the first one", async () => {
  vi.stubGlobal("location", { search: "?lang=fr" });
  const { language, wordsReady, w } = await speaking();
  await wordsReady();
  expect([language.now, language.offered, w.hello]).toEqual(["id", ["id", "en"], "Halo"]);
});

test("a page does not stay empty for words that do not come, and takes them up when they do", async () => {
  vi.useFakeTimers();
  try {
    vi.stubGlobal("location", { search: "?lang=en" });
    const { wordsReady, w, arrive } = await speaking();
    const ready = wordsReady();
    await vi.advanceTimersByTimeAsync(3_000);
    await ready;
    expect(w.hello).toBe("Halo");
    arrive();
    await vi.advanceTimersByTimeAsync(0);
    expect(w.hello).toBe("Hello");
  } finally {
    vi.useRealTimers();
  }
});
