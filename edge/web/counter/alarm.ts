/** The sound of "nobody in the kitchen has seen this", made by the browser: no file to load. */

const TONES_HZ = [880, 587, 880, 587];
const EACH_S = 0.22;

let context: AudioContext | null = null;

/** Browsers stay silent until somebody has touched the page: call this at each touch. */
export function allowAlarm(): void {
  if (typeof AudioContext === "undefined") return;
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
}

/** Two falling calls, unlike the kitchen's chime. False when the browser does not let us yet. */
export function soundAlarm(): boolean {
  if (!context || context.state !== "running") return false;
  for (const [i, tone] of TONES_HZ.entries()) call(context, tone, context.currentTime + i * EACH_S);
  return true;
}

function call(audio: AudioContext, tone: number, at: number): void {
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.type = "triangle";
  oscillator.frequency.value = tone;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.5, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + EACH_S);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + EACH_S + 0.02);
}
