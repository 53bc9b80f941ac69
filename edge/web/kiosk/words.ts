/** The kiosk's words, Indonesian and English. */

import { dictionary } from "$web/language.svelte";

export const w = dictionary({
  welcome: ["Selamat datang", "Welcome"],
  touch: ["Sentuh untuk memesan", "Touch to order"],
  notReady: [
    "Kiosk sebentar lagi siap. Silakan pesan di kasir.",
    "The kiosk is ready in a moment. Please order at the counter.",
  ],
  closed: [
    "Kiosk ini sedang beristirahat. Silakan pesan di kasir, kami senang membantu.",
    "This kiosk is taking a rest. Please order at the counter, we are happy to help.",
  ],
  closedTitle: ["Silakan ke kasir", "Please come to the counter"],
  allRight: ["Baik", "All right"],
  startOver: ["Mulai dari awal", "Start over"],
  from: ["mulai", "from"],
  yourOrder: ["Pesanan Anda", "Your order"],
  seeOrder: ["Lihat pesanan", "See order"],
  items: [(n: number) => `${n} item`, (n: number) => `${n} ${n === 1 ? "item" : "items"}`],
  back: ["Tambah lagi", "Add more"],
  empty: ["Pesanan Anda masih kosong.", "Your order is still empty."],
  where: ["Makan di mana?", "Where will you eat?"],
  total: ["Total", "Total"],
  order: ["Pesan sekarang", "Order now"],
  change: ["Ubah", "Change"],
  quantity: ["Jumlah", "Quantity"],
  moment: ["Mohon tunggu sebentar …", "One moment, please …"],
  momentWhy: ["Pesanan Anda sedang dikirim. Tidak perlu menyentuh lagi.", "Your order is on its way. No need to touch again."],
  keptTitle: ["Pesanan Anda tersimpan", "Your order is kept"],
  keptWhy: [
    "Kiosk sedang tidak terhubung. Pesanan tetap tersimpan di sini dan dikirim sendiri begitu tersambung. Tunjukkan kode ini ke kasir, Anda membayar di sana.",
    "The kiosk has lost its connection. Your order stays here and sends itself once it is back. Show this code at the counter; you pay there.",
  ],
  thanks: ["Terima kasih!", "Thank you!"],
  number: ["Nomor pesanan Anda", "Your order number"],
  payAtCounter: ["Silakan bayar di kasir dengan nomor ini.", "Please pay at the counter with this number."],
  cooking: ["Pesanan Anda dikirim ke dapur.", "Your order goes to the kitchen."],
  done: [(s: number) => `Selesai (${s})`, (s: number) => `Done (${s})`],
  stillThere: ["Masih di sini?", "Are you still there?"],
  stillThereWhy: [
    (s: number) => `Pesanan dikosongkan dalam ${s} detik.`,
    (s: number) => `The order is cleared in ${s} seconds.`,
  ],
  yes: ["Ya, lanjutkan", "Yes, go on"],
  gone: [(names: string) => `Baru saja habis: ${names}. Kami menghapusnya dari pesanan Anda.`, (names: string) => `Just sold out: ${names}. We took it off your order.`],
  changed: ["Harga baru saja berubah. Periksa totalnya, lalu pesan lagi.", "Prices have just changed. Check the total, then order again."],
  nothingHere: ["Semua di sini sedang habis.", "Everything here is sold out."],
});
