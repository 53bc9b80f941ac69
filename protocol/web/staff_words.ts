/** Words of signing in, PINs and approvals, as [Indonesian, English]. */

import { dictionary } from "./language.svelte";
import type { May, Role } from "./wire";

export const staffWords = dictionary({
  whoAreYou: ["Siapa Anda?", "Who are you?"],
  chooseName: ["Pilih nama Anda, lalu ketik PIN.", "Choose your name, then type your PIN."],
  search: ["Cari nama", "Find a name"],
  nobody: [
    "Belum ada staf untuk gerai ini. Pusat menambahkannya di halaman staf.",
    "Nobody works at this outlet yet. HQ adds people on its people page.",
  ],
  pin: ["PIN", "PIN"],
  pinOf: [(name: string) => `PIN ${name}`, (name: string) => `PIN of ${name}`],
  digits: [(n: number) => `${n} angka`, (n: number) => `${n} digits`],
  erase: ["Hapus", "Erase"],
  enter: ["Masuk", "Enter"],
  another: ["Orang lain", "Somebody else"],
  clockIn: ["Mulai kerja", "Clock in"],
  clockOut: ["Selesai kerja", "Clock out"],
  takeBreak: ["Istirahat", "Break"],
  working: ["sedang bekerja", "at work"],
  signOut: ["Keluar", "Sign out"],
  cancel: ["Batal", "Cancel"],
  approve: ["Persetujuan manajer", "Manager's approval"],
  approver: ["Siapa yang menyetujui?", "Who approves?"],
  noApprover: [
    "Tidak ada orang di gerai ini yang boleh menyetujuinya. Hubungi pusat.",
    "Nobody at this outlet may approve this. Call HQ.",
  ],
  once: [
    "Berlaku sekali, untuk hal ini saja, selama sepuluh menit.",
    "It holds once, for this only, for ten minutes.",
  ],
  upTo: ["Sampai", "Up to"],
  noContact: [
    "Box tidak terjangkau; coba lagi sebentar.",
    "The box cannot be reached; try again in a moment.",
  ],
  waits: [
    (s: number) => `Terlalu banyak PIN salah. Tunggu ${s} detik.`,
    (s: number) => `Too many wrong PINs. Wait ${s} seconds.`,
  ],
});

const ROLES: Record<Role, readonly [string, string]> = {
  owner: ["Pemilik", "Owner"],
  admin: ["Admin", "Admin"],
  manager: ["Manajer", "Manager"],
  cashier: ["Kasir", "Cashier"],
  kitchen: ["Dapur", "Kitchen"],
};
export const roleWords = dictionary(ROLES) as Record<Role, string>;

const ACTIONS: Record<May, readonly [string, string]> = {
  order: ["Mengubah pesanan", "Change orders"],
  pay: ["Menerima pembayaran", "Take payments"],
  kitchen: ["Tiket dapur", "Kitchen tickets"],
  void_fired: ["Membatalkan yang sudah di dapur", "Void what the kitchen has"],
  comp: ["Memberi gratis", "Give for free"],
  discount: ["Diskon", "Discount"],
  discount_over: ["Diskon di atas batas", "Discount over the limit"],
  cancel: ["Membatalkan pesanan di dapur", "Cancel an order the kitchen has"],
  refund: ["Mengembalikan uang", "Give money back"],
  reopen: ["Membuka lagi pesanan", "Reopen an order"],
  till: ["Laci kas", "Tills"],
  no_sale: ["Membuka laci tanpa penjualan", "Open the drawer without a sale"],
  paid_out_over: ["Mengambil uang dari laci", "Take money out of the drawer"],
  close_day: ["Menutup hari", "Close the day"],
  stock: ["Stok", "Stock"],
  products: ["Produk", "Products"],
  devices: ["Perangkat", "Devices"],
  import: ["Impor", "Imports"],
};
export const mayWords = dictionary(ACTIONS) as Record<May, string>;
