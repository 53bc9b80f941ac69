import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { kindHere, Pairing } from "./pairing.svelte";
import { sha256 } from "./sha256";

interface Asked {
  path: string;
  init: RequestInit;
}

let asked: Asked[];
let answers: { status: number; body: unknown }[];

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answers = [];
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push({ path, init });
    const { status, body } = answers.shift()!;
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const CODE = { status: 200, body: { pairing_id: "p1", code: "ABC234" } };
const WAIT = { status: 202, body: CODE.body };
const secretOf = (each: Asked) => new Headers(each.init.headers).get("pairing-secret")!;

describe("a browser that pairs itself", () => {
  it("shows its code, waits for a word, and keeps the token as a cookie", async () => {
    answers = [CODE, WAIT, { status: 200, body: { token: "" } }];
    const joined = vi.fn();
    const pairing = new Pairing("counter", joined);
    await pairing.begin("Till 1");
    expect([pairing.standing, pairing.code]).toEqual(["shown", "ABC234"]);
    await vi.advanceTimersByTimeAsync(4_100);
    expect(joined).toHaveBeenCalledOnce();
    const told = JSON.parse(asked[0]!.init.body as string) as { secret_hash: string; kind: string };
    expect(told.kind).toBe("counter");
    expect(told.secret_hash).toBe(sha256(secretOf(asked[1]!)));
    expect(new Headers(asked[1]!.init.headers).get("pairing-keep")).toBe("cookie");
  });

  it("says when somebody said no, and asks with another secret when a person wants it to", async () => {
    answers = [CODE, { status: 410, body: { code: "pairing_denied" } }, CODE];
    const pairing = new Pairing("kitchen", vi.fn());
    await pairing.begin("Grill");
    await vi.advanceTimersByTimeAsync(2_100);
    expect(pairing.standing).toBe("denied");
    await pairing.begin("Grill");
    const hashes = [asked[0]!, asked[2]!].map((a) => (JSON.parse(a.init.body as string) as { secret_hash: string }).secret_hash);
    expect(hashes[0]).not.toBe(hashes[1]);
    pairing.stop();
  });

  it("shows a new code when the old one is over", async () => {
    answers = [CODE, { status: 410, body: { code: "pairing_expired" } }, { status: 200, body: { pairing_id: "p2", code: "XYZ789" } }];
    const pairing = new Pairing("counter", vi.fn());
    await pairing.begin("Till 1");
    await vi.advanceTimersByTimeAsync(2_100);
    expect([pairing.standing, pairing.code]).toEqual(["shown", "XYZ789"]);
    pairing.stop();
  });

  it("tells what the box says when it gives no code", async () => {
    answers = [{ status: 429, body: { title: "Too many devices ask." } }];
    const pairing = new Pairing("counter", vi.fn());
    await pairing.begin("Till 1");
    expect([pairing.standing, pairing.said]).toEqual(["fault", "Too many devices ask."]);
  });

  it("knows what a page is there for", () => {
    expect(["/counter/", "/kitchen/?station=bar", "/kiosk/", "/board/", "/docs/"].map((p) => kindHere(p))).toEqual([
      "counter", "kitchen", "kiosk", "board", null,
    ]);
  });
});
