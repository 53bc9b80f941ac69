"""What is wrong with rules of the house, in Indonesian: beside the English of `house_checks`."""

from protocol.translating import Sentences

_WHERE = {
    "bill rules from the beginning": "aturan tagihan sejak awal",
    "bill rules from {a}": "aturan tagihan mulai {a}",
    "bill rules from the beginning: {rest}": "aturan tagihan sejak awal: {rest}",
    "bill rules from {a}: {rest}": "aturan tagihan mulai {a}: {rest}",
    "the service charge": "biaya layanan",
    "tax {a}": "pajak {a}",
    "promotion {a}": "promo {a}",
    "discount {a}": "diskon {a}",
    "section {a}": "ruangan {a}",
    "table {a}": "meja {a}",
    "till {a}": "laci kas {a}",
    "the kiosk": "kiosk",
    "the kiosk's hours": "jam buka kiosk",
    "the hours of {a}": "jam untuk {a}",
    "a tip": "tip",
    # what may be there only once
    "promotion": "promo",
    "coupon code": "kode kupon",
    "discount": "diskon",
    "till": "laci kas",
    "first day of bill rules": "hari pertama aturan tagihan",
    "version of bill rules": "versi aturan tagihan",
    "tax": "pajak",
    "section": "ruangan",
    "table": "meja",
    "table name": "nama meja",
    "tip": "tip",
    # what is rounded, and what reasons are for
    "bill": "tagihan",
    "cash": "uang tunai",
    "void": "pembatalan item",
    "comp": "item gratis",
    "refund": "pengembalian",
    "explain a difference": "selisih laci",
    # what a promotion offers
    "nothing": "tidak ada",
    "a percentage": "persentase",
    "an amount": "jumlah",
    "buy and get": "beli dan dapat",
    "a combo": "paket",
}

_SAID = {
    "{where}: {rest}": "{where}: {rest}",
    "{where} has no name": "{where} belum ada nama",
    "{what} {quoted} is there twice": "{what} {quoted} ada dua kali",
    "a {what} has no id": "ada {what} tanpa id",
    # numbers
    "{where} is {quoted} %, which is no number; write it as 10 or 7.5": (
        "{where} bernilai {quoted} %, yang bukan angka; tulis seperti 10 atau 7.5"
    ),
    "{where} is {a} %; it must be above 0 and at most 100": (
        "{where} sebesar {a} %; harus di atas 0 dan paling banyak 100"
    ),
    "{where} takes {a} off": "{where} memotong {a}",
    # the bill
    "that is no date; write it as 2027-01-31": "itu bukan tanggal; tulis seperti 2027-01-31",
    "the service charge is for parties of {a}": "biaya layanan berlaku untuk rombongan {a} orang",
    "the {what} is rounded {quoted}, which is not one of the ways": (
        "{what} dibulatkan dengan cara {quoted}, yang tidak dikenal"
    ),
    "the {what} is rounded to {a}; that is less than nothing": (
        "{what} dibulatkan ke {a}; itu kurang dari nol"
    ),
    "cash is rounded to 0; leave it empty for the currency's own step": (
        "uang tunai dibulatkan ke 0; kosongkan untuk pecahan mata uangnya sendiri"
    ),
    "no bill can be worked out by them: {a}": "tagihan tidak bisa dihitung dengan ini: {a}",
    "{where} comes to {quoted}, which is no number; write it as 10 or 7.5": (
        "{where} sebesar {quoted}, yang bukan angka; tulis seperti 10 atau 7.5"
    ),
    "{where} takes {a} % of what the guest pays, which leaves nothing": (
        "{where} mengambil {a} % dari yang dibayar tamu, jadi tidak ada sisanya"
    ),
    "{where} is {a} %, more than the price itself": "{where} sebesar {a} %, melebihi harganya sendiri",
    "{where} is on {quoted} of the price; write it as 1, 0.7 or 11/12": (
        "{where} dikenakan atas {quoted} dari harga; tulis seperti 1, 0.7 atau 11/12"
    ),
    "{where} is on {a} of the price, which is more than all of it": (
        "{where} dikenakan atas {a} dari harga, melebihi seluruhnya"
    ),
    "{where} is on tax class {quoted}, which no item of the menu has": (
        "{where} dikenakan atas kelas pajak {quoted}, yang tidak ada di menu"
    ),
    "{where} is for {quoted}, which is no way to eat": (
        "{where} berlaku untuk {quoted}, yang bukan cara makan"
    ),
    # what is taken off
    "{where} offers {what}; it must offer exactly one thing": (
        "{where} menawarkan: {what}; harus tepat satu hal"
    ),
    "{where} offers {a} and {b}; it must offer exactly one thing": (
        "{where} menawarkan lebih dari satu hal; harus tepat satu"
    ),
    "{where} gives {a} free for {b} bought": "{where} memberi {a} gratis untuk {b} yang dibeli",
    "{where} is a combo without a price": "{where} adalah paket tanpa harga",
    "{where} has the price of a combo, and nothing in it": "{where} punya harga paket, tetapi kosong",
    "{where} has a price below zero": "{where} berharga di bawah nol",
    "{where} is a combo of more than {a} things": "{where} adalah paket berisi lebih dari {a}",
    "{where} has a place in its combo that holds nothing": (
        "{where} punya tempat kosong di paketnya"
    ),
    "{where} needs a bill of {a}": "{where} meminta tagihan {a}",
    "the coupon code {quoted} begins or ends with a space": (
        "kode kupon {quoted} diawali atau diakhiri spasi"
    ),
    "{where} may be used {a} times, which is for coupons, and at least once": (
        "{where} boleh dipakai {a} kali; itu hanya untuk kupon, dan paling sedikit sekali"
    ),
    "{where} must be either a percentage or an amount": (
        "{where} harus berupa persentase atau jumlah, salah satu"
    ),
    "{where} is a {a}, which staff cannot give": "{where} berjenis {a}, yang tidak bisa diberikan staf",
    "a cashier may give {quoted} %; write a number up to 100": (
        "kasir boleh memberi {quoted} %; tulis angka sampai 100"
    ),
    "what a cashier may take from the drawer is below zero": (
        "yang boleh diambil kasir dari laci kurang dari nol"
    ),
    "what a drawer may differ by is below zero": "selisih laci yang diizinkan kurang dari nol",
    "one of the reasons to {what} has no words": "salah satu alasan {what} belum ada kata-katanya",
    # what is on the menu
    "{where} is about {quoted}, which the menu has not": (
        "{where} menyebut {quoted}, yang tidak ada di menu"
    ),
    "{where} is made of {quoted}, which the menu has not": (
        "{where} berisi {quoted}, yang tidak ada di menu"
    ),
    "{where} name {quoted}, which the menu has not": (
        "{where} menyebut {quoted}, yang tidak ada di menu"
    ),
    "{where} offers {quoted}, which the menu has not": (
        "{where} menawarkan {quoted}, yang tidak ada di menu"
    ),
    "the favourites name {quoted}, which the menu has not": (
        "favorit menyebut {quoted}, yang tidak ada di menu"
    ),
    # times
    "weekdays go from 1 (Monday) to 7 (Sunday)": "hari ditulis 1 (Senin) sampai 7 (Minggu)",
    "{quoted} is no time of day; write it as 17:30": "{quoted} bukan jam; tulis seperti 17:30",
    "{quoted} is no date; write it as 2027-01-31": "{quoted} bukan tanggal; tulis seperti 2027-01-31",
    "it ends on {a}, before it begins on {b}": "berakhir {a}, sebelum mulai pada {b}",
    "{where} must name what is to be had, and when": "{where} harus menyebut isinya dan waktunya",
    # the room and the kiosk
    "{where} has no size": "{where} tidak punya ukuran",
    "{where} stands outside of its section": "{where} berada di luar ruangannya",
    "{where} has {a} seats": "{where} punya {a} kursi",
    "the kiosk offers no way to eat: dine in, takeaway or delivery": (
        "kiosk tidak menawarkan cara makan: makan di sini, bawa pulang, atau antar"
    ),
    "the kiosk has no way to pay; `counter` lets guests pay there": (
        "kiosk tidak punya cara bayar; dengan `counter` tamu membayar di kasir"
    ),
    "the kiosk starts over after {a} seconds; 10 to 3600 make sense": (
        "kiosk mulai dari awal setelah {a} detik; yang wajar 10 sampai 3600"
    ),
}

_SENTENCES = Sentences(_SAID, _WHERE)


def fault_in_indonesian(english: str) -> str | None:
    """A fault of the house rules; None for one that is not in the table."""
    return _SENTENCES.translate(english)
