"""Words for what a decision is about: reasons, tenders, states and things, in both languages."""

from protocol.orders import ELSEWHERE, Line, LineStatus, Payment
from protocol.rules.price_verdicts import Reason

REASONS: dict[Reason, tuple[str, str]] = {
    Reason.STALE_FEED: (
        "The box had not heard of the new price yet.",
        "Perangkat belum menerima harga baru.",
    ),
    Reason.OVERRIDE: (
        "Somebody set the price by hand: {why}.",
        "Harga diisi dengan tangan: {why}.",
    ),
    Reason.UNKNOWN_VERSION: (
        "HQ does not know the prices that the box used.",
        "Pusat tidak mengenal harga yang dipakai perangkat.",
    ),
    Reason.CLOCK_UNCERTAIN: (
        "The box did not know the time, so the price may have been right.",
        "Perangkat tidak tahu jam, jadi harganya mungkin benar.",
    ),
}
"""Why a price differs, in English and Indonesian."""

THINGS = {
    "order": ("order", "pesanan"),
    "lines": ("order", "pesanan"),
    "line": ("order", "pesanan"),
    "ticket": ("order", "pesanan"),
    "cart": ("order", "pesanan"),
    "bill": ("order", "pesanan"),
    "promotions": ("order", "pesanan"),
    "checks": ("order", "pesanan"),
    "payment": ("payment", "pembayaran"),
    "paper": ("printed paper", "cetakan"),
    "coupon": ("coupon", "kupon"),
    "stock": ("stock movement", "gerakan stok"),
    "item": ("item", "menu"),
    "product": ("product", "produk"),
    "shift": ("till", "laci kas"),
    "cash": ("cash movement", "gerakan kas"),
    "drawer": ("drawer opening", "pembukaan laci"),
    "day": ("closed day", "hari yang ditutup"),
    "approval": ("approval", "persetujuan"),
    "staff": ("sign-in", "staf"),
    "device": ("device", "perangkat"),
    "command": ("order", "pesanan"),
    "menu": ("menu", "menu"),
    "prices": ("price list", "daftar harga"),
    "house": ("set of house rules", "aturan outlet"),
    "clock": ("time check", "jam"),
    "box": ("box", "perangkat"),
    "stream": ("box", "perangkat"),
}
"""What an event is about, by the first word of its type."""
TENDERS = {
    "cash": ("cash", "tunai"),
    "card": ("card", "kartu"),
    "transfer": ("transfer", "transfer"),
    "debit": ("debit card", "kartu debit"),
    "credit": ("credit card", "kartu kredit"),
    "ewallet": ("e-wallet", "dompet digital"),
    "qris": ("QRIS", "QRIS"),
}
"""Tenders in English and Indonesian; one that is not here is called what the outlet calls it."""
LINE_STATES: dict[LineStatus, tuple[str, str]] = {
    LineStatus.WAITING: ("not in the kitchen yet", "belum di dapur"),
    LineStatus.FIRED: ("in the kitchen", "di dapur"),
    LineStatus.READY: ("ready", "siap"),
    LineStatus.SERVED: ("served", "disajikan"),
    LineStatus.VOIDED: ("struck", "dihapus"),
}
"""How far a line is, in English and Indonesian."""


def line_state(line: Line) -> tuple[str, str]:
    """How far a line is, in English and Indonesian, or that it is on another order by now."""
    if line.void_reason in ELSEWHERE:
        return "on another order now", "sudah di pesanan lain"
    return LINE_STATES[line.status]


def tender_phrases(payment: Payment) -> tuple[str, str]:
    """How a payment was made, in both languages; as staff called it where they did."""
    name = payment.label or payment.tender
    return (name, name) if payment.label else TENDERS.get(payment.tender, (name, name))


def thing_params(event_type: str) -> dict[str, str]:
    """What an event of this type is about, as phrases for a sentence."""
    english, indonesian = THINGS.get(event_type.partition(".")[0], (event_type, event_type))
    return {"thing_en": english, "thing_id": indonesian}


COMMANDS: dict[str, tuple[str, str]] = {
    "order.place": ("take the order", "terima pesanan"),
    "lines.add": ("add lines", "tambah baris"),
    "line.void": ("void a line", "batalkan baris"),
    "order.hold": ("hold the order", "tahan pesanan"),
    "order.recall": ("recall the order", "buka lagi pesanan"),
    "order.fire": ("send to the kitchen", "kirim ke dapur"),
    "order.rush": ("rush the order", "dahulukan pesanan"),
    "order.status": ("move the order on", "ubah status pesanan"),
    "payment.tender": ("take a payment", "terima pembayaran"),
    "order.details": ("change table or guests", "ubah meja atau tamu"),
    "line.change": ("change a line", "ubah baris"),
    "bill.adjust": ("take something off the bill", "kurangi tagihan"),
    "bill.unadjust": ("charge again what was taken off", "tagih lagi yang dikurangi"),
    "checks.split": ("split the order into checks", "bagi pesanan menjadi bon"),
    "lines.transfer": ("move lines to another order", "pindahkan baris ke pesanan lain"),
    "payment.refund": ("give money back", "kembalikan uang"),
    "order.reopen": ("reopen the order", "buka lagi pesanan"),
    "ticket.bump": ("bump a ticket", "selesaikan tiket"),
    "ticket.recall": ("recall a ticket", "kembalikan tiket"),
    "item.eighty_six": ("mark as sold out", "tandai habis"),
    "item.restore": ("mark as available", "tandai tersedia"),
    "cart.merge": ("merge a cart", "gabungkan keranjang"),
    "product.edit": ("edit a product", "ubah produk"),
    "stock.count": ("count stock", "hitung stok"),
    "stock.move": ("move stock", "gerakkan stok"),
    "shift.open": ("open a till", "buka laci kas"),
    "shift.close": ("close a till", "tutup laci kas"),
    "cash.move": ("move cash", "pindahkan kas"),
    "drawer.open": ("open the drawer", "buka laci"),
    "day.close": ("close the day", "tutup hari"),
    "staff.clock_in": ("start work", "mulai kerja"),
    "staff.clock_out": ("end work", "selesai kerja"),
}
"""What a command is called when people are told of it: English, Indonesian."""
