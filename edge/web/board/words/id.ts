/** The order-ready board's words, in Indonesian; the other languages have the same keys. */

export const words = {
  making: "Sedang dibuat",
  ready: "Silakan ambil",
  nothingReady: "Belum ada yang siap",
  nothingMaking: "Tidak ada antrean",
  lost: "Papan ini sebentar tidak mendapat kabar. Silakan tanya di kasir.",
  sound: "Sentuh layar sekali supaya bisa berbunyi",
};
