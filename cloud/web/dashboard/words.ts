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
  allSent: ["Semua terkirim", "All sent"],
  standing: [
    { well: "Terkirim", sending: "Mengirim", attention: "Perlu perhatian", silent: "Tidak terdengar", never: "Belum ada" },
    { well: "All sent", sending: "Sending", attention: "Needs a look", silent: "Silent", never: "No box yet" },
  ],
  entriesHere: [(n: string) => `${n} catatan ada di pusat.`, (n: string) => `${n} entries are at HQ.`],
  stillThere: [
    (n: string, since: string) => `${n} catatan belum terkirim${since && `, yang tertua dari ${since}`}.`,
    (n: string, since: string) => `${n} entries are not sent yet${since && `, the oldest from ${since}`}.`,
  ],
  notCounted: [
    (n: string) => `${n} sudah diterima, sedang dihitung.`,
    (n: string) => `${n} have come and are being counted.`,
  ],
  silentSince: [
    (at: string) => `Tidak terdengar sejak ${at}. Penjualan sesudahnya masih di outlet dan menyusul sendiri.`,
    (at: string) => `Not heard since ${at}. Sales after that are still at the outlet and follow by themselves.`,
  ],
  unsentThen: [
    (n: string) => `Saat itu ${n} catatan belum terkirim.`,
    (n: string) => `At that time ${n} entries were not sent yet.`,
  ],
  parkedHere: [
    (n: number) => `${n} catatan disisihkan di pusat karena belum terbaca.`,
    (n: number) => `${n} ${n === 1 ? "entry is" : "entries are"} set aside at HQ because they cannot be read yet.`,
  ],
  parkedThere: [
    (n: number) => `${n} catatan disisihkan di perangkat.`,
    (n: number) => `${n} ${n === 1 ? "entry is" : "entries are"} set aside at the box.`,
  ],
  standbyToo: [
    "Dua perangkat menyala; hanya satu yang menerima pesanan.",
    "Two boxes are running; only one of them takes orders.",
  ],
  oldMenu: [
    (has: number, now: number) => `Masih memakai menu ${has}, pusat sudah ${now}.`,
    (has: number, now: number) => `Still sells from menu ${has}; HQ has ${now}.`,
  ],
  oldPrices: [
    (has: number, now: number) => `Masih memakai daftar harga ${has}, pusat sudah ${now}.`,
    (has: number, now: number) => `Still sells at price book ${has}; HQ has ${now}.`,
  ],
  clockWrong: [
    (off: string) => `Jam perangkat meleset ${off}.`,
    (off: string) => `The box's clock is off by ${off}.`,
  ],
  wasRefused: [
    (n: number, at: string) => `${n} permintaan ditolak pusat, terakhir ${at}.`,
    (n: number, at: string) => `HQ refused ${n} requests, the last ${at}.`,
  ],
  cardsWait: [
    (n: number) => `Lihat ${n} selisih`,
    (n: number) => `See ${n} ${n === 1 ? "conflict" : "conflicts"}`,
  ],
  outletsWell: [
    (n: number) => (n === 1 ? "Semua terkirim." : `Semua terkirim dari ${n} outlet.`),
    (n: number) => (n === 1 ? "All is sent." : `All is sent from ${n} outlets.`),
  ],
  outletsNot: [
    (n: number, of: number, names: string) => `${n} dari ${of} outlet belum beres: ${names}.`,
    (n: number, of: number, names: string) => `${n} of ${of} outlets are not all right: ${names}.`,
  ],
  andMore: [(n: number) => ` dan ${n} lainnya`, (n: number) => ` and ${n} more`],
  backup: [
    (newest: string) => `Cadangan pusat terakhir ${newest}.`,
    (newest: string) => `HQ's last backup was ${newest}.`,
  ],
  noBackup: [
    "Pusat belum punya cadangan; perangkat menyimpan semuanya sampai ada.",
    "HQ has no backup yet; the boxes keep everything until there is one.",
  ],
  details: ["Rincian", "Details"],
  acknowledged: ["Perintah diterima outlet", "Commands the outlet took"],
  replicated: ["Catatan di pusat", "Entries at HQ"],
  oldestUnsent: ["Belum terkirim sejak", "Oldest unsent"],
  parkedBoth: ["Disisihkan, pusat / perangkat", "Set aside, HQ / box"],
  prices: ["Daftar harga", "Price book"],
  boxes: ["Perangkat", "Boxes"],
  role: [
    { primary: "menerima pesanan", standby: "siaga" },
    { primary: "takes orders", standby: "stands by" },
  ],
  compare: ["Bandingkan", "Compare now"],
  same: ["Pusat dan perangkat memegang hal yang sama.", "HQ and the box hold the same."],
  parts: ["Di sini keduanya berbeda:", "This is where they part:"],
  asOf: [
    (n: string, at: string, box: string) => `Dibaca ${at} dari buku besar: ${n} catatan. Perangkat terakhir terdengar ${box}.`,
    (n: string, at: string, box: string) => `Read from the ledger at ${at}: ${n} entries. The box was last heard ${box}.`,
  ],
  sealsWhy: [
    "Tanda terakhir tiap seri catatan. Halaman kesehatan di perangkat menunjukkan tanda yang sama.",
    "The last mark of each series of entries. The box's health page shows the same marks.",
  ],
  seal: [
    (n: string, mark: string) => `catatan ${n}, tanda ${mark}`,
    (n: string, mark: string) => `entry ${n}, mark ${mark}`,
  ],
  diverged: [
    "Perangkat pernah mengirim rangkaian yang tidak cocok; mungkin ada salinan perangkat.",
    "The box sent a chain that does not follow; there may be a copy of it.",
  ],
  gap: [
    "Ada bagian yang belum sampai; perangkat mengirimnya lagi.",
    "A part has not come yet; the box sends it again.",
  ],
  compareAgain: ["Bandingkan lagi", "Compare again"],
  close: ["Tutup", "Close"],
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
  conflictsOpen: ["Menunggu", "Waiting"],
  conflictsSettled: ["Selesai", "Settled"],
  conflictsAutomatic: ["Otomatis", "Automatic"],
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
  settleNow: ["Simpan", "Save"],
  settleNote: ["Apa yang dilakukan? (boleh kosong)", "What was done? (may be empty)"],
  settleNot: ["Batal", "Not yet"],
  settledNow: [(what: string) => `${what}: dipindah ke Selesai.`, (what: string) => `${what}: moved to Settled.`],
  group: [
    { all: "Semua", money: "Uang", orders: "Pesanan", stock: "Stok & produk", boxes: "Perangkat" },
    { all: "All", money: "Money", orders: "Orders", stock: "Stock & products", boxes: "Boxes" },
  ],
  inAll: [
    (more: string, less: string) =>
      [more && `Outlet menerima lebih ${more}`, less && `kurang ${less}`].filter(Boolean).join(" · "),
    (more: string, less: string) =>
      [more && `Outlets got ${more} too much`, less && `${less} too little`].filter(Boolean).join(" · "),
  ],
  newestOf: [
    (shown: number, of: number) => `${shown} terbaru dari ${of}.`,
    (shown: number, of: number) => `The newest ${shown} of ${of}.`,
  ],
  boxNamed: [(short: string) => `Perangkat ${short}`, (short: string) => `Box ${short}`],
  settledBy: [(by: string, at: string) => `Dibereskan oleh ${by}, ${at}`, (by: string, at: string) => `Settled by ${by}, ${at}`],
  settlesItself: [
    "Kartu ini hilang sendiri begitu catatannya bisa dibaca.",
    "This card goes by itself once the record can be read.",
  ],
  showOrder: ["Lihat pesanan", "Show the order"],
});

const KINDS = dictionary({
  price_variance: ["Harga berbeda", "Price differs"],
  prices_lost: ["Harga hilang di pusat", "Prices lost at HQ"],
  sold_at_old_prices: ["Dijual dengan harga lama", "Sold at old prices"],
  repriced: ["Harga diperbarui", "Repriced"],
  product_field_lost: ["Dua perubahan produk", "Two edits of a product"],
  oversold: ["Terjual melebihi stok", "Sold more than counted"],
  overpaid: ["Dibayar lebih", "Paid too much"],
  late_cart_edit: ["Perubahan terlambat", "Edit came too late"],
  event_differs: ["Dua catatan berbeda", "Two records differ"],
  overtaken: ["Terlambat dikirim ulang", "Came back too late"],
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
  other_box: ["Perangkat lain", "The other box"],
  first_payment: ["Pembayaran pertama", "First payment"],
  last_payment: ["Pembayaran terakhir", "Last payment"],
  first_record: ["Dicatat pertama", "Recorded first"],
  second_record: ["Dicatat lagi", "Recorded again"],
  counter: ["Kasir", "Counter"],
  kiosk: ["Kiosk", "Kiosk"],
});

/** Who a side is: a role in words, a box by the first signs of its id, or a name. */
export function sideName(who: string): string {
  const box = /^[0-9a-f]{8}(?:[0-9a-f-]*)(\/\w+)?$/.exec(who);
  if (box) return w.boxNamed(`${who.slice(0, 4).toUpperCase()}${box[1] ?? ""}`);
  return (SIDES as Record<string, string>)[who] ?? who;
}

const GROUPS: Record<string, Exclude<ConflictGroup, "all">> = {
  price_variance: "money",
  prices_lost: "money",
  sold_at_old_prices: "money",
  repriced: "money",
  overpaid: "money",
  oversold: "stock",
  product_field_lost: "stock",
  clone: "boxes",
  two_boxes: "boxes",
  box_restored: "boxes",
  hq_restored: "boxes",
};
export type ConflictGroup = "all" | "money" | "orders" | "stock" | "boxes";

/** What a kind of disagreement is about; what is not known here is about an order. */
export const groupOf = (kind: string): Exclude<ConflictGroup, "all"> => GROUPS[kind] ?? "orders";

const EVENTS = dictionary({
  "order.placed": ["Pesanan diterima", "Order taken"],
  "lines.added": ["Ditambah", "Lines added"],
  "line.voided": ["Baris dihapus", "Line voided"],
  "line.reduced": ["Jumlah dikurangi", "Fewer of a line"],
  "order.held": ["Ditahan", "Held"],
  "order.recalled": ["Dibuka lagi", "Recalled"],
  "order.fired": ["Dikirim ke dapur", "Sent to the kitchen"],
  "order.rushed": ["Didahulukan", "Rushed"],
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
