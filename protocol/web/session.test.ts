/** Signing out while the box is away: it hears of it when it is back. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StaffSession } from "./session.svelte";
import { keepSessionToken } from "./session_token";

let away = false;
let asked: [string, string][] = [];

beforeEach(() => {
  away = false;
  asked = [];
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (away) return Promise.reject(new TypeError("no box"));
    asked.push([path, new Headers(init?.headers).get("X-Session") ?? ""]);
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
