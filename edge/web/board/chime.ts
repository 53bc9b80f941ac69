/** A friendly bell when something can be collected, made by the browser: no file to load. */

const TONES_HZ = [784, 1047];
const EACH_S = 0.35;

let context: AudioContext | null = null;

/** Browsers stay silent until somebody has touched the page. Answers whether it may sound from now on. */
export function allowChime(): boolean {
  if (typeof AudioContext === "undefined") return true;
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  return true;
}

export function chime(): void {
  if (context?.state !== "running") return;
  for (const [i, hertz] of TONES_HZ.entries()) ring(context, hertz, context.currentTime + i * EACH_S * 0.6);
}

function ring(audio: AudioContext, hertz: number, at: number): void {
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.type = "sine";
  oscillator.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.5, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + EACH_S * 2);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + EACH_S * 2 + 0.02);
}
