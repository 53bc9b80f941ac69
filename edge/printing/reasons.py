"""Why a paper has not come out, in words: for the person who stands before the printer."""

from typing import Literal

FaultCode = Literal[
    "unreachable", "busy", "offline", "cover_open", "paper_out", "broken",
    "timeout", "closed", "garbage",
]  # fmt: skip

SENTENCES: dict[FaultCode, tuple[str, str]] = {
    "unreachable": (
        "Printer tidak dapat dihubungi. Periksa listrik dan kabelnya.",
        "The printer cannot be reached. Check its power and its cable.",
    ),
    "busy": (
        "Printer sedang dipakai. Akan dicoba lagi.",
        "The printer is in use. It will be tried again.",
    ),
    "offline": (
        "Printer tidak siap. Tekan tombol online atau matikan lalu nyalakan.",
        "The printer is not ready. Press its online button, or switch it off and on.",
    ),
    "cover_open": ("Tutup printer terbuka. Tutuplah.", "The printer's cover is open. Close it."),
    "paper_out": (
        "Kertas printer habis. Pasang gulungan baru.",
        "Out of paper. Put in a new roll.",
    ),
    "broken": (
        "Printer melaporkan kerusakan, mungkin pisaunya macet. Matikan, bersihkan, nyalakan.",
        "The printer reports a failure, perhaps a jammed cutter. Switch off, clear it, switch on.",
    ),
    "timeout": (
        "Printer tidak menjawab. Periksa kertasnya: mungkin sudah tercetak.",
        "The printer does not answer. Look at the paper: it may have printed.",
    ),
    "closed": (
        "Sambungan ke printer terputus di tengah pencetakan. Periksa kertasnya.",
        "The printer hung up in the middle of a job. Look at the paper.",
    ),
    "garbage": (
        "Jawaban printer tidak dapat dipahami. Apakah alamat ini memang printer struk?",
        "The printer's answer makes no sense. Is this address really a receipt printer?",
    ),
}
"""What happened and what to do, for the person beside the printer: Indonesian, English."""


_BEFORE: dict[FaultCode, tuple[str, str]] = {
    "timeout": (
        "Printer tidak menjawab. Matikan lalu nyalakan, dan periksa kabelnya.",
        "The printer does not answer. Switch it off and on, and check its cable.",
    ),
}
"""The same where nothing of a job had left: there is no paper to look for."""


class PrinterFault(Exception):
    """The printer could not print. `may_have_printed`: a byte of the job had already left."""

    def __init__(self, code: FaultCode, may_have_printed: bool) -> None:
        self.code: FaultCode = code
        said = SENTENCES if may_have_printed else SENTENCES | _BEFORE
        self.sentence_id, self.sentence_en = said[code]
        self.may_have_printed = may_have_printed
        super().__init__(self.sentence_en)


ASIDE: dict[str, tuple[str, str]] = {
    "too_old": (
        "Terlalu lama untuk dicetak sendiri. Cetak atau buang.",
        "Too old to print by itself. Print or discard it.",
    ),
    "too_many": (
        "Terlalu banyak cetakan menunggu printer ini. Cetak atau buang.",
        "Too many papers wait for this printer. Print or discard it.",
    ),
    "cannot_draw": (
        "Cetakan ini tidak bisa digambar. Bacalah pesanannya di layar.",
        "This paper cannot be drawn. Read the order on the screen.",
    ),
    "printer_gone": (
        "Printer ini sudah tidak ada. Cetak di printer lain atau buang.",
        "This printer is not there any more. Print it on another one or discard it.",
    ),
    "in_doubt": (
        "Mungkin sudah tercetak beberapa kali. Periksa kertasnya, lalu cetak atau buang.",
        "It may have come out several times. Look at the paper, then print or discard it.",
    ),
    "may_be_open": (
        "Laci mungkin sudah terbuka. Buka lagi dari layar bila belum.",
        "The drawer may have opened. If it did not, open it again from the screen.",
    ),
    "order_over": (
        "Pesanan sudah selesai.",
        "The order is over.",
    ),
    "not_needed": (
        "Dibuang oleh petugas.",
        "Discarded by a person.",
    ),
}
"""Indonesian, English."""

_EVERY: tuple[tuple[str, tuple[str, str]], ...] = (*SENTENCES.items(), *ASIDE.items())

STEPS: dict[str, tuple[str, str]] = {
    "queued": ("Masuk antrean", "Queued"),
    "asked": ("Diminta petugas", "Asked for by a person"),
    "rerouted": ("Dialihkan ke sini: tidak ada yang melihatnya", "Sent here: nobody had seen it"),
    "moved": ("Pindah ke printer lain", "Moved to another printer"),
    "fault": ("Belum tercetak", "Not printed yet"),
    "printed": ("Tercetak", "Printed"),
    "held": ("Ditahan", "Held"),
    "failed": ("Gagal", "Failed"),
    "discarded": ("Dibuang", "Discarded"),
}


def why(code: str | None) -> tuple[str, str]:
    """(Indonesian, English) for a code; what no build knows any more is said as it was kept."""
    if not code:
        return "", ""
    return next((found for c, found in _EVERY if c == code), (code, code))


def step(what: str, code: str) -> tuple[str, str]:
    """(Indonesian, English) for one step of a paper's history."""
    name_id, name_en = STEPS.get(what, (what, what))
    why_id, why_en = why(code)
    if not code:
        return name_id, name_en
    return f"{name_id}: {why_id}", f"{name_en}: {why_en}"
