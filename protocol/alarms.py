"""What boxes and HQ raise an alarm about: a code, and what it says to people in two languages."""

import msgspec

from protocol.replication import Alarm


class AlarmText(msgspec.Struct, frozen=True):
    """What happened, what was kept, what to do; in English and Indonesian."""

    en: str
    id: str


ALARMS: dict[str, AlarmText] = {
    "box_restored": AlarmText(
        "This box was put back to an older state: {entries} entries came back from HQ, recovered to"
        " order {number}. New orders are numbered in series {series}. Nothing was lost.",
        "Perangkat ini dikembalikan ke keadaan lama: {entries} catatan diambil lagi dari pusat,"
        " pulih sampai pesanan {number}. Nomor pesanan baru memakai seri {series}. Tidak ada yang"
        " hilang.",
    ),
    "box_replaced": AlarmText(
        "This box is new and got {entries} entries of its outlet from HQ, recovered to order"
        " {number}. Orders that only the old box had come again from the screens.",
        "Perangkat ini baru dan mengambil {entries} catatan outlet dari pusat, pulih sampai pesanan"
        " {number}. Pesanan yang hanya ada di perangkat lama dikirim ulang oleh layar.",
    ),
    "clone": AlarmText(
        "Two boxes have written the same journal ({stream}): one is a copy of the other. Both"
        " sides were kept, {moved} entries under a new name. Switch the copy off.",
        "Dua perangkat menulis jurnal yang sama ({stream}): satu adalah salinan. Keduanya disimpan,"
        " {moved} catatan dengan nama baru. Matikan salinannya.",
    ),
    "two_boxes": AlarmText(
        "Two boxes of this outlet are running. This one stands by and takes no new orders; the"
        " other is in charge. Everything it has is sent. To put this one in charge:"
        " kedai edge take-over.",
        "Dua perangkat outlet ini menyala. Yang ini siaga dan tidak menerima pesanan baru; yang lain"
        " memimpin. Semua isinya tetap dikirim. Untuk memakai yang ini: kedai edge take-over.",
    ),
    "hq_restored": AlarmText(
        "HQ was put back to an older state and had lost {entries} entries of this box. They are"
        " sent again; nothing is missing once this number is zero.",
        "Pusat dikembalikan ke keadaan lama dan kehilangan {entries} catatan perangkat ini. Semua"
        " dikirim ulang; tidak ada yang hilang.",
    ),
    "disk_filling": AlarmText(
        "The disk is {percent} % full. Orders go on; imports, product edits and stock counts wait."
        " Free space, or call the technician.",
        "Disk terisi {percent} %. Pesanan tetap jalan; impor, ubah produk dan hitung stok menunggu."
        " Kosongkan ruang atau panggil teknisi.",
    ),
    "clock_unsure": AlarmText(
        "This box does not know the time. Sales go on and are dated once HQ answers.",
        "Perangkat ini tidak tahu jam yang benar. Penjualan tetap jalan dan diberi tanggal setelah"
        " pusat menjawab.",
    ),
    "entry_unreadable": AlarmText(
        "HQ could not read the envelope of {entries} entries; they were sent in a plain one and are"
        " kept there for a person to look at.",
        "Pusat tidak bisa membaca amplop {entries} catatan; dikirim dengan amplop polos dan disimpan"
        " untuk diperiksa.",
    ),
    "feed_differs": AlarmText(
        "What this box had from HQ differed from what HQ has ({kinds}); it was taken over anew.",
        "Isi dari pusat di perangkat ini berbeda ({kinds}); sudah diambil ulang.",
    ),
}


def sentence(alarm: Alarm, language: str = "en") -> str:
    """An alarm in words; a code of a newer version is given as it is."""
    text = ALARMS.get(alarm.code)
    if text is None:
        return f"{alarm.code} {alarm.params}"
    return (text.id if language == "id" else text.en).format_map(_Params(alarm.params))


class _Params(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"({key})"
