/** Signing out while the box is away: it hears of it when it is back. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StaffSession } from "./session.svelte";
import { keepSessionToken } from "./session_token";

let away = false;
let asked: [string, string][] = [];
let said: unknown[] = [];

beforeEach(() => {
  away = false;
  asked = [];
  said = [];
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  });
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (away) return Promise.reject(new TypeError("no box"));
    asked.push([path, new Headers(init?.headers).get("X-Session") ?? ""]);
    if (init?.body) said.push(JSON.parse(init.body as string));
    const body = path === "/api/staff" ? { sign_in: true, people: [] } : path === "/api/staff/me" ? null : {};
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
  });
});
afterEach(() => void vi.unstubAllGlobals());

const signedOut = () => asked.filter(([path]) => path === "/api/staff/sign-out").map(([, token]) => token);

it("tells the box which session ended, once, however late", async () => {
  const session = new StaffSession();
  keepSessionToken("a-manager's");
  away = true;
  await session.signOut();
  await session.refresh();
  expect(signedOut()).toEqual([]);
  away = false;
  await session.refresh();
  await session.refresh();
  expect(signedOut()).toEqual(["a-manager's"]);
});

it("names what waited when it ended, and not what came later", async () => {
  const session = new StaffSession();
  const waiting = ["a", "b"];
  session.waitingUnder = (token) => (token === "budi's" ? [...waiting] : []);
  keepSessionToken("budi's");
  away = true;
  await session.signOut();
  waiting.push("new");
  away = false;
  await new StaffSession().refresh(); // also after a reload
  expect(said).toEqual([{ screen: "", waiting: ["a", "b"] }]);
});

it("names nothing of more than the box would read", async () => {
  const session = new StaffSession();
  session.waitingUnder = () => Array.from({ length: 2_001 }, (_, i) => `c${i}`);
  keepSessionToken("budi's");
  await session.signOut();
  expect(said).toEqual([{ screen: "", waiting: null }]);
});
