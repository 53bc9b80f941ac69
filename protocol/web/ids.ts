/** Ids that a screen mints. `crypto.randomUUID` does not exist on plain http, so we write our own. */

let lastMs = 0;

/** Now, and never the same millisecond twice: what this page mints sorts in the order it did so. */
function laterMs(): number {
  lastMs = Math.max(Date.now(), lastMs + 1);
  return lastMs;
}

/** A UUIDv7 in canonical lower case: sortable by time, unique without a server. */
export function mint(
  nowMs: number = laterMs(),
  entropy: Uint8Array = crypto.getRandomValues(new Uint8Array(10)),
): string {
  if (entropy.length < 10) throw new Error("an id needs 10 random bytes");
  const bytes = new Uint8Array(16);
  let time = nowMs;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = time % 256;
    time = Math.floor(time / 256);
  }
  // The same 74 bits as protocol/ids.py: the top 12 of the entropy, then its low 62.
  bytes[6] = 0x70 | (entropy[0]! >> 4);
  bytes[7] = ((entropy[0]! & 0x0f) << 4) | (entropy[1]! >> 4);
  for (let i = 8; i < 16; i++) bytes[i] = entropy[i - 6]!;
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join("-");
}
