"""How disagreements end: a decision that says why, and a card for a person where no rule may decide."""

import msgspec

from protocol.ids import OutletId, derive


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What one side did: who (`HQ`, a screen, a person, a box), what in words, when.

    `what` is English, `what_id` Indonesian; an empty one says that both languages read `what`:
    an amount, a name, what somebody wrote.
    """

    who: str
    what: str
    at_ms: int | None = None
    what_id: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One disagreement and how it ended, or that it waits for a person (`automatic` false).

    `decision_id` follows from kind and subject, so that working it out again is the same decision.
    `money` (minor units) is the effect on the outlet: above zero, the outlet got more than it
    should have. Sentences come from `KINDS` with `params`.
    """

    decision_id: str
    kind: str
    outlet_id: OutletId
    subject: str
    """Id of the line, order, item or stream concerned."""
    automatic: bool
    sides: tuple[Side, Side]
    at_ms: int
    money: int = 0
    currency: str = ""
    order_id: str | None = None
    params: dict[str, str] = {}
    part_of: str = ""
    """What the card is about that stands for this record and others like it; empty: none does."""


class KindText(msgspec.Struct, frozen=True):
    """Why, in one sentence, and what we suggest; in English and Indonesian."""

    why_en: str
    todo_en: str
    why_id: str
    todo_id: str


KINDS: dict[str, KindText] = {
    "price_variance": KindText(
        "{item} on order {number} was charged {charged}; HQ's price was {expected}. {reason_en}",
        "Nothing changes on the bill. If the guest paid too much, give {difference} back.",
        "{item} di pesanan {number} ditagih {charged}; harga pusat {expected}. {reason_id}",
        "Tagihan tidak berubah. Bila tamu membayar terlalu banyak, kembalikan {difference}.",
    ),
    "prices_lost": KindText(
        "This outlet sold {lines} lines for {charged} by {what_en} {version}, which HQ does not have"
        " any more: it was put back to an older state. HQ cannot say whether they were right.",
        "If they were, publish the same prices again. Nothing changes on the bills.",
        "Outlet ini menjual {lines} baris seharga {charged} dengan {what_id} {version}, yang tidak"
        " ada lagi di pusat karena pusat dipulihkan. Pusat tidak tahu apakah harganya benar.",
        "Bila benar, terbitkan lagi harga yang sama. Tagihan tidak berubah.",
    ),
    "sold_at_old_prices": KindText(
        "While this outlet sold by menu {menu} and price book {book}, HQ asked less for {lines}"
        " lines. On {orders} orders ({numbers}) guests paid {too_much} too much.",
        "Nothing changes on the bills. Give back what you can; every line is under “Automatic”.",
        "Saat outlet ini menjual dengan menu {menu} dan daftar harga {book}, pusat meminta lebih"
        " murah untuk {lines} baris. Pada {orders} pesanan ({numbers}) tamu membayar {too_much}"
        " terlalu banyak.",
        "Tagihan tidak berubah. Kembalikan yang bisa; tiap baris ada di “Otomatis”.",
    ),
    "repriced": KindText(
        "Prices changed before order {number} was paid or cooked: {was} became {now}.",
        "Tell the guest the new total if they had seen the old one.",
        "Harga berubah sebelum pesanan {number} dibayar atau dimasak: {was} menjadi {now}.",
        "Beri tahu tamu total baru bila mereka sudah melihat yang lama.",
    ),
    "product_field_lost": KindText(
        "Two people changed {field} of {item}; the later change, “{kept}” by {winner}, was kept.",
        "If “{lost}” by {loser} was right, write it again.",
        "Dua orang mengubah {field} dari {item}; yang terakhir, “{kept}” oleh {winner}, dipakai.",
        "Bila “{lost}” oleh {loser} yang benar, tulis lagi.",
    ),
    "oversold": KindText(
        "{short} more of {item} went out than the count said were there.",
        "Count {item} again. If it really ran out, mark it sold out.",
        "{item} keluar {short} lebih banyak daripada hasil hitungan.",
        "Hitung lagi {item}. Bila memang habis, tandai habis.",
    ),
    "overpaid": KindText(
        "Order {number} costs {total}, and {paid} was paid on it.",
        "Give {over} back to the guest. The payment that came last is {tender_en} {amount}.",
        "Pesanan {number} seharga {total}, tetapi dibayar {paid}.",
        "Kembalikan {over} kepada tamu. Pembayaran terakhir adalah {tender_id} {amount}.",
    ),
    "refunded_twice": KindText(
        "On order {number} {over} more went back than there was to give: two boxes that could not"
        " hear each other each gave it.",
        "Ask who gave it and to whom. Get it back, or write it off.",
        "Pada pesanan {number}, {over} lebih banyak dikembalikan daripada semestinya: dua perangkat"
        " yang tidak saling terhubung masing-masing memberikannya.",
        "Tanyakan siapa yang memberi dan kepada siapa. Minta kembali, atau hapuskan.",
    ),
    "late_cart_edit": KindText(
        "{who} wanted {wanted} of {item} on order {number}, but the {there} on it could not be"
        " changed any more.",
        "Ask the guest. Add what is missing, or void what nobody wants.",
        "{who} ingin {wanted} {item} di pesanan {number}, tetapi {there} yang sudah ada tidak bisa"
        " diubah lagi.",
        "Tanya tamunya. Tambah yang kurang, atau batalkan yang tidak jadi.",
    ),
    "overtaken": KindText(
        "A box had accepted “{what_en}” for {number} and lost it; when a screen brought it back it"
        " could not be done any more.",
        "Ask in the outlet whether it still matters. What it put on the bill is missing there.",
        "Perangkat sudah menerima “{what_id}” untuk {number} lalu kehilangannya; saat layar"
        " mengirim ulang, sudah tidak bisa dilakukan.",
        "Tanyakan ke outlet apakah masih perlu. Yang ditagihkan olehnya belum ada di pesanan.",
    ),
    "overtaken_cash": KindText(
        "A box had accepted “{what_en}” ({amount}) and lost it; when a screen brought it back it could"
        " not be done any more.",
        "Ask in the outlet whether the tills and the day add up without it: it is in no count.",
        "Perangkat sudah menerima “{what_id}” ({amount}) lalu kehilangannya; saat layar mengirim"
        " ulang, sudah tidak bisa dilakukan.",
        "Tanyakan ke outlet apakah laci kas dan hari itu cocok tanpanya: belum masuk hitungan mana pun.",
    ),
    "moved_twice": KindText(
        "Two boxes that could not hear each other each moved {items} from order {from} to a"
        " different one. It counts on {kept}, where it came first, {done_en} {number}.",
        "Ask at both tables who had it. If it was {number}, move it there; if both had it, add it"
        " again ({amount}).",
        "Dua perangkat yang tidak saling terhubung masing-masing memindahkan {items} dari pesanan"
        " {from} ke pesanan lain. Yang dihitung di {kept}, tempat pertama, {done_id} {number}.",
        "Tanyakan di kedua meja siapa yang memesannya. Bila {number}, pindahkan ke sana; bila"
        " keduanya, tambahkan lagi ({amount}).",
    ),
    "coupon_overused": KindText(
        "Coupon {coupon} may be used {uses} times; outlets that could not know of each other used it"
        " {used} times.",
        "What was given stands. Withdraw the coupon in the house rules, or raise its number of uses.",
        "Kupon {coupon} boleh dipakai {uses} kali; outlet yang tidak saling tahu memakainya {used}"
        " kali.",
        "Yang sudah diberikan tetap berlaku. Cabut kuponnya di aturan outlet, atau naikkan batasnya.",
    ),
    "event_differs": KindText(
        "One {thing_en} was recorded twice with different content. HQ goes by the first.",
        "Compare both and correct the figures by hand if the second was right.",
        "Satu {thing_id} tercatat dua kali dengan isi berbeda. Pusat memakai yang pertama.",
        "Bandingkan keduanya dan perbaiki angkanya bila yang kedua benar.",
    ),
    "clone": KindText(
        "Two boxes went on writing the same records: one is a copy of the other. Both were kept,"
        " {moved} records under a new name.",
        "Find the copy and switch it off. Check orders of this time for doubles.",
        "Dua perangkat menulis catatan yang sama: satu adalah salinan. Keduanya disimpan, {moved}"
        " catatan dengan nama baru.",
        "Cari salinannya dan matikan. Periksa pesanan pada waktu itu kalau-kalau ganda.",
    ),
    "two_boxes": KindText(
        "Two boxes of this outlet are running: one takes orders, the other stands by.",
        "Switch off the one you do not want. To change over, put the other one in charge on it.",
        "Dua perangkat outlet ini menyala: satu menerima pesanan, yang lain siaga.",
        "Matikan yang tidak dipakai. Untuk bertukar, jadikan yang lain pemimpin di perangkat itu.",
    ),
    "box_restored": KindText(
        "A box was put back to an older state or replaced, and got {entries} records back from HQ."
        " It has everything up to order {number}.",
        "Check that the {open} open orders on it are right; new orders have numbers with {series}.",
        "Perangkat dikembalikan ke keadaan lama atau diganti, dan mengambil {entries} catatan dari"
        " pusat. Isinya lengkap sampai pesanan {number}.",
        "Periksa {open} pesanan terbuka; nomor pesanan baru memakai {series}.",
    ),
    "hq_restored": KindText(
        "HQ was put back to an older state, and this box sent {entries} records again.",
        "Nothing to do. Figures of that time are complete again.",
        "Pusat dikembalikan ke keadaan lama, dan perangkat ini mengirim ulang {entries} catatan.",
        "Tidak perlu apa-apa. Angka pada waktu itu sudah lengkap lagi.",
    ),
    "parked": KindText(
        "HQ has a record about one {thing_en} that it cannot read yet. It is kept, and everything"
        " else goes on.",
        "If it stays for a day, update HQ; the record is read then.",
        "Pusat menyimpan satu catatan tentang {thing_id} yang belum bisa dibaca. Catatannya aman,"
        " yang lain jalan terus.",
        "Bila sehari belum hilang, perbarui pusat; catatan itu lalu dibaca.",
    ),
}
"""One entry per kind of disagreement; `protocol/rules/resolving.py` fills sides and params.

A param whose name ends in `_en` or `_id` is a phrase in that language."""


def decision_id(kind: str, outlet_id: str, subject: str) -> str:
    """The id of the one decision of a kind on a subject."""
    return derive("decision", kind, outlet_id, subject)
