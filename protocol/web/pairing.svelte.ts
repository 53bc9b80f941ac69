/** A browser without an agent joins the box: it shows a code, waits for a word, and keeps a cookie. */

import { sha256 } from "./sha256";

const POLL_MS = 2_000;
const ANSWER_WITHIN_MS = 5_000;
const SECRET_BYTES = 24;

export type DeviceKind = "counter" | "kiosk" | "kitchen" | "board";

/** Where it stands: not begun, asking for a code, showing it, told no, or the box does not answer. */
export type Standing = "idle" | "asking" | "shown" | "denied" | "fault";

interface Code {
  pairing_id: string;
  code: string;
}

/** What a page is there for, told from where it is; null for pages that are no device. */
export function kindHere(path = location.pathname): DeviceKind | null {
  const kinds: Record<string, DeviceKind> = {
    counter: "counter",
    devices: "counter",
    box: "counter",
    kiosk: "kiosk",
    kitchen: "kitchen",
    board: "board",
    customer: "board",
  };
  return kinds[path.split("/")[1] ?? ""] ?? null;
}

export class Pairing {
  standing = $state<Standing>("idle");
  code = $state("");
  /** What the box said when it would give no code, in its words. */
  said = $state("");
  #secret = "";
  #code: Code | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly kind: DeviceKind,
    private readonly joined: () => void = () => location.reload(),
  ) {}

  /** Ask for a code; `name` is what people call this screen. The same secret asks for the same code. */
  async begin(name: string): Promise<void> {
    this.stop();
    this.standing = "asking";
    this.#secret ||= freshSecret();
    try {
      const answer = await asked("/api/devices/pairings", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ kind: this.kind, name, secret_hash: sha256(this.#secret), product: "browser" }),
      });
      if (!answer.ok) return this.#fail((await readTitle(answer)) ?? "");
      this.#code = (await answer.json()) as Code;
    } catch {
      return this.#fail("");
    }
    this.code = this.#code.code;
    this.standing = "shown";
    this.#wait(name);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(name: string): void {
    this.#timer = setTimeout(() => void this.#look(name), POLL_MS);
  }

  async #look(name: string): Promise<void> {
    const { pairing_id } = this.#code!;
    let answer: Response;
    try {
      answer = await asked(`/api/devices/pairings/${pairing_id}`, {
        headers: { "Pairing-Secret": this.#secret, "Pairing-Keep": "cookie" },
      });
    } catch {
      return this.#wait(name);
    }
    if (answer.status === 200) {
      this.#secret = "";
      return this.joined();
    }
    if (answer.status !== 410) return this.#wait(name);
    const { code } = (await answer.json()) as { code: string };
    this.#secret = "";
    if (code === "pairing_denied") {
      this.standing = "denied";
      return;
    }
    // The code grew too old while nobody looked: a new one stands in its place.
    await this.begin(name);
  }

  #fail(said: string): void {
    this.said = said;
    this.standing = "fault";
  }
}

function asked(path: string, init: RequestInit): Promise<Response> {
  return fetch(path, { ...init, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
}

async function readTitle(answer: Response): Promise<string | undefined> {
  const problem = (await answer.json().catch(() => ({}))) as { title?: string };
  return problem.title;
}

/** The random numbers of a browser are there on plain http as well; only its hashes are not. */
function freshSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
