"""Every way HQ's API says no: a code, what happened and what to do, in two languages."""

from collections.abc import Iterable

import msgspec


class ProblemText(msgspec.Struct, frozen=True):
    """One registered problem: HTTP status, then what happened and what to do in both languages."""

    status: int
    en: str
    todo_en: str
    id: str
    todo_id: str


PROBLEMS: dict[str, ProblemText] = {
    "no_key": ProblemText(
        401,
        "This needs an access key, and none came with the request.",
        "Sign in with the key, or send it as `Authorization: Bearer`. "
        "`kedai cloud key add` makes one.",
        "Permintaan ini memerlukan kunci akses.",
        "Masuk dengan kunci, atau kirim sebagai `Authorization: Bearer`. "
        "`kedai cloud key add` membuatnya.",
    ),
    "wrong_key": ProblemText(
        401,
        "The access key is not one of ours, or it was revoked.",
        "Check that all of it was copied, or ask for a new one.",
        "Kunci akses tidak dikenal atau sudah dicabut.",
        "Periksa apakah tersalin seluruhnya, atau minta yang baru.",
    ),
    "wrong_tenant": ProblemText(
        403,
        "X-Tenant-ID names another tenant than the key belongs to.",
        "Leave the header out, or use that tenant's key.",
        "X-Tenant-ID menyebut tenant lain daripada pemilik kunci.",
        "Hapus header itu, atau pakai kunci tenant tersebut.",
    ),
    "unfit_menu": ProblemText(
        422,
        "The menu has {count} faults; nothing was published.",
        "Correct what `faults` lists and publish again.",
        "Menu ini punya {count} kesalahan; tidak ada yang diterbitkan.",
        "Perbaiki yang tercantum di `faults` lalu terbitkan lagi.",
    ),
    "menu_changed": ProblemText(
        409,
        "Somebody published a menu meanwhile: version {version} is in force now.",
        "Import the file again to see what it would change by now. Nothing was changed.",
        "Sementara itu ada yang menerbitkan menu: versi {version} yang berlaku sekarang.",
        "Impor lagi berkasnya untuk melihat perubahannya. Tidak ada yang berubah.",
    ),
    "unknown_format": ProblemText(
        404,
        "Menus are not read from the format {name!r}.",
        "Choose one of {known}.",
        "Menu tidak bisa dibaca dari format {name!r}.",
        "Pilih salah satu dari {known}.",
    ),
    "unfit_picture": ProblemText(
        422,
        "This picture cannot be shown. {why}",
        "Send a JPEG, PNG or WebP file of a sensible size. Nothing was changed.",
        "Gambar ini tidak bisa ditampilkan. {why_id}",
        "Kirim berkas JPEG, PNG atau WebP dengan ukuran wajar. Tidak ada yang berubah.",
    ),
    "too_many_pictures": ProblemText(
        422,
        "This business has as many pictures as HQ keeps.",
        "Take pictures off items that nobody sells; they are forgotten after three months.",
        "Gambar usaha ini sudah sebanyak yang disimpan pusat.",
        "Hapus gambar dari item yang tidak dijual; gambar itu dilupakan setelah tiga bulan.",
    ),
    "unfit_person": ProblemText(
        422,
        "This cannot be said of a person ({count} faults); nothing was changed.",
        "Correct what `faults` lists and send it again.",
        "Ini tidak bisa ditetapkan untuk seseorang ({count} kesalahan); tidak ada yang berubah.",
        "Perbaiki yang tercantum di `faults` lalu kirim lagi.",
    ),
    "unknown_person": ProblemText(
        404,
        "There is nobody with the id {staff_id}.",
        "GET /api/people lists everybody.",
        "Tidak ada orang dengan id {staff_id}.",
        "GET /api/people menampilkan semuanya.",
    ),
    "unfit_prices": ProblemText(
        422,
        "The price book has {count} faults; nothing was published.",
        "Correct what `faults` lists and publish again.",
        "Daftar harga ini punya {count} kesalahan; tidak ada yang diterbitkan.",
        "Perbaiki yang tercantum di `faults` lalu terbitkan lagi.",
    ),
    "unfit_routing": ProblemText(
        422,
        "The routing names {count} things that the menu has not; nothing was changed.",
        "Correct what `faults` lists and send it again.",
        "Pengaturan stasiun menyebut {count} hal yang tidak ada di menu; tidak ada yang berubah.",
        "Perbaiki yang tercantum di `faults` lalu kirim lagi.",
    ),
    "unknown_day": ProblemText(
        404,
        "This outlet has no Z report {number} here.",
        "Look at the list of closed days; one that is missing may still be on its box.",
        "Gerai ini belum punya laporan Z {number} di sini.",
        "Lihat daftar hari yang ditutup; yang belum ada mungkin masih di perangkatnya.",
    ),
    "unfit_house": ProblemText(
        422,
        "The house rules have {count} faults; nothing was published.",
        "Correct what `faults` lists and publish again.",
        "Aturan outlet punya {count} kesalahan; tidak ada yang diterbitkan.",
        "Perbaiki yang tercantum di `faults` lalu terbitkan lagi.",
    ),
    "house_changed": ProblemText(
        409,
        "Somebody published house rules meanwhile: version {version} is in force now.",
        "Look at those, and make your change there. Nothing was changed.",
        "Sementara itu ada yang menerbitkan aturan: versi {version} yang berlaku sekarang.",
        "Lihat yang baru, lalu ulangi perubahan Anda. Tidak ada yang berubah.",
    ),
    "no_prices": ProblemText(
        404,
        "No price book has been published yet: the menu's own prices hold.",
        "Publish one with POST /api/prices.",
        "Belum ada daftar harga yang diterbitkan: harga di menu yang berlaku.",
        "Terbitkan dengan POST /api/prices.",
    ),
    "no_menu": ProblemText(
        404,
        "Nothing has been published for this tenant.",
        "Publish a menu: `kedai import-menu`, or POST it to /api/menus/publish.",
        "Belum ada menu yang diterbitkan.",
        "Terbitkan menu: `kedai import-menu`, atau POST ke /api/menus/publish.",
    ),
    "unknown_outlet": ProblemText(
        404,
        "There is no outlet {outlet}.",
        "GET /api/outlets lists them.",
        "Tidak ada outlet {outlet}.",
        "GET /api/outlets memuat daftarnya.",
    ),
    "unknown_order": ProblemText(
        404,
        "HQ has received nothing of an order {order_id}.",
        "It may still be on the box: /api/outlets says what each one has not sent.",
        "Pusat belum menerima apa pun dari pesanan {order_id}.",
        "Mungkin masih di perangkat: /api/outlets menunjukkan yang belum terkirim.",
    ),
    "unknown_conflict": ProblemText(
        404,
        "There is no conflict {decision_id} that a person decides.",
        "GET /api/conflicts lists them; one that no longer holds goes by itself.",
        "Tidak ada konflik {decision_id} yang perlu diputuskan.",
        "GET /api/conflicts memuat daftarnya; yang tidak berlaku lagi hilang sendiri.",
    ),
    "settles_itself": ProblemText(
        409,
        "What HQ could not read stays on the list until it can be read.",
        "It is kept. Update HQ, or report the reason on the card.",
        "Yang tidak terbaca oleh pusat tetap terdaftar sampai bisa dibaca.",
        "Isinya tersimpan. Perbarui pusat, atau laporkan alasan pada kartu.",
    ),
    "unknown_product": ProblemText(
        404,
        "The menu has no item {item_id}.",
        "GET /api/products lists them.",
        "Menu tidak punya item {item_id}.",
        "GET /api/products memuat daftarnya.",
    ),
    "unfit_fields": ProblemText(
        422,
        "{count} of the fields cannot be written; nothing was changed.",
        "Correct what `faults` lists and send it again.",
        "{count} isian tidak bisa ditulis; tidak ada yang berubah.",
        "Perbaiki yang tercantum di `faults` lalu kirim lagi.",
    ),
    "bad_request": ProblemText(
        400,
        "The request cannot be read: {detail}",
        "Nothing was changed. Correct the request; /api/schema shows its form.",
        "Permintaan tidak bisa dibaca: {detail}",
        "Tidak ada yang berubah. Perbaiki permintaan; /api/schema menunjukkan bentuknya.",
    ),
    "too_large": ProblemText(
        413,
        "The request is larger than HQ takes.",
        "Nothing was changed. Send it in smaller parts.",
        "Permintaan lebih besar dari yang diterima pusat.",
        "Tidak ada yang berubah. Kirim dalam bagian kecil.",
    ),
    "not_found": ProblemText(
        404,
        "There is nothing at {what}.",
        "Check the address; /api/schema lists them all.",
        "Tidak ada apa pun di {what}.",
        "Periksa alamatnya; /api/schema memuat semuanya.",
    ),
    "wrong_method": ProblemText(
        405,
        "{what} does not take {method}.",
        "Check the method; /api/schema lists them all.",
        "{what} tidak menerima {method}.",
        "Periksa metodenya; /api/schema memuat semuanya.",
    ),
    "too_many": ProblemText(
        503,
        "More dashboards are open than this process serves.",
        "Close one, or try again in a minute.",
        "Terlalu banyak dasbor terbuka.",
        "Tutup salah satu, atau coba lagi sebentar.",
    ),
    "unavailable": ProblemText(
        503,
        "HQ cannot reach its database; what boxes had confirmed is safe in it.",
        "Try again in a moment. Boxes keep selling and send the rest later.",
        "Pusat tidak bisa menghubungi basis datanya; yang sudah diterima tetap aman.",
        "Coba lagi sebentar. Outlet tetap berjualan dan mengirim sisanya nanti.",
    ),
    "bug": ProblemText(
        500,
        "Something went wrong in HQ's own software; the log has it.",
        "Try again. If it stays, report it with the time.",
        "Terjadi kesalahan di perangkat lunak pusat; sudah tercatat.",
        "Coba lagi. Bila tetap terjadi, laporkan beserta waktunya.",
    ),
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Problem details (RFC 9457), in the same shape as the box's: English, then Indonesian."""

    type: str
    title: str
    status: int
    code: str
    what_to_do: str
    title_id: str
    what_to_do_id: str
    detail: str = ""
    params: dict[str, str] = {}
    faults: tuple[str, ...] = ()
    """What is wrong with what was sent, a sentence each."""
    faults_id: tuple[str, ...] = ()
    """The same in Indonesian; empty where we have it in English only."""


class Troubled(Exception):
    """Carries a problem out of a handler; `params` fill the sentences of its code."""

    def __init__(
        self,
        code: str,
        *,
        faults: Iterable[str] = (),
        faults_id: Iterable[str] = (),
        **params: object,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.faults = tuple(faults)
        self.faults_id = tuple(faults_id)
        self.params = {name: str(value) for name, value in params.items()}


def problem_of(trouble: Troubled) -> Problem:
    """The problem as whoever asked gets it."""
    text = PROBLEMS[trouble.code]
    title = text.en.format(**trouble.params)
    return Problem(
        type=f"urn:kedai:problem:{trouble.code}",
        title=title,
        status=text.status,
        code=trouble.code,
        what_to_do=text.todo_en.format(**trouble.params),
        title_id=text.id.format(**trouble.params),
        what_to_do_id=text.todo_id.format(**trouble.params),
        detail=title,
        params=trouble.params,
        faults=trouble.faults,
        faults_id=trouble.faults_id,
    )
