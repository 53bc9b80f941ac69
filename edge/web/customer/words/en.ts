/** The customer display's words, in English. */

import type { words as Words } from "./id";

export const words: typeof Words = {
  welcome: "Welcome. We are happy to take your order.",
  which: "Which counter does this display stand at?",
  another: "choose another counter",
  none: "No counter has shown anything yet. Open a counter and enter an item.",
  subtotal: "Subtotal",
  discount: "Discount",
  service: "Service",
  rounding: "Rounding",
  included: (tax: string) => `Includes ${tax}`,
  total: "Total",
  toPay: "To pay",
  change: "Change",
  thanks: "Thank you!",
  yourNumber: "Your number",
  receipt: "Scan for your digital receipt",
};
