"""How HQ is, in words, from what its parts say of themselves."""

import msgspec

from cloud.completeness import Sentence
from cloud.database import Database, Unreachable
from cloud.follower import Follower
from cloud.news import News


class PartHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One part of HQ."""

    part: str
    ok: bool
    sentence: Sentence


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`ok` when all parts are, `degraded` when HQ works without one, `down` without its database."""

    status: str
    sentence: Sentence
    parts: tuple[PartHealth, ...]


async def report(database: Database, sales: Follower, news: News) -> Report:
    """HQ as it is now."""
    parts = (await _database(database), _projection(sales), _news(news))
    broken = [p.part for p in parts if not p.ok]
    if not broken:
        said = Sentence(en="Everything works.", id="Semua berjalan.")
        return Report(status="ok", sentence=said, parts=parts)
    status = "down" if "database" in broken else "degraded"
    names = ", ".join(broken)
    said = Sentence(en=f"Not well: {names}.", id=f"Bermasalah: {names}.")
    return Report(status=status, sentence=said, parts=parts)


async def is_ready(database: Database) -> bool:
    """Whether boxes and people can be served."""
    try:
        await database.incarnation()
    except Unreachable:
        return False
    return True


async def _database(database: Database) -> PartHealth:
    ok = await is_ready(database)
    if ok:
        said = Sentence(en="The database answers.", id="Basis data menjawab.")
    else:
        said = Sentence(
            en="The database does not answer. Boxes keep selling and send the rest later.",
            id="Basis data tidak menjawab. Outlet tetap berjualan dan mengirim nanti.",
        )
    return PartHealth(part="database", ok=ok, sentence=said)


def _projection(sales: Follower) -> PartHealth:
    reason = sales.mended.reason
    if reason is None:
        said = Sentence(en="Sales figures are kept up.", id="Angka penjualan terus diperbarui.")
    else:
        said = Sentence(
            en=f"Sales figures are not moving: {reason}. What boxes send is still taken in.",
            id=f"Angka penjualan berhenti: {reason}. Kiriman outlet tetap diterima.",
        )
    return PartHealth(part="sales", ok=reason is None, sentence=said)


def _news(news: News) -> PartHealth:
    reason = news.mended.reason
    if reason is None:
        said = Sentence(en="Changes are shown at once.", id="Perubahan langsung tampil.")
    else:
        said = Sentence(
            en="Changes are shown late: news between processes does not arrive.",
            id="Perubahan terlambat tampil: kabar antarproses tidak sampai.",
        )
    return PartHealth(part="news", ok=reason is None, sentence=said)
