"""How the box says no to what people ask of tills and of the day."""

from protocol.refusal_text import RefusalText

TILL_REFUSALS: dict[str, RefusalText] = {
    "unknown_till": RefusalText(
        404,
        "This outlet has no till {till_id}.",
        "Choose one from the list of tills; HQ keeps it.",
        "Outlet ini tidak punya laci kas {till_id}.",
        "Pilih dari daftar laci kas; pusat yang mengaturnya.",
    ),
    "till_open": RefusalText(
        409,
        "Till {till} is open already, since {since}, by {who}.",
        "Take it over as it is, or count and close it first.",
        "Laci kas {till} sudah dibuka sejak {since} oleh {who}.",
        "Lanjutkan laci itu, atau hitung dan tutup dulu.",
    ),
    "counts_blind": RefusalText(
        403,
        "{who} counts tills without seeing what they took.",
        "Count the till and close it, its figures are shown then; or ask somebody who closes the day.",
        "{who} menghitung laci kas tanpa melihat isinya.",
        "Hitung dan tutup laci, angkanya tampil sesudah itu; atau minta yang menutup hari.",
    ),
    "unknown_shift": RefusalText(
        404,
        "There is no shift {shift_id} on this box.",
        "Look at the list of tills again, and open one if none is.",
        "Tidak ada sif {shift_id} di perangkat ini.",
        "Lihat lagi daftar laci kas, dan buka bila belum ada yang terbuka.",
    ),
    "shift_closed": RefusalText(
        409,
        "Till {till} was closed already at {when} by {who}; {counted} was counted.",
        "Nothing was changed. That count stands; whatever is in the drawer now belongs to the next"
        " shift.",
        "Laci kas {till} sudah ditutup pukul {when} oleh {who}; terhitung {counted}.",
        "Tidak ada yang berubah. Hitungan itu berlaku; isi laci sekarang milik sif berikutnya.",
    ),
    "drawer_short": RefusalText(
        409,
        "{amount} leaves the drawer of till {till} only when somebody answers for it.",
        "Check the amount. If it is right, ask a manager to approve; nothing was recorded.",
        "{amount} hanya keluar dari laci kas {till} bila ada yang bertanggung jawab.",
        "Periksa jumlahnya. Bila benar, minta persetujuan manajer; belum ada yang dicatat.",
    ),
    "over_short_reason": RefusalText(
        422,
        "What was counted in till {till} is not what should be there, or was not before.",
        "Count once more. If it stays so, close with a reason; nothing was closed.",
        "Hitungan laci kas {till} tidak sama dengan yang seharusnya, atau sebelumnya tidak.",
        "Hitung sekali lagi. Bila tetap begitu, tutup dengan alasan; belum ada yang ditutup.",
    ),
    "day_closed": RefusalText(
        409,
        "{date} is closed already, with Z report {number}.",
        "Nothing was changed. What came after it is counted in the next Z report.",
        "{date} sudah ditutup, dengan laporan Z {number}.",
        "Tidak ada yang berubah. Yang datang sesudahnya dihitung di laporan Z berikutnya.",
    ),
    "day_not_begun": RefusalText(
        422,
        "{date} has not begun: by this box's clock it is {today}.",
        "Close {today}; nothing was changed.",
        "{date} belum mulai: menurut jam perangkat ini sekarang {today}.",
        "Tutup {today}; tidak ada yang berubah.",
    ),
    "nothing_to_count": RefusalText(
        409,
        "Up to {date} there is nothing that no Z report has counted.",
        "There is nothing to do; nothing was changed.",
        "Sampai {date} tidak ada yang belum dihitung laporan Z.",
        "Tidak ada yang perlu dilakukan; tidak ada yang berubah.",
    ),
    "shifts_open": RefusalText(
        409,
        "These tills are still open: {tills}.",
        "Count and close them, then close the day; nothing was changed.",
        "Laci kas ini masih terbuka: {tills}.",
        "Hitung dan tutup dulu, lalu tutup harinya; tidak ada yang berubah.",
    ),
    "outstanding": RefusalText(
        409,
        "{count} things are not done that were not on your list: {what}.",
        "Look at the list again, and close knowing them or after doing them; nothing was changed.",
        "Ada {count} hal belum selesai yang tidak ada di daftar Anda: {what}.",
        "Lihat lagi daftarnya, lalu tutup dengan mengetahuinya atau setelah selesai; tidak ada yang"
        " berubah.",
    ),
    "order_counted": RefusalText(
        409,
        "Order {number} is in Z report {z} already: its bill cannot be changed any more.",
        "Give money back as a refund; it is counted on the day it is given.",
        "Pesanan {number} sudah masuk laporan Z {z}: tagihannya tidak bisa diubah lagi.",
        "Kembalikan uang lewat pengembalian dana; dihitung pada hari itu juga.",
    ),
    "unknown_day": RefusalText(
        404,
        "There is no Z report {number} on this box.",
        "Look at the list of closed days.",
        "Tidak ada laporan Z {number} di perangkat ini.",
        "Lihat daftar hari yang sudah ditutup.",
    ),
    "day_coming_back": RefusalText(
        503,
        "What this box lost is coming back from HQ; the day can be closed after that.",
        "Wait a few minutes; selling goes on meanwhile.",
        "Data yang hilang sedang kembali dari pusat; hari bisa ditutup setelah itu.",
        "Tunggu beberapa menit; penjualan tetap berjalan.",
    ),
    "not_certified": RefusalText(
        404,
        "Z report {number} has no certificate yet: HQ has not confirmed everything.",
        "It follows by itself when HQ is reached.",
        "Laporan Z {number} belum punya sertifikat: pusat belum mengonfirmasi semuanya.",
        "Akan menyusul sendiri saat pusat terhubung.",
    ),
}
