"""Labels of the papers in Indonesian and English, and the marks that stand in both."""

WORDS: dict[str, tuple[str, str]] = {
    "dine_in": ("Makan di sini", "Dine-in"),
    "takeaway": ("Bawa pulang", "Takeaway"),
    "delivery": ("Antar", "Delivery"),
    "table": ("Meja", "Table"),
    "covers": ("tamu", "covers"),
    "seat": ("Kursi", "Seat"),
    "course": ("Hidangan", "Course"),
    "waits": ("Ditahan", "On hold"),
    "voided": ("BATAL", "VOID"),
    "allergen": ("ALERGEN", "ALLERGEN"),
    "items": ("item", "items"),
    "order": ("Pesanan", "Order"),
    "date": ("Tanggal", "Date"),
    "business_date": ("Hari usaha", "Business date"),
    "subtotal": ("Subtotal", "Subtotal"),
    "discount": ("Diskon", "Discount"),
    "service": ("Layanan", "Service"),
    "included": ("Termasuk", "Includes"),
    "rounding": ("Pembulatan", "Rounding"),
    "tax_base": ("dari", "of"),
    "total": ("TOTAL", "TOTAL"),
    "check": ("Bon", "Check"),
    "part_of_bill": ("Bagian dari tagihan", "Part of the bill"),
    "cash_rounding": ("Pembulatan tunai", "Cash rounding"),
    "tip": ("Tip", "Tip"),
    "refunded": ("Dikembalikan", "Refunded"),
    "change": ("Kembali", "Change"),
    "due": ("Sisa", "Due"),
    "overpaid": ("Kelebihan bayar", "Overpaid"),
    "cash": ("Tunai", "Cash"),
    "card": ("Kartu", "Card"),
    "qris": ("QRIS", "QRIS"),
    "ewallet": ("Dompet digital", "E-wallet"),
    "thanks": ("Terima kasih", "Thank you"),
    "digital": ("Struk digital", "Digital receipt"),
    "test": ("Uji cetak", "Test page"),
    "no_font": ("Tidak ada huruf untuk", "No font for"),
    "pages": ("Halaman kode", "Code pages"),
    "cutter": ("Pisau", "Cutter"),
    "drawer": ("Laci kas", "Cash drawer"),
    "yes": ("ada", "yes"),
    "no": ("tidak", "no"),
    "x_report": ("LAPORAN X", "X REPORT"),
    "z_report": ("LAPORAN Z", "Z REPORT"),
    "also_follows": ("Juga melanjutkan Z", "Also follows Z"),
    "not_final": ("Sementara, hari belum ditutup", "Interim: the day is not closed"),
    "printed": ("Dicetak", "Printed"),
    "opened": ("Buka", "Opened"),
    "closed": ("Tutup", "Closed"),
    "numbers": ("Nomor pesanan", "Order numbers"),
    "orders": ("Pesanan", "Orders"),
    "units": ("Item terjual", "Items sold"),
    "guests": ("Tamu", "Covers"),
    "average": ("Rata-rata per pesanan", "Average per order"),
    "sales": ("Penjualan", "Sales"),
    "net": ("Penjualan bersih", "Net sales"),
    "tenders": ("Pembayaran", "Payments"),
    "refunds": ("Pengembalian", "Refunds"),
    "unpaid": ("Belum dibayar", "Unpaid"),
    "categories": ("Kategori", "Categories"),
    "hours": ("Jam", "Hours"),
    "taxes": ("Pajak", "Taxes"),
    "voids": ("Batal item", "Voids"),
    "comps": ("Gratis", "Comps"),
    "cancelled": ("Pesanan batal", "Cancelled orders"),
    "till": ("Laci", "Till"),
    "opening": ("Modal awal", "Opening float"),
    "cash_sales": ("Tunai masuk", "Cash taken"),
    "paid_in": ("Kas masuk", "Paid in"),
    "paid_out": ("Kas keluar", "Paid out"),
    "drops": ("Setor", "Cash drops"),
    "expected": ("Seharusnya", "Expected"),
    "counted": ("Dihitung", "Counted"),
    "over": ("LEBIH", "OVER"),
    "short": ("KURANG", "SHORT"),
    "difference": ("Selisih", "Difference"),
    "grand_total": ("Total sejak awal", "Grand total"),
    "incomplete": ("BELUM LENGKAP", "NOT COMPLETE"),
    "cashier": ("Kasir", "Cashier"),
    "tips": ("Tip", "Tips"),
    "by": ("Oleh", "By"),
    "approved": ("Disetujui", "Approved by"),
    "reason": ("Alasan", "Reason"),
    "no_sales": ("Laci dibuka tanpa penjualan", "Drawer opened, no sale"),
    "earlier": ("Susulan dari hari lain", "Late, of other days"),
    "shift_report": ("TUTUP LACI KAS", "TILL CLOSED"),
    "left_order": ("Pesanan terbuka", "Open order"),
    "left_held": ("Pesanan ditahan", "Held order"),
    "left_unpaid": ("Belum dibayar", "Not paid"),
    "left_paper": ("Belum tercetak", "Not printed"),
    "left_screen": ("Belum terkirim di", "Not sent from"),
    "left_unsent": ("Belum terkirim ke", "Not sent to"),
    "left_parked": ("Tidak terbaca", "Cannot be read"),
    "left_more": ("Lainnya", "Others"),
    "manager": ("Manajer", "Manager"),
}
"""Labels in Indonesian and English. What a guest or an auditor must not misread is in both."""

ALLERGENS: dict[str, tuple[str, str]] = {
    "celery": ("seledri", "celery"),
    "crustacean": ("udang-kepiting", "crustaceans"),
    "crustaceans": ("udang-kepiting", "crustaceans"),
    "egg": ("telur", "egg"),
    "eggs": ("telur", "egg"),
    "fish": ("ikan", "fish"),
    "gluten": ("gluten", "gluten"),
    "lupin": ("lupin", "lupin"),
    "milk": ("susu", "milk"),
    "dairy": ("susu", "milk"),
    "mollusc": ("kerang", "molluscs"),
    "molluscs": ("kerang", "molluscs"),
    "mustard": ("mostar", "mustard"),
    "nut": ("kacang pohon", "nuts"),
    "nuts": ("kacang pohon", "nuts"),
    "peanut": ("kacang tanah", "peanut"),
    "peanuts": ("kacang tanah", "peanut"),
    "sesame": ("wijen", "sesame"),
    "shellfish": ("udang-kerang", "shellfish"),
    "soy": ("kedelai", "soy"),
    "sulphite": ("sulfit", "sulphites"),
    "sulphites": ("sulfit", "sulphites"),
    "wheat": ("gandum", "wheat"),
}
"""What guests may not bear, as cooks say it. Others are printed as the menu has them."""

PAID = "LUNAS / PAID"
NOT_PAID = "BELUM LUNAS / NOT PAID"
VOIDED = "BATAL / VOID"
ADDED = "TAMBAHAN / ADDED"
RUSH = "DULUAN / RUSH"
CANCELLED = "DIBATALKAN / CANCELLED"
TIME_NOT_CONFIRMED = "JAM BELUM PASTI / TIME NOT CONFIRMED"


def word(key: str, language: str) -> str:
    """A label in the outlet's language; English for languages without labels of their own."""
    indonesian, english = WORDS.get(key, (key, key))
    return indonesian if language == "id" else english


def allergen(key: str, language: str) -> str:
    """What people call an allergen; one that has no name here is said as the menu says it."""
    indonesian, english = ALLERGENS.get(key.casefold(), (key, key))
    return indonesian if language == "id" else english
