"""What staff are told of the printers: each by name, whether it prints, and what waits for a person."""

from collections.abc import Iterator

from edge.printing.spool import Spool

Said = tuple[str, bool, str, str]
"""A code, whether all is well, and the sentence in English and Indonesian."""


def printer_words(spool: Spool) -> Iterator[Said]:
    """Every statement about the printers of a box, and about those it has no more."""
    for name, fault in spool.faults.items():
        label = spool.configs[name].name
        if fault is None:
            yield f"printer.{name}", True, f"{label} prints.", f"{label} mencetak."
        else:
            en = f"{label}: {fault.sentence_en} Papers wait and come out afterwards."
            id_ = f"{label}: {fault.sentence_id} Cetakan menunggu dan keluar sesudahnya."
            yield f"printer.{name}", False, en, id_
        if aside := spool.set_aside(name):
            yield _held(name, label, aside)
    for name, aside in spool.set_aside_for_nobody().items():
        en = f"{aside} papers wait for printer {name}, which is not there any more."
        en += " Print them on another printer, or discard them."
        id_ = f"{aside} cetakan menunggu printer {name}, yang sudah tidak ada."
        id_ += " Cetak di printer lain, atau buang."
        yield f"printer.{name}.gone", False, en, id_


def _held(name: str, label: str, aside: int) -> Said:
    en = f"{aside} papers for {label} were not printed: they are too old, may have come out already"
    en += " or cannot be drawn. Look at the list of papers and at the open orders."
    id_ = f"{aside} cetakan untuk {label} tidak dicetak: terlalu lama, mungkin sudah tercetak, atau"
    id_ += " tidak bisa digambar. Periksa daftar cetakan dan pesanan yang terbuka."
    return f"printer.{name}.held", False, en, id_
