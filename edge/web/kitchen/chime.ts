/** The sound of a new ticket, made by the browser itself: no file, nothing to load. */

let context: AudioContext | null = null;

/** Browsers stay silent until somebody has touched the page once. */
export function soundIsAllowed(): boolean {
  context ??= makeContext();
  return context?.state === "running";
}

export async function allowSound(): Promise<void> {
  context ??= makeContext();
  await context?.resume();
}

/** Two rising tones; three when the ticket was missed while the display was away. */
export function chime(missed = false): void {
  if (!context || context.state !== "running") return;
  const tones = missed ? [660, 660, 880] : [660, 990];
  tones.forEach((tone, i) => play(context!, tone, context!.currentTime + i * 0.16));
}

function play(audio: AudioContext, tone: number, at: number): void {
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.frequency.value = tone;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.4, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.32);
}

function makeContext(): AudioContext | null {
  return typeof AudioContext === "undefined" ? null : new AudioContext();
}
