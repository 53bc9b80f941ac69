/** The customer display's words, in Indonesian; the other languages have the same keys. */

export const words = {
  welcome: "Selamat datang. Silakan pesan.",
  which: "Layar ini untuk kasir yang mana?",
  another: "pilih kasir lain",
  none: "Belum ada kasir yang menampilkan apa pun. Buka kasir lalu masukkan satu menu.",
  subtotal: "Subtotal",
  discount: "Diskon",
  service: "Layanan",
  rounding: "Pembulatan",
  included: (tax: string) => `Termasuk ${tax}`,
  total: "Total",
  toPay: "Silakan bayar",
  change: "Kembalian",
  thanks: "Terima kasih!",
  yourNumber: "Nomor Anda",
  receipt: "Pindai untuk struk digital",
};
