/** The words of the box's own page, Indonesian and English. */

import { dictionary } from "$web/language.svelte";

export const w = dictionary({
  title: ["Apakah semua terkirim?", "Is everything sent?"],
  looking: ["Bertanya pada perangkat …", "Asking the box …"],
  away: [
    (at: string) => `Perangkat tidak menjawab sejak ${at}. Di bawah ini keadaan terakhir yang diketahui.`,
    (at: string) => `The box has not answered since ${at}. Below is how it was then.`,
  ],
  never: ["Perangkat tidak menjawab. Periksa listrik dan jaringannya.", "The box does not answer. Check its power and network."],
  allSent: ["Semua terkirim", "All sent"],
  allSentWhy: [
    (n: string) => `${n} catatan tersimpan di sini, semuanya sudah dikonfirmasi pusat.`,
    (n: string) => `${n} entries are kept here, and HQ has confirmed all of them.`,
  ],
  unsent: [(n: string) => `${n} belum terkirim`, (n: string) => `${n} not sent yet`],
  unsentWhy: [
    "Tersimpan aman di perangkat ini dan terkirim sendiri. Penjualan jalan terus.",
    "They are safe on this box and go up by themselves. Selling goes on.",
  ],
  alone: ["Tidak terhubung ke pusat", "Not connected to an HQ"],
  aloneWhy: [
    (n: string) => `${n} catatan tersimpan di perangkat ini saja.`,
    (n: string) => `${n} entries are kept on this box only.`,
  ],
  notReady: ["Perangkat tidak menerima pesanan", "The box takes no orders"],
  standby: ["Perangkat ini siaga: perangkat lain yang menerima pesanan.", "This box stands by: another one takes the orders."],
  wrong: ["Perlu perhatian", "Needs a look"],
  acknowledged: ["Diterima di sini", "Taken here"],
  replicated: ["Dikonfirmasi pusat", "Confirmed by HQ"],
  waiting: ["Belum terkirim", "Not sent yet"],
  oldest: ["Yang tertua dari", "The oldest from"],
  parked: ["Disisihkan", "Set aside"],
  lastHeard: ["Pusat terakhir terdengar", "HQ last heard"],
  everything: ["Semua keterangan", "Everything"],
  seals: ["Tanda untuk dibandingkan dengan pusat", "Marks to compare with HQ"],
  sealsWhy: [
    "Di pusat: Outlet, lalu Bandingkan. Tanda yang sama berarti isinya sama.",
    "At HQ: Outlets, then Compare now. Equal marks mean equal contents.",
  ],
  seal: [(n: string, mark: string) => `catatan ${n}, tanda ${mark}`, (n: string, mark: string) => `entry ${n}, mark ${mark}`],
  neverHeard: ["belum pernah", "never"],
  at: [(time: string, ago: string) => `${time} (${ago} lalu)`, (time: string, ago: string) => `${time} (${ago} ago)`],
  seconds: [(n: number) => `${n} dtk`, (n: number) => `${n} s`],
  minutes: [(n: number) => `${n} mnt`, (n: number) => `${n} min`],
  hours: [(n: number) => `${n} jam`, (n: number) => `${n} h`],
  days: [(n: number) => `${n} hari`, (n: number) => `${n} d`],
  devices: ["Layar dan perangkat", "Screens and devices"],
  back: ["Kasir", "Counter"],
});
