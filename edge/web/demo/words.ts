/** The demo page's words, Indonesian and English. */

import { dictionary } from "$web/language.svelte";

export const w = dictionary({
  title: ["Kedai buka.", "Kedai is open."],
  lead: [
    "Satu outlet dan satu kantor pusat berjalan di komputer ini: pesanan, dapur, kertas, dan angka penjualan, semuanya sungguhan.",
    "One outlet and one headquarters run on this computer: orders, kitchen, paper and sales figures, all of it real.",
  ],
  tryThis: ["Coba ini", "Try this"],
  steps: [
    [
      ["Pesan sesuatu", "Buka Kasir, pilih kopi, lalu Kirim ke dapur. Atau jadi tamu di Kiosk."],
      ["Lihat dapur", "Tiketnya muncul di Layar dapur. Tekan Selesai, dan Kasir melihat pesanan siap."],
      ["Ambil kertasnya", "Tiket dapur dan struk keluar di halaman ini. Habiskan kertasnya, lalu isi lagi: tidak ada yang hilang."],
      ["Lihat pusat", "Penjualan tadi sudah ada di Kantor pusat, lengkap dengan keterangan seberapa lengkap."],
      ["Putuskan internet", "Putuskan WAN dan terus berjualan. Sambungkan lagi, dan pusat menyusul sampai lengkap."],
    ],
    [
      ["Order something", "Open the Counter, pick a coffee, then Send to kitchen. Or be a guest at the Kiosk."],
      ["See the kitchen", "The ticket appears on the Kitchen display. Bump it, and the Counter sees the order ready."],
      ["Take the paper", "Kitchen tickets and receipts come out on this page. Take the paper away and put it back: nothing is lost."],
      ["See HQ", "The sale is at HQ already, which also says how complete its figures are."],
      ["Cut the internet", "Cut the WAN and go on selling. Join it again and watch HQ catch up until it is complete."],
    ],
  ],
  screens: ["Layar", "Screens"],
  opens: ["buka di tab baru", "opens in a new tab"],
  papers: ["Kertas", "Papers"],
  noPaper: ["Belum ada kertas. Kirim sebuah pesanan ke dapur.", "No paper yet. Send an order to the kitchen."],
  wan: ["Sambungan ke pusat (WAN)", "Line to HQ (WAN)"],
  wanOn: ["Tersambung", "Connected"],
  wanCut: ["Terputus: outlet terus berjualan", "Cut: the outlet goes on selling"],
  cut: ["Putuskan WAN", "Cut the WAN"],
  join: ["Sambungkan WAN", "Join the WAN"],
  traffic: ["Tamu otomatis", "Automatic guests"],
  trafficOn: ["Tamu datang sendiri dan memesan", "Guests come by themselves and order"],
  trafficOff: ["Tidak ada", "None"],
  start: ["Mulai", "Start"],
  stop: ["Hentikan", "Stop"],
  printer: [(name: string) => `Printer ${name}`, (name: string) => `${name} printer`],
  ready: ["Siap", "Ready"],
  paperOut: ["Kertas habis", "Out of paper"],
  coverOpen: ["Tutup terbuka", "Cover open"],
  offline: ["Mati", "Switched off"],
  takePaper: ["Ambil kertas", "Take the paper"],
  putPaper: ["Isi kertas", "Put paper in"],
  lost: [
    "Demo tidak menjawab; mungkin sudah dihentikan. Pesanan tersimpan: jalankan make demo lagi.",
    "The demo does not answer; it may have been stopped. Orders are kept: run make demo again.",
  ],
  notDone: ["Itu tidak berhasil, dan tidak ada yang berubah. Coba lagi.", "That did not work, and nothing was changed. Try again."],
  data: ["Semua data ada di", "All data is kept in"],
  stopHint: ["Ctrl-C di terminal menghentikan semuanya.", "Ctrl-C in the terminal stops everything."],
  sheet: [(n: number) => `Kertas ${n}`, (n: number) => `Sheet ${n}`],
});
