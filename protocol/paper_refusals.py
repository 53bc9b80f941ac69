"""How the box says no to what people ask of papers and printers."""

from protocol.refusal_text import RefusalText

PAPER_REFUSALS: dict[str, RefusalText] = {
    "unknown_paper": RefusalText(
        404,
        "There is no paper {job_id} on this box.",
        "Look at the list of papers again; old ones are forgotten after a month.",
        "Tidak ada cetakan {job_id} di perangkat ini.",
        "Lihat lagi daftar cetakan; yang lama dihapus setelah sebulan.",
    ),
    "unknown_printer": RefusalText(
        404,
        "This box has no printer {printer}.",
        "Choose one from the list of printers; nothing was printed.",
        "Perangkat ini tidak punya printer {printer}.",
        "Pilih dari daftar printer; tidak ada yang dicetak.",
    ),
    "no_printer": RefusalText(
        409,
        "This box has no printer for receipts.",
        "Name a printer, or add one that prints receipts to the configuration.",
        "Perangkat ini tidak punya printer untuk struk.",
        "Sebutkan printernya, atau tambahkan printer struk di konfigurasi.",
    ),
    "paper_done": RefusalText(
        409,
        "This paper cannot be discarded: it is {state} already.",
        "Look at the list of papers again.",
        "Cetakan ini tidak bisa dibuang: statusnya {state}.",
        "Lihat lagi daftar cetakan.",
    ),
    "nothing_to_print": RefusalText(
        409,
        "The kitchen has nothing to make for order {number}, so no ticket was printed.",
        "Look at the order: it is done, called off or not sent to the kitchen yet.",
        "Dapur tidak perlu membuat apa pun untuk pesanan {number}, jadi tiket tidak dicetak.",
        "Lihat pesanannya: sudah selesai, dibatalkan, atau belum dikirim ke dapur.",
    ),
    "drawer_again": RefusalText(
        409,
        "A drawer is not opened from the list of papers.",
        "Open it without a sale at its till; a reason is asked for.",
        "Laci tidak dibuka dari daftar cetakan.",
        "Buka tanpa penjualan di laci kasnya; alasannya ditanyakan.",
    ),
}
"""Part of `REFUSALS`, by code."""
