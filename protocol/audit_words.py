"""How deeds and papers read in the audit trail, in English and Indonesian."""

SAID: dict[str, tuple[str, str]] = {
    "line.voided": (
        "Voided {units} × {item} on {number}",
        "Membatalkan {units} × {item} di {number}",
    ),
    "line.reduced": (
        "Took {units} × {item} off {number}",
        "Mengurangi {units} × {item} dari {number}",
    ),
    "order.cancelled": ("Cancelled order {number}", "Membatalkan pesanan {number}"),
    "bill.adjusted": (
        "Took {amount} off {number}: {thing}",
        "Mengurangi {amount} dari {number}: {thing}",
    ),
    "coupon.given": (
        "Gave coupon {thing} on {number}: {amount} off",
        "Memberi kupon {thing} di {number}: potongan {amount}",
    ),
    "coupon_back": ("Took coupon {thing} off {number}", "Membatalkan kupon {thing} di {number}"),
    "comp": ("Gave {item} for free on {number}", "Memberi gratis {item} di {number}"),
    "bill.unadjusted": (
        "Took back what was off {number}",
        "Membatalkan pengurangan di {number}",
    ),
    "payment.refunded": (
        "Gave {amount} back by {thing} for {number}",
        "Mengembalikan {amount} dengan {thing_id} untuk {number}",
    ),
    "order.reopened": ("Reopened order {number}", "Membuka lagi pesanan {number}"),
    "paid_in": ("Put {amount} into {thing}", "Memasukkan {amount} ke {thing}"),
    "paid_out": ("Took {amount} out of {thing}", "Mengambil {amount} dari {thing}"),
    "drop": (
        "Moved {amount} from {thing} to the safe",
        "Memindahkan {amount} dari {thing} ke brankas",
    ),
    "drawer.opened": (
        "Opened the drawer of {thing} without a sale",
        "Membuka laci kas tanpa penjualan: {thing}",
    ),
    "shift.opened": ("Opened {thing} with {amount}", "Membuka {thing} dengan {amount}"),
    "shift.closed": (
        "Closed {thing}; over or short by {amount}",
        "Menutup {thing}; selisih {amount}",
    ),
    "tried": (
        "Closed {thing}, counts that did not fit: {units}; over or short by {amount}",
        "Menutup {thing}, hitungan yang tidak cocok: {units}; selisih {amount}",
    ),
    "approval.given": ("Approved: {thing} ({number})", "Menyetujui: {thing_id} ({number})"),
    "staff.signed_in": ("Signed in at {thing}", "Masuk di {thing}"),
    "staff.signed_out": ("Signed out at {thing}", "Keluar di {thing}"),
    "staff.refused": ("{units} wrong PINs at {thing}", "{units} PIN salah di {thing}"),
    "staff.pin_changed": ("Chose another PIN", "Mengganti PIN"),
    "day.closed": ("Closed {thing} with Z {units}", "Menutup {thing} dengan Z {units}"),
    "device.paired": ("Let {thing} in", "Mengizinkan {thing}"),
    "device.revoked": ("Shut {thing} out", "Mencabut izin {thing}"),
    "paper.reprinted": ("Printed again: {thing}", "Mencetak ulang: {thing_id}"),
    "paper.requested": ("Printed: {thing}", "Mencetak: {thing_id}"),
    "paper.discarded": (
        "Discarded before it was printed: {thing}",
        "Membuang sebelum tercetak: {thing_id}",
    ),
}
"""How each reads, in English and Indonesian."""
PAPERS = {
    "receipt": ("receipt", "struk"),
    "bill": ("bill", "tagihan"),
    "kitchen_ticket": ("kitchen ticket", "tiket dapur"),
    "void_slip": ("void slip", "slip batal"),
    "rush_slip": ("rush slip", "slip dahulukan"),
    "move_slip": ("table change", "slip pindah meja"),
    "report": ("report", "laporan"),
    "z_report": ("Z report", "laporan Z"),
    "shift_slip": ("till report", "laporan tutup laci kas"),
    "cash_slip": ("cash slip", "slip kas"),
    "drawer": ("drawer", "laci kas"),
    "test_page": ("test page", "halaman uji"),
}
