/**
 * SHA-256 (FIPS 180-4) in plain code: browsers give theirs to https pages alone, and a box on the
 * LAN is plain http. For a few bytes now and then; nothing here is fast or hides how long it takes.
 */

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUNDS = Uint32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
/** The same of the square roots of the first eight. */
const BEGIN = Uint32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

/** The hash of a text (as UTF-8), in hexadecimal digits. */
export function sha256(text: string): string {
  const words = padded(new TextEncoder().encode(text));
  const hash = Uint32Array.from(BEGIN);
  for (let block = 0; block < words.length; block += 16) fold(hash, words.subarray(block, block + 16));
  return [...hash].map((word) => word.toString(16).padStart(8, "0")).join("");
}

/** The message, a one, noughts, and its length in bits: whole blocks of sixteen words. */
function padded(bytes: Uint8Array): Uint32Array {
  const blocks = Math.ceil((bytes.length + 9) / 64);
  const view = new DataView(new ArrayBuffer(blocks * 64));
  bytes.forEach((byte, at) => view.setUint8(at, byte));
  view.setUint8(bytes.length, 0x80);
  view.setUint32(blocks * 64 - 8, Math.floor(bytes.length / 0x2000_0000));
  view.setUint32(blocks * 64 - 4, (bytes.length * 8) >>> 0);
  return Uint32Array.from({ length: blocks * 16 }, (_, at) => view.getUint32(at * 4));
}

function fold(hash: Uint32Array, block: Uint32Array): void {
  const w = new Uint32Array(64);
  w.set(block);
  for (let t = 16; t < 64; t += 1) {
    const low = turned(w[t - 15]!, 7) ^ turned(w[t - 15]!, 18) ^ (w[t - 15]! >>> 3);
    const high = turned(w[t - 2]!, 17) ^ turned(w[t - 2]!, 19) ^ (w[t - 2]! >>> 10);
    w[t] = w[t - 16]! + low + w[t - 7]! + high;
  }
  let [a, b, c, d, e, f, g, h] = hash as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t += 1) {
    const big = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const chosen = (e & f) ^ (~e & g);
    const one = (h + big + chosen + ROUNDS[t]! + w[t]!) >>> 0;
    const other = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const most = (a & b) ^ (a & c) ^ (b & c);
    [h, g, f, e] = [g, f, e, (d + one) >>> 0];
    [d, c, b, a] = [c, b, a, (one + other + most) >>> 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, at) => (hash[at] = hash[at]! + word));
}

function turned(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let number = 2; found.length < count; number += 1) {
    if (found.every((prime) => number % prime !== 0)) found.push(number);
  }
  return found;
}
