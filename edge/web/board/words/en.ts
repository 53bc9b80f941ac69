/** The order-ready board's words, in English. */

import type { words as Words } from "./id";

export const words: typeof Words = {
  making: "Being made",
  ready: "Ready to collect",
  nothingReady: "Nothing is ready yet",
  nothingMaking: "Nobody is waiting",
  lost: "This board gets no news just now. Please ask at the counter.",
  sound: "Touch the screen once so that it can chime",
};
