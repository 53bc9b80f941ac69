"""How the rules say no to discounts, comps and coupons."""

from protocol.refusal_text import RefusalText

BILL_REFUSALS: dict[str, RefusalText] = {
    "bad_discount": RefusalText(
        422,
        "A discount of {asked} is not possible: it is above 0 and at most 100 %, or an amount.",
        "Enter one of the two and send again; nothing was changed.",
        "Diskon {asked} tidak mungkin: di atas 0 dan paling banyak 100 %, atau sebuah jumlah.",
        "Masukkan salah satu lalu kirim lagi; tidak ada yang berubah.",
    ),
    "unknown_discount": RefusalText(
        404,
        "The house has no discount {discount}.",
        "Choose from the list again; HQ may have changed it.",
        "Tidak ada diskon {discount}.",
        "Pilih lagi dari daftar; pusat mungkin mengubahnya.",
    ),
    "more_than_bill": RefusalText(
        409,
        "{amount} cannot be taken off: only {left} is charged.",
        "Take off less, or comp the lines; nothing was changed.",
        "{amount} tidak bisa dipotong: tagihannya hanya {left}.",
        "Potong lebih kecil, atau gratiskan barisnya; tidak ada yang berubah.",
    ),
    "nothing_to_take_off": RefusalText(
        409,
        "Nothing of order {number} is left for this discount.",
        "Look at the bill: it is taken off already.",
        "Tidak ada lagi yang bisa dipotong dari pesanan {number}.",
        "Lihat tagihannya: sudah dipotong.",
    ),
    "comp_needs_line": RefusalText(
        422,
        "A comp is for one line of order {number}.",
        "Choose the line that is on the house.",
        "Gratis berlaku untuk satu baris pesanan {number}.",
        "Pilih baris yang digratiskan.",
    ),
    "reason_needed": RefusalText(
        422,
        "This needs a reason.",
        "Choose or type why, and send again; nothing was changed.",
        "Ini perlu alasan.",
        "Pilih atau ketik alasannya lalu kirim lagi; tidak ada yang berubah.",
    ),
    "unknown_adjustment": RefusalText(
        404,
        "Order {number} has no such discount.",
        "Look at the bill again: somebody may have taken it back.",
        "Pesanan {number} tidak punya diskon itu.",
        "Lihat tagihannya lagi: mungkin sudah dicabut.",
    ),
    "offer_stays": RefusalText(
        409,
        "{offer} is an offer of the house: it is on the bill for as long as the bill earns it.",
        "Nothing needs to be done; HQ decides about offers.",
        "{offer} adalah promo: berlaku selama tagihan memenuhi syaratnya.",
        "Tidak perlu apa-apa; promo diatur oleh pusat.",
    ),
    "unknown_coupon": RefusalText(
        422,
        "There is no coupon {coupon}.",
        "Check the code; without it the order can be taken as it is.",
        "Tidak ada kupon {coupon}.",
        "Periksa kodenya; tanpa kupon pesanan bisa diambil seperti biasa.",
    ),
    "coupon_used_up": RefusalText(
        409,
        "Coupon {coupon} was used as often as it may be: {uses} times.",
        "The order can be taken without it.",
        "Kupon {coupon} sudah dipakai sebanyak yang boleh: {uses} kali.",
        "Pesanan bisa diambil tanpa kupon itu.",
    ),
    "coupon_not_now": RefusalText(
        409,
        "Coupon {coupon} ({offer}) is not for this order as it is.",
        "Look at what it asks for: how the guests eat, or another offer that stands alone.",
        "Kupon {coupon} ({offer}) tidak berlaku untuk pesanan ini.",
        "Lihat syaratnya: cara makan, atau promo lain yang tidak bisa digabung.",
    ),
}
"""Part of `REFUSALS`, by code."""
