"""How the box says no to devices: pairing, rights, and a screen that has no box."""

from protocol.refusal_text import RefusalText

DEVICE_REFUSALS: dict[str, RefusalText] = {
    "not_paired": RefusalText(
        401,
        "This device is not paired with the box, or its right was taken away.",
        "Pair it with a code that somebody approves at the counter; what it keeps is sent then.",
        "Perangkat ini belum dipasangkan dengan box, atau izinnya sudah dicabut.",
        "Pasangkan dengan kode yang disetujui di kasir; yang disimpannya dikirim sesudah itu.",
    ),
    "may_not_approve": RefusalText(
        403,
        "Only a paired counter screen, or the box itself, may let devices in or out.",
        "Do it on a paired counter, or run `kedai edge approve` on the box.",
        "Hanya layar kasir yang sudah dipasangkan, atau box itu sendiri, yang boleh mengaturnya.",
        "Lakukan di kasir yang sudah dipasangkan, atau jalankan `kedai edge approve` di box.",
    ),
    "pairing_denied": RefusalText(
        410,
        "Somebody said no to this device.",
        "Ask for a new code when it should join after all.",
        "Perangkat ini ditolak.",
        "Minta kode baru bila tetap harus bergabung.",
    ),
    "pairing_expired": RefusalText(
        410,
        "This pairing code is over: too old, used already, or not known here.",
        "Ask for a new code; the device does so by itself.",
        "Kode ini sudah tidak berlaku: terlalu lama, sudah dipakai, atau tidak dikenal.",
        "Minta kode baru; perangkat melakukannya sendiri.",
    ),
    "too_many_pairings": RefusalText(
        429,
        "Too many devices ask to join just now; nothing was noted.",
        "Wait a minute and ask again; approve or deny those that wait.",
        "Terlalu banyak perangkat minta bergabung sekarang; tidak ada yang dicatat.",
        "Tunggu satu menit lalu minta lagi; setujui atau tolak yang menunggu.",
    ),
    "wrong_code": RefusalText(
        409,
        "That is not the code of this device.",
        "Read the code on the device again; nobody was let in.",
        "Itu bukan kode perangkat ini.",
        "Baca lagi kode di perangkat; tidak ada yang diizinkan masuk.",
    ),
    "unknown_device": RefusalText(
        404,
        "This box knows no device {device}.",
        "Look at the list of devices again; nothing was changed.",
        "Box ini tidak mengenal perangkat {device}.",
        "Lihat lagi daftar perangkat; tidak ada yang berubah.",
    ),
    "box_away": RefusalText(
        503,
        "The box cannot be reached from this screen now.",
        "Go on: what is ordered here is kept on this screen and sent when the box is back.",
        "Box tidak terjangkau dari layar ini sekarang.",
        "Lanjutkan: pesanan di sini disimpan di layar ini dan dikirim saat box kembali.",
    ),
    "screen_waits": RefusalText(
        503,
        "This screen has no place at the box now: it is not paired, or its right was taken away.",
        "Pair it again on its start page; what it keeps is sent then.",
        "Layar ini belum punya tempat di box: belum dipasangkan, atau izinnya dicabut.",
        "Pasangkan lagi di halaman awalnya; yang disimpannya dikirim sesudah itu.",
    ),
}
"""Part of `REFUSALS`, by code."""
