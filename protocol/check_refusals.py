"""How the box says no to checks, transfers and money given back."""

from protocol.refusal_text import RefusalText

CHECK_REFUSALS: dict[str, RefusalText] = {
    "check_paid": RefusalText(
        409,
        "Check {check} of order {number} is paid already; the order cannot be split anew.",
        "Split before anybody pays, or refund that payment first.",
        "Bon {check} dari pesanan {number} sudah dibayar; pesanan tidak bisa dibagi ulang.",
        "Bagi sebelum ada yang membayar, atau kembalikan pembayaran itu dahulu.",
    ),
    "bad_split": RefusalText(
        422,
        "Order {number} cannot be split like this: somebody must pay the rest, by lines or by parts.",
        "Share out lines, or parts, or amounts with one check for the rest; nothing was changed.",
        "Pesanan {number} tidak bisa dibagi begini: harus ada yang membayar sisanya.",
        "Bagi menurut baris, bagian, atau jumlah dengan satu bon untuk sisanya.",
    ),
    "line_split_over": RefusalText(
        422,
        "{item} of order {number} is on the checks more than once.",
        "Give each check its part of it, together not more than all of it; nothing was changed.",
        "{item} dari pesanan {number} ada di bon lebih dari sekali.",
        "Beri tiap bon bagiannya, bersama tidak lebih dari semuanya.",
    ),
    "split_over_total": RefusalText(
        422,
        "The checks' amounts come to {amount}, order {number} only to {total}.",
        "Enter smaller amounts; one check takes what is left. Nothing was changed.",
        "Jumlah bon mencapai {amount}, pesanan {number} hanya {total}.",
        "Masukkan jumlah lebih kecil; satu bon mengambil sisanya.",
    ),
    "unknown_check": RefusalText(
        404,
        "Order {number} has no such check any more.",
        "Look at the order again: somebody else may have split it anew. No money was taken.",
        "Pesanan {number} tidak punya bon itu lagi.",
        "Lihat pesanan lagi: mungkin sudah dibagi ulang. Uang belum diterima.",
    ),
    "same_order": RefusalText(
        422,
        "Lines cannot go over to the order that they are on.",
        "Choose another order.",
        "Baris tidak bisa dipindah ke pesanan yang sama.",
        "Pilih pesanan lain.",
    ),
    "order_merged": RefusalText(
        409,
        "Order {number} went over to another order with everything on it.",
        "Look for that order and go on there.",
        "Pesanan {number} sudah digabung ke pesanan lain dengan semua isinya.",
        "Cari pesanan itu dan lanjutkan di sana.",
    ),
    "transfer_paid": RefusalText(
        409,
        "Order {number} has {paid} paid on it; its lines cannot go to another order.",
        "Refund the payment first, or let both orders be paid apart.",
        "Pesanan {number} sudah dibayar {paid}; barisnya tidak bisa dipindah.",
        "Kembalikan pembayaran dahulu, atau bayar kedua pesanan terpisah.",
    ),
    "nothing_to_transfer": RefusalText(
        409,
        "Order {number} has nothing left of what was to go over.",
        "Look at the order again: somebody else may have moved it already.",
        "Pesanan {number} tidak punya lagi yang hendak dipindah.",
        "Lihat pesanan lagi: mungkin sudah dipindah orang lain.",
    ),
    "bad_refund": RefusalText(
        422,
        "A refund on order {number} is either for lines or an amount of what was paid, not both.",
        "Choose the lines, or enter the amount; no money was given back.",
        "Pengembalian pada pesanan {number} menurut baris atau jumlah, bukan keduanya.",
        "Pilih baris, atau masukkan jumlah; belum ada uang yang dikembalikan.",
    ),
    "refund_over_sold": RefusalText(
        422,
        "{quantity} × {item} is more than was sold and not refunded yet: {left}.",
        "Choose a smaller quantity; no money was given back.",
        "{quantity} × {item} lebih dari yang terjual dan belum dikembalikan: {left}.",
        "Pilih jumlah lebih kecil; belum ada uang yang dikembalikan.",
    ),
    "refund_over_paid": RefusalText(
        422,
        "{amount} is more than the {most} that can be given back on order {number}.",
        "Give back at most that; no money was given back.",
        "{amount} lebih dari {most} yang bisa dikembalikan pada pesanan {number}.",
        "Kembalikan paling banyak itu; belum ada uang yang dikembalikan.",
    ),
    "unknown_payment": RefusalText(
        404,
        "Order {number} has no such payment.",
        "Choose one of its payments; no money was given back.",
        "Pesanan {number} tidak punya pembayaran itu.",
        "Pilih salah satu pembayarannya; belum ada uang yang dikembalikan.",
    ),
    "not_closed": RefusalText(
        409,
        "Order {number} is not closed, so there is nothing to reopen.",
        "Go on with the order as it is.",
        "Pesanan {number} belum ditutup, jadi tidak perlu dibuka lagi.",
        "Lanjutkan pesanan apa adanya.",
    ),
    "still_due": RefusalText(
        409,
        "Order {number} still owes {due}, so it cannot be closed.",
        "Take the rest, or take it off the bill.",
        "Pesanan {number} masih kurang {due}, jadi belum bisa ditutup.",
        "Terima sisanya, atau kurangi tagihannya.",
    ),
    "no_shift": RefusalText(
        409,
        "No till is open here, and cash is only taken into an open till.",
        "Open the till with its opening cash, then take the money.",
        "Belum ada laci kas yang dibuka, dan tunai hanya masuk ke laci yang terbuka.",
        "Buka laci kas dengan uang awalnya, lalu terima uangnya.",
    ),
}
"""Part of `REFUSALS`, by code."""
