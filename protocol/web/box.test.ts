import { afterEach, describe, expect, it, vi } from "vitest";
import { Fault, sendCommand } from "./box";
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
