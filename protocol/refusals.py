"""Every way the rules say no: a code, a sentence for the person, and what to do, in two languages."""

import msgspec

from protocol.bill_refusals import BILL_REFUSALS
from protocol.check_refusals import CHECK_REFUSALS
from protocol.device_refusals import DEVICE_REFUSALS
from protocol.menu_refusals import MENU_REFUSALS
from protocol.paper_refusals import PAPER_REFUSALS
from protocol.refusal_text import RefusalText
from protocol.staff_refusals import STAFF_REFUSALS
from protocol.till_refusals import TILL_REFUSALS


class Refusal(msgspec.Struct, frozen=True, tag="refused"):
    """The rules said no; nothing was changed. `params` fill the sentence of the code."""

    code: str
    params: dict[str, str] = {}


REFUSALS: dict[str, RefusalText] = {
    **BILL_REFUSALS,
    **CHECK_REFUSALS,
    **DEVICE_REFUSALS,
    **MENU_REFUSALS,
    **PAPER_REFUSALS,
    **STAFF_REFUSALS,
    **TILL_REFUSALS,
    "not_ready": RefusalText(
        503,
        "This box has no menu yet, so it cannot take orders.",
        "Wait for the menu from HQ; the health page says how far it is.",
        "Perangkat ini belum punya menu, jadi belum bisa menerima pesanan.",
        "Tunggu menu dari pusat; halaman kesehatan menunjukkan kemajuannya.",
    ),
    "unknown_order": RefusalText(
        404,
        "There is no order {order_id} on this box.",
        "Look the order up in the history by its number.",
        "Tidak ada pesanan {order_id} di perangkat ini.",
        "Cari pesanan di riwayat menurut nomornya.",
    ),
    "unknown_item": RefusalText(
        422,
        "The menu has no item {variant_id}.",
        "Reload the menu and choose the item again; the rest of the order was not taken.",
        "Menu tidak memuat item {variant_id}.",
        "Muat ulang menu dan pilih item lagi; pesanan belum diambil.",
    ),
    "item_unavailable": RefusalText(
        409,
        "{item} is sold out.",
        "Take it off the order or offer something else; nothing was taken yet.",
        "{item} habis.",
        "Hapus dari pesanan atau tawarkan yang lain; pesanan belum diambil.",
    ),
    "wrong_quantity": RefusalText(
        422,
        "A quantity of {quantity} is not possible; it must be 1 to {most}.",
        "Correct the quantity and send again; nothing was taken.",
        "Jumlah {quantity} tidak mungkin; harus 1 sampai {most}.",
        "Perbaiki jumlah lalu kirim lagi; pesanan belum diambil.",
    ),
    "unknown_modifier": RefusalText(
        422,
        "{item} cannot have the modifier {modifier_id}.",
        "Choose from the modifiers the menu offers for it.",
        "{item} tidak bisa memakai pilihan {modifier_id}.",
        "Pilih dari pilihan yang ada di menu.",
    ),
    "modifier_count": RefusalText(
        422,
        "{item}: choose {least} to {most} of {group}; {count} were chosen.",
        "Correct the choice and send again; nothing was taken.",
        "{item}: pilih {least} sampai {most} dari {group}; terpilih {count}.",
        "Perbaiki pilihan lalu kirim lagi; pesanan belum diambil.",
    ),
    "duplicate_id": RefusalText(
        409,
        "The id {id} is in use already.",
        "This screen made the same id twice: start the order again so that it gets new ids.",
        "Id {id} sudah dipakai.",
        "Layar ini membuat id yang sama dua kali: mulai pesanan lagi agar mendapat id baru.",
    ),
    "bad_id": RefusalText(
        422,
        "{id} is not an id this box can keep; ids are UUIDs in lower case.",
        "This is a fault of the screen's software: reload the screen.",
        "{id} bukan id yang bisa disimpan; id berupa UUID huruf kecil.",
        "Ini kesalahan perangkat lunak layar: muat ulang layar.",
    ),
    "command_reused": RefusalText(
        409,
        "This command id was used before for something else.",
        "The first command stands as it was answered. Reload the screen and enter this one anew.",
        "Id perintah ini sudah dipakai untuk hal lain.",
        "Perintah pertama tetap berlaku. Muat ulang layar dan masukkan lagi yang ini.",
    ),
    "stale_menu": RefusalText(
        409,
        "Prices have changed: the screen showed {shown} (menu {screen_version}), it is {now} now "
        "(menu {version}).",
        "Show the guest the new total and send again; nothing was taken.",
        "Harga berubah: layar menunjukkan {shown} (menu {screen_version}), sekarang {now} "
        "(menu {version}).",
        "Tunjukkan total baru kepada tamu lalu kirim lagi; pesanan belum diambil.",
    ),
    "total_differs": RefusalText(
        409,
        "The screen worked out {shown}, the box {now}, from the same menu.",
        "Reload the screen and enter the order again; nothing was taken.",
        "Layar menghitung {shown}, perangkat {now}, dari menu yang sama.",
        "Muat ulang layar dan masukkan pesanan lagi; pesanan belum diambil.",
    ),
    "order_closed": RefusalText(
        409,
        "Order {number} is {status} and cannot be changed any more.",
        "Start a new order for anything further.",
        "Pesanan {number} sudah {status} dan tidak bisa diubah lagi.",
        "Buat pesanan baru untuk tambahan.",
    ),
    "not_possible_now": RefusalText(
        409,
        "Order {number} is {status}; it cannot become {wanted}.",
        "Look at the order again: somebody else may have moved it on.",
        "Pesanan {number} berstatus {status}; tidak bisa menjadi {wanted}.",
        "Lihat pesanan lagi: mungkin orang lain sudah memprosesnya.",
    ),
    "unknown_line": RefusalText(
        404,
        "Order {number} has no line {line_id}.",
        "Look at the order again.",
        "Pesanan {number} tidak punya baris {line_id}.",
        "Lihat pesanan lagi.",
    ),
    "line_made": RefusalText(
        409,
        "{item} is {status} already; only what is not made yet can be voided.",
        "Comp it or refund it instead.",
        "{item} sudah {status}; hanya yang belum dibuat bisa dibatalkan.",
        "Gratiskan atau kembalikan uangnya.",
    ),
    "paid_order": RefusalText(
        409,
        "Order {number} has {paid} paid on it; it cannot be cancelled.",
        "Refund the payment first.",
        "Pesanan {number} sudah dibayar {paid}; tidak bisa dibatalkan.",
        "Kembalikan pembayaran dahulu.",
    ),
    "last_line": RefusalText(
        409,
        "{item} is the only line left on order {number}.",
        "Cancel the order instead.",
        "{item} satu-satunya baris pada pesanan {number}.",
        "Batalkan pesanannya.",
    ),
    "unknown_tender": RefusalText(
        422,
        "This outlet does not take {tender}.",
        "Choose one of: {tenders}.",
        "Outlet ini tidak menerima {tender}.",
        "Pilih salah satu: {tenders}.",
    ),
    "wrong_amount": RefusalText(
        422,
        "An amount of {amount} is not possible.",
        "Enter an amount above zero.",
        "Jumlah uang {amount} tidak mungkin.",
        "Masukkan jumlah di atas nol.",
    ),
    "too_little": RefusalText(
        422,
        "{tendered} was handed over for {amount}.",
        "Take the full amount, or enter the smaller amount as a part payment.",
        "Uang diterima {tendered} untuk {amount}.",
        "Terima jumlah penuh, atau catat sebagai pembayaran sebagian.",
    ),
    "nothing_due": RefusalText(
        409,
        "Nothing is due on order {number}: it is paid.",
        "Do not take money again. If the guest paid twice, refund one payment.",
        "Pesanan {number} sudah lunas.",
        "Jangan terima uang lagi. Bila tamu membayar dua kali, kembalikan satu.",
    ),
    "more_than_due": RefusalText(
        422,
        "{amount} is more than the {due} that order {number} still owes.",
        "Enter at most what is due; change is worked out from what was handed over.",
        "{amount} lebih dari sisa {due} pada pesanan {number}.",
        "Masukkan paling banyak sisanya; kembalian dihitung dari uang yang diterima.",
    ),
    "nothing_to_fire": RefusalText(
        409,
        "Order {number} has nothing that waits to be sent to the kitchen.",
        "Look at the order again: somebody else may have sent it.",
        "Pesanan {number} tidak punya apa pun yang menunggu dikirim ke dapur.",
        "Lihat pesanan lagi: mungkin orang lain sudah mengirimnya.",
    ),
    "courses_waiting": RefusalText(
        409,
        "Order {number} has a course that the kitchen was not told of yet: {courses}.",
        "Send it to the kitchen, or void its lines if the guest does not want it any more.",
        "Pesanan {number} masih punya hidangan yang belum dikirim ke dapur: {courses}.",
        "Kirim ke dapur, atau batalkan barisnya bila tamu tidak mau lagi.",
    ),
    "no_ticket": RefusalText(
        409,
        "Order {number} has nothing at station {station_id} for this.",
        "The display was behind; it is right again in a moment.",
        "Pesanan {number} tidak punya apa pun di stasiun {station_id} untuk ini.",
        "Layar tertinggal; sebentar lagi benar kembali.",
    ),
    "not_an_import": RefusalText(
        422,
        "Only an import may say when something happened or what was charged.",
        "Leave out happened_ms and amount, or place the order with source import.",
        "Hanya impor yang boleh menyebut waktu kejadian atau jumlah tagihan.",
        "Hapus happened_ms dan amount, atau pakai source import.",
    ),
    "in_the_future": RefusalText(
        422,
        "{when} has not happened yet by this box's clock.",
        "Check the times in the file and this box's clock.",
        "{when} belum terjadi menurut jam perangkat ini.",
        "Periksa waktu di berkas dan jam perangkat ini.",
    ),
    "standby": RefusalText(
        409,
        "This box stands by: another box of this outlet is in charge, so no new orders here.",
        "Take the order on the other box. If that one is gone, put this one in charge: “Use this"
        " box” at the counter, or kedai edge take-over.",
        "Perangkat ini siaga: perangkat lain di outlet ini yang memimpin, jadi tidak ada pesanan"
        " baru di sini.",
        "Ambil pesanan di perangkat lain. Bila perangkat itu tidak ada lagi, pakai yang ini: “Pakai"
        " perangkat ini” di kasir, atau kedai edge take-over.",
    ),
    "disk_nearly_full": RefusalText(
        507,
        "The disk of this box is nearly full, so it takes orders and nothing else.",
        "Nothing was changed; orders and payments go on. Free space or call the technician, then do"
        " this again.",
        "Disk perangkat ini hampir penuh, jadi hanya menerima pesanan.",
        "Tidak ada yang berubah; pesanan dan pembayaran tetap jalan. Kosongkan ruang atau panggil"
        " teknisi, lalu ulangi.",
    ),
    "disk_full": RefusalText(
        507,
        "The disk of this box is full, so it could not keep this.",
        "Nothing was taken. Write it on paper, free space or call the technician, then enter it.",
        "Disk perangkat ini penuh, jadi ini tidak bisa disimpan.",
        "Tidak ada yang diambil. Catat di kertas, kosongkan ruang atau panggil teknisi, lalu"
        " masukkan.",
    ),
    "unknown_field": RefusalText(
        422,
        "A product has no field {field} that may be written here.",
        "Choose one of: {fields}. Prices are set at HQ.",
        "Produk tidak punya kolom {field} yang bisa ditulis di sini.",
        "Pilih salah satu: {fields}. Harga diatur di pusat.",
    ),
    "value_too_long": RefusalText(
        422,
        "{field} takes at most {most} characters; {length} were given.",
        "Nothing was changed. Shorten the text and send it again.",
        "{field} memuat paling banyak {most} huruf; diberikan {length}.",
        "Tidak ada yang berubah. Pendekkan teks lalu kirim lagi.",
    ),
    "wrong_value": RefusalText(
        422,
        "{field} cannot be “{value}”.",
        "Nothing was changed. A name is never empty; a photo is an https address or a path.",
        "{field} tidak bisa “{value}”.",
        "Tidak ada yang berubah. Nama tidak boleh kosong; foto berupa alamat https atau path.",
    ),
    "not_counted": RefusalText(
        409,
        "{item} is not counted at this outlet.",
        "Nothing was changed. Count it first; from then on sales and deliveries move its stock.",
        "{item} tidak dihitung di outlet ini.",
        "Tidak ada yang berubah. Hitung dahulu; setelah itu penjualan dan kiriman mengubah stoknya.",
    ),
    "bad_request": RefusalText(
        400,
        "The request cannot be read: {detail}.",
        "Nothing was changed. Correct the request; the API page shows its form.",
        "Permintaan tidak bisa dibaca: {detail}.",
        "Tidak ada yang berubah. Perbaiki permintaan; halaman API menunjukkan bentuknya.",
    ),
    "not_json": RefusalText(
        415,
        "A page in a browser must send its request as application/json.",
        "Nothing was changed. Use the box's own screens; a page of your own sets its content type.",
        "Halaman di peramban harus mengirim permintaan sebagai application/json.",
        "Tidak ada yang berubah. Pakai layar perangkat ini; halaman sendiri mengatur content type-nya.",
    ),
    "too_large": RefusalText(
        413,
        "The request is larger than the {most} bytes this box takes.",
        "Nothing was changed. Send it in smaller parts.",
        "Permintaan lebih besar dari {most} byte yang diterima perangkat.",
        "Tidak ada yang berubah. Kirim dalam bagian kecil.",
    ),
    "busy": RefusalText(
        503,
        "More commands are waiting than this box can queue.",
        "Nothing was taken. Send the same command again in a few seconds.",
        "Terlalu banyak perintah menunggu di perangkat ini.",
        "Pesanan belum diambil. Kirim perintah yang sama lagi beberapa detik lagi.",
    ),
    "stopping": RefusalText(
        503,
        "The box is stopping or its disk failed; it takes nothing it could not keep.",
        "Nothing was taken. Send the same command again when the box is back.",
        "Perangkat berhenti atau disknya gagal; tidak menerima yang tidak bisa disimpan.",
        "Pesanan belum diambil. Kirim perintah yang sama lagi setelah perangkat kembali.",
    ),
    "bug": RefusalText(
        500,
        "The box made a mistake of its own with this; everything else goes on.",
        "Nothing was taken. Do it another way, and tell whoever looks after the box: its log has it.",
        "Perangkat membuat kesalahan sendiri pada permintaan ini; yang lain berjalan terus.",
        "Tidak ada yang diambil. Lakukan dengan cara lain, dan beri tahu pengelola perangkat.",
    ),
    "not_enrolled": RefusalText(
        409,
        "This box is not enrolled at HQ, so nobody can put it in charge or relieve it.",
        "Enrol it with `kedai edge enrol` and a code from HQ; it sells meanwhile.",
        "Perangkat ini belum terdaftar di pusat, jadi tidak ada yang perlu dialihkan.",
        "Daftarkan dengan `kedai edge enrol` dan kode dari pusat; sementara itu tetap berjualan.",
    ),
    "wrong_method": RefusalText(
        405,
        "{what} does not take {method}.",
        "The API page shows which methods each address takes.",
        "{what} tidak menerima {method}.",
        "Halaman API menunjukkan metode tiap alamat.",
    ),
    "not_found": RefusalText(
        404,
        "There is nothing at {what}.",
        "Check the address; the API page lists them all.",
        "Tidak ada apa pun di {what}.",
        "Periksa alamatnya; halaman API memuat semuanya.",
    ),
}


STATUS_ID = {
    "held": "ditahan",
    "open": "terbuka",
    "fired": "di dapur",
    "ready": "siap",
    "served": "disajikan",
    "closed": "selesai",
    "cancelled": "dibatalkan",
    "voided": "dibatalkan",
}
"""What Indonesian sentences call a status of an order or a line."""


def sentence(refusal: Refusal, language: str = "en") -> tuple[str, str]:
    """What happened and what to do, in `en` or `id`, with the params filled in.

    What somebody may not comes twice: `what` in English, `what_id` in Indonesian.
    """
    text = REFUSALS[refusal.code]
    what, todo = (text.id, text.todo_id) if language == "id" else (text.en, text.todo_en)
    params = _Params(refusal.params)
    if language == "id":
        params["what"] = params.get("what_id", params["what"])
        params.update({k: STATUS_ID.get(params[k], params[k]) for k in ("status", "wanted")})
    return what.format_map(params), todo.format_map(params)


class _Params(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"({key})"
