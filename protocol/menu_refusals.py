"""How the box says no to what is on the menu, but not now, and to what is no menu."""

from protocol.refusal_text import RefusalText

MENU_REFUSALS: dict[str, RefusalText] = {
    "not_at_this_time": RefusalText(
        409,
        "{item} is not served at this time of day.",
        "Choose something else; it is served {hours}. Nothing was taken yet.",
        "{item} tidak disajikan pada jam ini.",
        "Pilih yang lain; disajikan {hours}. Pesanan belum diambil.",
    ),
    "unfit_menu": RefusalText(
        422,
        "The file has {count} faults:\n{faults}\nNothing was changed.",
        "Correct them in the file and import it again.",
        "Berkas ini punya {count} kesalahan:\n{faults}\nTidak ada yang berubah.",
        "Perbaiki di berkasnya lalu impor lagi.",
    ),
    "unknown_format": RefusalText(
        404,
        "Menus are not read from the format {name}.",
        "Choose one of {known}.",
        "Menu tidak bisa dibaca dari format {name}.",
        "Pilih salah satu dari {known}.",
    ),
    "menu_at_hq": RefusalText(
        409,
        "This box has its menu from HQ.",
        "Import it there: `kedai cloud menu import`. Nothing was changed here.",
        "Perangkat ini mendapat menunya dari pusat.",
        "Impor di pusat: `kedai cloud menu import`. Di sini tidak ada yang berubah.",
    ),
    "kiosk_closed": RefusalText(
        409,
        "The kitchen takes no orders from the kiosk at this time.",
        "Come back when it is open ({hours}), or ask at the counter. Nothing was taken.",
        "Dapur tidak menerima pesanan dari kios pada jam ini.",
        "Kembali saat buka ({hours}), atau tanya kasir. Pesanan tidak diambil.",
    ),
    "kitchen_away": RefusalText(
        409,
        "No kitchen display or printer can be reached, so the kiosk takes no orders.",
        "Please order at the counter. Nothing was taken.",
        "Tidak ada layar atau printer dapur yang terjangkau, jadi kios tidak menerima pesanan.",
        "Silakan pesan di kasir. Pesanan tidak diambil.",
    ),
}
"""Part of `REFUSALS`, by code."""
