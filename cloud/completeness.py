"""How much of the truth a figure holds: last heard, what is still on the box, what is projected."""

from collections.abc import Iterable

import msgspec

from cloud.outlets import Outlet

SILENT_MS = 35_000
"""A box polls at least every half minute; after twice that something is wrong, and HQ says so."""


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """Something for people, in English and Indonesian."""

    en: str
    id: str


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """What HQ knows, and does not know, of one outlet.

    `state`: `complete` (all the box had when it last spoke, moments ago, is in the figures),
    `behind` (it is coming), `silent` (not heard for over a minute), `never` (no box yet).
    """

    outlet_id: str
    outlet_name: str
    state: str
    last_heard_ms: int | None
    unsent: int | None
    head: int
    projected: int
    lag: int
    parked: int
    sentence: Sentence


def completeness_of(outlet: Outlet, now_ms: int) -> Completeness:
    """The completeness of an outlet's figures at a moment."""
    lag = outlet.head - outlet.projected
    return Completeness(
        outlet_id=outlet.outlet_id,
        outlet_name=outlet.name,
        state=_state(outlet, lag, now_ms),
        last_heard_ms=outlet.last_heard_ms,
        unsent=outlet.unsent,
        head=outlet.head,
        projected=outlet.projected,
        lag=lag,
        parked=outlet.parked,
        sentence=_sentence(outlet, lag, now_ms),
    )


def all_complete(outlets: Iterable[Completeness]) -> bool:
    """Whether nothing is missing anywhere, as far as HQ can know."""
    return all(c.state == "complete" and not c.parked for c in outlets)


def _state(outlet: Outlet, lag: int, now_ms: int) -> str:
    if outlet.last_heard_ms is None:
        return "never"
    if now_ms - outlet.last_heard_ms > SILENT_MS:
        return "silent"
    return "behind" if lag or outlet.unsent is None or outlet.unsent else "complete"


def _sentence(outlet: Outlet, lag: int, now_ms: int) -> Sentence:
    if outlet.last_heard_ms is None:
        if outlet.enrolled:
            return Sentence(
                en="The box is enrolled and has not spoken yet.",
                id="Perangkat sudah terdaftar, tetapi belum pernah berbicara.",
            )
        return Sentence(en="No box is enrolled here yet.", id="Belum ada perangkat terdaftar.")
    ago_ms = now_ms - outlet.last_heard_ms
    silent = ago_ms > SILENT_MS
    en, idn = [], []
    if silent:
        en.append(f"Not heard for {_ago(ago_ms, _EN)}; what was sold since is not here.")
        idn.append(f"Tidak terdengar {_ago(ago_ms, _ID)}; penjualan sejak itu belum ada di sini.")
    then_en, then_id = (" then", " saat itu") if silent else ("", "")
    if outlet.unsent:
        en.append(f"{outlet.unsent} entries were still on the box{then_en}.")
        idn.append(f"{outlet.unsent} catatan masih di perangkat{then_id}.")
    if lag:
        en.append(f"{lag} received entries are not counted yet.")
        idn.append(f"{lag} catatan yang diterima belum dihitung.")
    if outlet.parked:
        en.append(f"{outlet.parked} could not be read and wait for a person.")
        idn.append(f"{outlet.parked} tidak terbaca dan menunggu diperiksa.")
    if not en:
        en.append("Everything is here.")
        idn.append("Semua sudah ada di sini.")
    return Sentence(en=" ".join(en), id=" ".join(idn))


_EN = ("seconds", "minutes", "hours", "days")
_ID = ("detik", "menit", "jam", "hari")


def _ago(ms: int, units: tuple[str, str, str, str]) -> str:
    seconds = ms // 1000
    if seconds < 120:
        return f"{seconds} {units[0]}"
    if seconds < 7200:
        return f"{seconds // 60} {units[1]}"
    if seconds < 172_800:
        return f"{seconds // 3600} {units[2]}"
    return f"{seconds // 86_400} {units[3]}"
