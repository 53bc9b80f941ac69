/** What a cook hears, made by the browser itself: no file, nothing to load. */

import type { News } from "./tickets_state";

/** One tone: hertz, when it begins and how long it lasts (seconds). */
type Tone = readonly [hertz: number, at: number, lasts: number];

/** Rising is work, falling is work that is off; a rush is hurried, what was missed insists. */
export const SOUNDS: Readonly<Record<News, readonly Tone[]>> = {
  new: [[660, 0, 0.3], [990, 0.16, 0.3]],
  added: [[880, 0, 0.2], [990, 0.14, 0.25]],
  rush: [[1320, 0, 0.1], [1320, 0.12, 0.1], [1320, 0.24, 0.1], [1760, 0.36, 0.3]],
  missed: [[660, 0, 0.25], [660, 0.2, 0.25], [880, 0.4, 0.25], [660, 0.8, 0.25], [880, 1, 0.4]],
  voided: [[520, 0, 0.35], [390, 0.3, 0.35], [260, 0.6, 0.6]],
};
/** When several things happen at once, the one that costs most when it is not heard. */
const FIRST: readonly News[] = ["voided", "missed", "rush", "new", "added"];
/** Sounds do not pile up: what comes within this long of the last one is part of it. */
const APART_MS = 700;

let context: AudioContext | null = null;
let lastMs = -APART_MS;
let last: News | null = null;

/** Browsers stay silent until somebody has touched the page once. */
export function soundIsAllowed(): boolean {
  context ??= makeContext();
  return context?.state === "running";
}

export async function allowSound(): Promise<void> {
  context ??= makeContext();
  await context?.resume();
}

/** Sound the most important of these; one that was just sounded is not said over. */
export function chime(news: ReadonlySet<News>, nowMs = performance.now()): void {
  const heard = FIRST.find((each) => news.has(each));
  if (!heard || !soundIsAllowed()) return;
  const weighsMore = last === null || FIRST.indexOf(heard) < FIRST.indexOf(last);
  if (nowMs - lastMs < APART_MS && !weighsMore) return;
  [last, lastMs] = [heard, nowMs];
  for (const tone of SOUNDS[heard]) play(context!, tone);
}

function play(audio: AudioContext, [hertz, after, lasts]: Tone): void {
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  const at = audio.currentTime + after;
  oscillator.type = "triangle";
  oscillator.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.6, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + lasts);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + lasts + 0.02);
}

function makeContext(): AudioContext | null {
  return typeof AudioContext === "undefined" ? null : new AudioContext();
}
