/** The dashboard's words, Indonesian and English. */

import { dictionary } from "$web/language.svelte";

export const w = dictionary({
  hq: ["Kantor pusat", "Headquarters"],
  today: ["Hari ini", "Today"],
  reports: ["Laporan", "Reports"],
  outlets: ["Outlet", "Outlets"],
  orders: ["Pesanan", "Orders"],
  signIn: ["Masuk", "Sign in"],
  signOut: ["Keluar", "Sign out"],
  key: ["Kunci akses", "Access key"],
  keyHint: [
    "Kunci dibuat di pusat dengan perintah kedai cloud key add.",
    "A key is made at HQ with the command kedai cloud key add.",
  ],
  wrongKey: ["Kunci ini tidak dikenal. Periksa lalu coba lagi.", "This key is not known. Check it and try again."],
  away: [
    (at: string) => `Pusat tidak menjawab sejak ${at}. Angka di bawah adalah yang terakhir diterima; layar mencoba lagi sendiri.`,
    (at: string) => `HQ has not answered since ${at}. The figures below are the last ones received; this page tries again by itself.`,
  ],
  unreachable: [
    "Pusat tidak menjawab. Tidak ada yang berubah; coba lagi sebentar lagi.",
    "HQ does not answer. Nothing was changed; try again in a moment.",
  ],
  salesToday: ["Penjualan hari ini", "Sales today"],
  nOrders: [(n: string) => `${n} pesanan`, (n: string) => `${n} orders`],
  average: ["Rata-rata", "Average"],
  items: ["Item terjual", "Items sold"],
  paid: ["Sudah dibayar", "Paid"],
  cancelled: ["Dibatalkan", "Cancelled"],
  allComplete: [
    "Lengkap: semua outlet terdengar dalam semenit terakhir, dan semua entrinya sudah dihitung.",
    "Complete: every outlet was heard within the last minute, and all its entries are counted.",
  ],
  notComplete: [
    (n: number, of: number) => `Belum lengkap: ${n} dari ${of} outlet belum terhitung seluruhnya.`,
    (n: number, of: number) => `Not complete: ${n} of ${of} outlets are not fully counted.`,
  ],
  noOutlets: [
    "Belum ada outlet. Tambahkan dengan perintah kedai cloud outlet add.",
    "No outlets yet. Add one with the command kedai cloud outlet add.",
  ],
  perHour: ["Per jam", "Per hour"],
  noSales: ["Belum ada penjualan.", "No sales yet."],
  recent: ["Pesanan terbaru", "Latest orders"],
  loading: ["Memuat …", "Loading …"],
  state: [
    { complete: "Lengkap", behind: "Tertinggal", silent: "Tidak terdengar", never: "Belum pernah" },
    { complete: "Complete", behind: "Behind", silent: "Silent", never: "Never heard" },
  ],
  lastHeard: ["Terakhir terdengar", "Last heard"],
  unsent: ["Belum terkirim", "Unsent"],
  lag: ["Belum dihitung", "Not counted yet"],
  parked: ["Disisihkan", "Parked"],
  menu: ["Menu", "Menu"],
  menuOf: [(has: string, now: number) => `${has} dari ${now}`, (has: string, now: number) => `${has} of ${now}`],
  version: ["Versi", "Version"],
  clock: ["Selisih jam", "Clock offset"],
  businessDate: ["Tanggal usaha", "Business date"],
  never: ["belum pernah", "never"],
  unknown: ["tidak diketahui", "unknown"],
  justNow: ["baru saja", "just now"],
  ago: [(text: string) => `${text} lalu`, (text: string) => `${text} ago`],
  seconds: [(n: number) => `${n} dtk`, (n: number) => `${n} s`],
  minutes: [(n: number) => `${n} mnt`, (n: number) => `${n} min`],
  hours: [(n: number) => `${n} jam`, (n: number) => `${n} h`],
  days: [(n: number) => `${n} hari`, (n: number) => `${n} d`],
  from: ["Dari", "From"],
  to: ["Sampai", "To"],
  outlet: ["Outlet", "Outlet"],
  all: ["Semua outlet", "All outlets"],
  yesterday: ["Kemarin", "Yesterday"],
  last7: ["7 hari", "7 days"],
  last30: ["30 hari", "30 days"],
  thisMonth: ["Bulan ini", "This month"],
  total: ["Total", "Total"],
  perDay: ["Per hari", "Per day"],
  category: ["Kategori", "Category"],
  size: ["Ukuran", "Size"],
  item: ["Item", "Item"],
  tender: ["Cara bayar", "Tender"],
  noSize: ["Tanpa ukuran", "No size"],
  amount: ["Jumlah", "Amount"],
  quantity: ["Banyaknya", "Quantity"],
  number: ["Nomor", "Number"],
  time: ["Waktu", "Time"],
  status: ["Status", "Status"],
  source: ["Asal", "Source"],
  due: ["Belum dibayar", "Unpaid"],
  searchNumber: ["Nomor pesanan", "Order number"],
  history: ["Riwayat kejadian", "What happened"],
  showAll: [(n: number) => `Tampilkan semua ${n}`, (n: number) => `Show all ${n}`],
  showLess: ["Ringkas", "Show less"],
  nothing: ["Tidak ada yang cocok.", "Nothing matches."],
  completeness: ["Seberapa lengkap", "How complete"],
  conflicts: ["Selisih", "Conflicts"],
  conflictsOpen: ["Menunggu keputusan", "Waiting for you"],
  conflictsSettled: ["Selesai", "Settled"],
  conflictsAutomatic: ["Diputuskan otomatis", "Decided by itself"],
  noConflicts: [
    {
      open: "Tidak ada yang menunggu keputusan.",
      settled: "Belum ada yang diselesaikan.",
      automatic: "Belum ada keputusan otomatis.",
    },
    {
      open: "Nothing waits for a decision.",
      settled: "Nothing has been settled yet.",
      automatic: "Nothing has been decided automatically yet.",
    },
  ],
  noConflictsWhy: [
    "Bila catatan outlet dan pusat berbeda dan aturan tidak boleh memutuskan sendiri, kartunya muncul di sini.",
    "When an outlet and HQ disagree and no rule may decide it alone, a card appears here.",
  ],
  suggestion: ["Saran", "Suggestion"],
  outletGotMore: ["Outlet menerima lebih", "The outlet got more by"],
  outletGotLess: ["Outlet menerima kurang", "The outlet got less by"],
  settle: ["Sudah dibereskan", "Dealt with"],
  settleNote: ["Apa yang dilakukan? (boleh kosong)", "What was done? (may be empty)"],
  settledBy: [(by: string, at: string) => `Dibereskan oleh ${by}, ${at}`, (by: string, at: string) => `Settled by ${by}, ${at}`],
  settlesItself: [
    "Kartu ini hilang sendiri begitu catatannya bisa dibaca.",
    "This card goes by itself once the record can be read.",
  ],
  showOrder: ["Lihat pesanan", "Show the order"],
});

const KINDS = dictionary({
  price_variance: ["Harga berbeda", "Price differs"],
  repriced: ["Harga diperbarui", "Repriced"],
  product_field_lost: ["Dua perubahan produk", "Two edits of a product"],
  oversold: ["Terjual melebihi stok", "Sold more than counted"],
  overpaid: ["Dibayar lebih", "Paid too much"],
  late_cart_edit: ["Perubahan terlambat", "Edit came too late"],
  event_differs: ["Dua catatan berbeda", "Two records differ"],
  clone: ["Perangkat ganda", "A box was copied"],
  two_boxes: ["Dua perangkat menyala", "Two boxes running"],
  box_restored: ["Perangkat dipulihkan", "Box restored"],
  hq_restored: ["Pusat dipulihkan", "HQ restored"],
  parked: ["Catatan disisihkan", "Record set aside"],
});

/** What a kind of disagreement is called; a newer one by its code. */
export function kindName(kind: string): string {
  return (KINDS as Record<string, string>)[kind] ?? kind;
}

const SIDES = dictionary({
  box: ["Perangkat outlet", "The outlet's box"],
  outlet: ["Outlet", "The outlet"],
  HQ: ["Pusat", "HQ"],
  kitchen: ["Dapur", "The kitchen"],
});

/** Who a side is: a role in words, or the name of a person, screen or tender. */
export function sideName(who: string): string {
  return (SIDES as Record<string, string>)[who] ?? who;
}

const EVENTS = dictionary({
  "order.placed": ["Pesanan diterima", "Order taken"],
  "lines.added": ["Ditambah", "Lines added"],
  "line.voided": ["Baris dihapus", "Line voided"],
  "order.held": ["Ditahan", "Held"],
  "order.recalled": ["Dibuka lagi", "Recalled"],
  "order.fired": ["Dikirim ke dapur", "Sent to the kitchen"],
  "ticket.bumped": ["Selesai di dapur", "Bumped"],
  "ticket.recalled": ["Kembali ke dapur", "Ticket recalled"],
  "order.served": ["Disajikan", "Served"],
  "order.cancelled": ["Dibatalkan", "Cancelled"],
  "payment.taken": ["Dibayar", "Payment taken"],
  "paper.printed": ["Dicetak", "Printed"],
  "line.repriced": ["Harga diperbarui", "Repriced"],
  "cart.merged": ["Digabung dari beberapa layar", "Merged from several screens"],
  "stock.moved": ["Stok bergerak", "Stock moved"],
});

/** What happened, in words; a newer event is shown by its tag. */
export function eventName(tag: string): string {
  return (EVENTS as Record<string, string>)[tag] ?? tag;
}
