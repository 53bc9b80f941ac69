/** The kitchen display's words, Indonesian and English. */

import { dictionary } from "$web/language.svelte";

export const w = dictionary({
  kitchen: ["Dapur", "Kitchen"],
  pickStation: ["Layar ini untuk stasiun mana?", "Which station is this display for?"],
  allStations: ["Semua stasiun", "All stations"],
  looking: ["Mencari perangkat outlet …", "Looking for the outlet's box …"],
  bump: ["Selesai", "Bump"],
  recall: ["Panggil kembali", "Recall"],
  recallWhich: ["Tiket mana yang dipanggil kembali?", "Which ticket comes back?"],
  nothingBumped: ["Belum ada tiket yang diselesaikan di layar ini.", "No ticket was bumped on this display yet."],
  allDay: ["Total dibuat", "All day"],
  empty: ["Tidak ada tiket", "No tickets"],
  emptyFresh: ["Dapur tersambung dan kosong.", "Connected, and nothing to make."],
  stale: [
    (at: string) => `Tidak ada kontak dengan perangkat sejak ${at}. Tiket baru mungkin belum tampil: periksa kertas atau tanya kasir.`,
    (at: string) => `No contact with the box since ${at}. New tickets may be missing: check the paper or ask the counter.`,
  ],
  boxGone: ["Perangkat outlet berhenti.", "The outlet's box has stopped."],
  keptBumps: [
    (n: number) => `${n} tanda selesai tersimpan di layar ini dan dikirim begitu tersambung.`,
    (n: number) => `${n} ${n === 1 ? "bump is" : "bumps are"} kept on this display and sent once it is back.`,
  ],
  missed: ["TERLEWAT", "MISSED"],
  voided: ["BATAL", "VOID"],
  open: [(n: number) => `${n} tiket`, (n: number) => `${n} ${n === 1 ? "ticket" : "tickets"}`],
  soundOn: ["Sentuh untuk menyalakan suara", "Touch to turn the sound on"],
  covers: [(n: number) => `${n} tamu`, (n: number) => `${n} ${n === 1 ? "guest" : "guests"}`],
  kiosk: ["Kiosk", "Kiosk"],
  done: ["selesai", "done"],
  seat: [(n: number) => `Kursi ${n}`, (n: number) => `Seat ${n}`],
});
