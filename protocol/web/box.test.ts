import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, Fault, getOutlet, NotPaired, offerCommands, sendCommand } from "./box";
import type { Envelope } from "./wire";

const ENVELOPE: Envelope = { command_id: "c1", command: { type: "order.fire", order_id: "o1" } };

function answering(status: number, kind: string, body: unknown): void {
  const headers = { "Content-Type": kind };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(body), { status, headers }));
}

afterEach(() => vi.unstubAllGlobals());

describe("the box's no", () => {
  it("is a refusal also when the bug is the box's own: asked again it would block the queue", async () => {
    answering(500, "application/problem+json", { code: "bug", title: "A mistake." });
    expect(await sendCommand(ENVELOPE)).toMatchObject({ type: "refused", code: "bug" });
  });

  it.each([
    [500, "text/plain"],
    [502, "text/html"],
    [503, "application/problem+json"],
  ])("is asked again after %i in %s", async (status, kind) => {
    answering(status, kind, { code: "busy" });
    await expect(sendCommand(ENVELOPE)).rejects.toBeInstanceOf(Fault);
  });
});

describe("a box that does not let this screen in", () => {
  it("gets what was entered later, and the person who asks for something reads why not", async () => {
    answering(401, "application/problem+json", { code: "not_paired", title: "Not paired." });
    await expect(sendCommand(ENVELOPE)).rejects.toBeInstanceOf(NotPaired);
    await expect(getOutlet()).rejects.toBeInstanceOf(NotPaired);
    expect(await ask("/api/papers/1/discard")).toMatchObject({ type: "refused", code: "not_paired" });
  });
});

describe("copies offered to a box that has started anew", () => {
  /** A box that reads no more than `most` at a time, and never what is called `bad`. */
  function picky(most: number, bad: (envelope: Envelope) => boolean): Envelope[] {
    const taken: Envelope[] = [];
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
      const asked = JSON.parse(String(init.body)) as Envelope[];
      if (asked.length > most) return new Response("{}", { status: 413 });
      if (asked.some(bad)) return new Response('{"code":"bad_request"}', { status: 400 });
      taken.push(...asked);
      return new Response(JSON.stringify(asked.map((e) => ({ type: "accepted", command_id: e.command_id }))));
    });
    return taken;
  }
  const copies = ["a", "b", "c", "d", "e"].map((id): Envelope => ({ ...ENVELOPE, command_id: id }));

  it("are offered in smaller parts when they are too much at once, in order", async () => {
    const taken = picky(2, () => false);
    const answers = await offerCommands(copies);
    expect(answers.map((a) => a.type)).toEqual(Array(5).fill("accepted"));
    expect(taken.map((e) => e.command_id)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("do not wait for one that no box can read", async () => {
    const taken = picky(50, (e) => e.command_id === "c");
    const answers = await offerCommands(copies);
    expect(answers.map((a) => a.type)).toEqual(["accepted", "accepted", "refused", "accepted", "accepted"]);
    expect(taken).toHaveLength(4);
  });

  it("are offered without the first answer when that is what cannot be read", async () => {
    const taken = picky(50, (e) => e.accepted != null);
    const answers = await offerCommands([{ ...ENVELOPE, accepted: {} as never }]);
    expect(answers[0]?.type).toBe("accepted");
    expect(taken[0]?.accepted).toBeNull();
  });
});
