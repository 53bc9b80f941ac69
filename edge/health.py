"""What is wrong, in words: for the person at the counter, the technician and the monitoring."""

import shutil
from collections.abc import Callable, Sequence

import msgspec

from edge.alarms import Alarms
from edge.database import Database
from edge.follower import Follower
from edge.journal import Journal
from edge.kitchen import Kitchen
from edge.lan.mdns import Announcement
from edge.outlet import Outlet
from edge.printing.spool import Spool
from edge.printing.state_words import printer_words
from edge.replication import Replication
from edge.resolutions import FeedDown
from edge.seals import Seal
from edge.uplink import FORGOTTEN, FORGOTTEN_ID
from protocol.alarms import sentence
from protocol.clock import Confidence
from protocol.feed import Notice
from protocol.menu import name_in
from protocol.routing_checks import Unserved

DISK_LOW_BYTES = 500 * 1024 * 1024
UNSENT_NOTICE = 200
"""Entries that may be on their way without anybody being told."""
STRAYS_NAMED = 5
"""Items without their station that are named; of more it is said how many they are."""


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """One statement about the box, true or not so good; `ok` False is shown on the screens."""

    code: str
    ok: bool
    en: str
    id: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The health page. `acknowledged` = `replicated` + `unsent`."""

    ok: bool
    ready: bool
    outlet: str
    boot: str
    acknowledged: int
    replicated: int
    unsent: int
    oldest_unsent_ms: int | None
    parked: int
    last_heard_from_hq_ms: int | None
    sentences: tuple[Sentence, ...]
    enrolled: bool = False
    """Whether there is an HQ to send to."""
    role: str = "primary"
    seals: tuple[Seal, ...] = ()
    fingerprint: str = ""
    """SHA-256 (hex) of the box's certificate, as devices remember it."""


class Health:
    """Asks every part how it is. Parts that do not exist on this box are left out."""

    def __init__(self, database: Database, journal: Journal, outlet: Outlet) -> None:
        self.database = database
        self.journal = journal
        self.outlet = outlet
        self.menu_version: Callable[[], int] = lambda: 0
        self.price_version: Callable[[], int] = lambda: 0
        self.house_version: Callable[[], int] = lambda: 0
        self.strays: Callable[[], Sequence[Unserved]] = tuple
        """Items that name a kitchen station which is not there."""
        self.news: Callable[[], list[Notice]] = list
        """What staff should hear about that is nobody's fault: prices that changed under an order."""
        self.kitchen: Kitchen | None = None
        self.desk: Callable[[], Sequence[tuple[str, str, str]]] = tuple
        """What is wrong between the box and its cooks: code, English, Indonesian."""
        self.spool: Spool | None = None
        self.replication: Replication | None = None
        self.feed_down: FeedDown | None = None
        self.uncertified: Callable[[], int] = lambda: 0
        """Closed days that box and HQ have not been found to agree on yet."""
        self.alarms: Alarms | None = None
        self.fingerprint = ""
        self.announcement: Announcement | None = None
        self.followers: Sequence[Follower] = ()

    @property
    def ready(self) -> bool:
        """Whether orders can be taken now."""
        usable = self.database.broken is None and not self.database.full
        return usable and self.menu_version() > 0

    def notices(self) -> tuple[Notice, ...]:
        """What staff should know about now; empty when all is well."""
        wrong = (Notice(code=s.code, en=s.en, id=s.id) for s in self.sentences() if not s.ok)
        return (*wrong, *self.news())

    def sentences(self) -> list[Sentence]:
        """Every statement about the box."""
        return [
            self._database(),
            self._menu(),
            *self._strays(),
            self._clock(),
            self._disk(),
            *self._kitchen(),
            *(Sentence(code=code, ok=False, en=en, id=id_) for code, en, id_ in self.desk()),
            *self._printers(),
            *self._alarms(),
            *self._hq(),
            *self._days(),
            *self._lan(),
            *self._followers(),
        ]

    def report(self, oldest_unsent_ms: int | None, seals: tuple[Seal, ...] = ()) -> Report:
        """The whole page; what has to be read from the database is given."""
        sentences = self.sentences()
        unsent = self.replication.unsent if self.replication else 0
        return Report(
            ok=all(s.ok for s in sentences),
            ready=self.ready,
            outlet=self.outlet.name,
            boot=self.journal.platform.boot,
            acknowledged=self.journal.position,
            replicated=self.journal.position - unsent if self.replication else 0,
            unsent=unsent,
            oldest_unsent_ms=oldest_unsent_ms,
            parked=sum(f.parked for f in self.followers),
            last_heard_from_hq_ms=self.replication.last_heard_ms if self.replication else None,
            sentences=tuple(sentences),
            enrolled=self.replication is not None,
            role=self.replication.role if self.replication else "primary",
            seals=seals,
            fingerprint=self.fingerprint,
        )

    def _database(self) -> Sentence:
        if self.database.broken:
            return Sentence(
                code="database",
                ok=False,
                en=f"The box takes no orders: {self.database.broken}. What was accepted is kept.",
                id="Perangkat tidak menerima pesanan: diska bermasalah. Yang sudah diterima aman.",
            )
        if self.database.full:
            return Sentence(
                code="database",
                ok=False,
                en="The disk is full: the box takes no orders until there is room. Write them on"
                " paper, free space or call the technician. What was accepted is kept.",
                id="Diska penuh: perangkat tidak menerima pesanan sampai ada ruang. Catat di kertas,"
                " kosongkan ruang atau panggil teknisi. Yang sudah diterima aman.",
            )
        return Sentence(
            code="database",
            ok=True,
            en=f"{self.journal.position} journal entries are on disk.",
            id=f"{self.journal.position} entri jurnal tersimpan di diska.",
        )

    def _strays(self) -> list[Sentence]:
        """Made all the same, by the fallback station; but perhaps not where anybody expects it."""
        strays = self.strays()
        if not strays:
            return []
        first = strays[:STRAYS_NAMED]
        names_en = ", ".join(name_in(x.names, "en") for x in first)
        names_id = ", ".join(name_in(x.names, "id") for x in first)
        more = "" if len(strays) == len(first) else f" (+{len(strays) - len(first)})"
        return [
            Sentence(
                code="menu.stations",
                ok=False,
                en=f"The menu sends these to a kitchen station that is not there: {names_en}{more}."
                " Another station gets them until HQ says who makes them.",
                id=f"Menu mengirim ini ke stasiun dapur yang tidak ada: {names_id}{more}."
                " Stasiun lain menerimanya sampai pusat menentukan siapa yang membuatnya.",
            )
        ]

    def _menu(self) -> Sentence:
        version = self.menu_version()
        if version == 0:
            return Sentence(
                code="menu",
                ok=False,
                en="There is no menu yet: orders can be taken once HQ has sent one.",
                id="Belum ada menu: pesanan bisa diterima setelah pusat mengirimnya.",
            )
        book = self.price_version()
        with_en, with_id = "", ""
        if book:
            with_en, with_id = f" with price book {book}", f" dengan daftar harga {book}"
        if house := self.house_version():
            with_en, with_id = f"{with_en}, house rules {house}", f"{with_id}, aturan {house}"
        old_en, old_id = self._age()
        return Sentence(
            code="menu",
            ok=True,
            en=f"Menu version {version} is in force{with_en}{old_en}.",
            id=f"Menu versi {version} berlaku{with_id}{old_id}.",
        )

    def _age(self) -> tuple[str, str]:
        """How old what HQ said is, when HQ is not heard: prices may have changed since."""
        line = self.replication
        if line is None or line.fault is None or line.last_heard_ms is None:
            return "", ""
        minutes = max(0, self.journal.reading().wall_ms - line.last_heard_ms) // 60_000
        return (
            f", as HQ had them {minutes} minutes ago",
            f", keadaan pusat {minutes} menit lalu",
        )

    def _clock(self) -> Sentence:
        confidence = self.journal.reading().confidence
        if confidence is Confidence.UNCERTAIN:
            return Sentence(
                code="clock",
                ok=False,
                en="The box's clock is wrong. Orders are taken; their times are marked as unsure.",
                id="Jam perangkat salah. Pesanan tetap diterima; waktunya ditandai belum pasti.",
            )
        sure = confidence is Confidence.SYNCED
        return Sentence(
            code="clock",
            ok=True,
            en="The clock agrees with HQ." if sure else "The clock is plausible, not confirmed.",
            id="Jam sesuai dengan pusat." if sure else "Jam masuk akal, belum dipastikan.",
        )

    def _disk(self) -> Sentence:
        free = shutil.disk_usage(self.database.path.parent).free
        megabytes = free // (1024 * 1024)
        return Sentence(
            code="disk",
            ok=free >= DISK_LOW_BYTES,
            en=f"{megabytes} MB of disk are free.",
            id=f"Sisa diska {megabytes} MB.",
        )

    def _kitchen(self) -> list[Sentence]:
        if self.kitchen is None:
            return []
        lag = self.kitchen.follower.lag
        if not self.kitchen.link.connected:
            return [
                Sentence(
                    code="kitchen",
                    ok=False,
                    en=f"The kitchen displays cannot be reached; {lag} entries wait. Tell the"
                    " kitchen by voice or paper.",
                    id=f"Layar dapur tidak terjangkau; {lag} entri menunggu. Beri tahu dapur secara"
                    " lisan atau kertas.",
                )
            ]
        return [
            Sentence(
                code="kitchen",
                ok=True,
                en=f"The kitchen's broker answers; {self.kitchen.published} messages sent.",
                id=f"Broker dapur menjawab; {self.kitchen.published} pesan terkirim.",
            )
        ]

    def _printers(self) -> list[Sentence]:
        said = () if self.spool is None else printer_words(self.spool)
        return [Sentence(code=code, ok=ok, en=en, id=id_) for code, ok, en, id_ in said]

    def _alarms(self) -> list[Sentence]:
        return [
            Sentence(
                code=f"alarm.{alarm.code}",
                ok=False,
                en=sentence(alarm, "en"),
                id=sentence(alarm, "id"),
            )
            for alarm in (self.alarms.listed if self.alarms else ())
        ]

    def _hq(self) -> list[Sentence]:
        line = self.replication
        if line is None:
            return []
        found = [_line_to_hq(line)]
        if line.not_back is not None and line.fault is None:
            found.append(
                Sentence(
                    code="recovery",
                    ok=False,
                    en=f"Older orders do not come back from HQ yet ({line.not_back.rstrip('.')})."
                    " It is tried again; new orders go on.",
                    id="Pesanan lama belum bisa diambil dari pusat. Dicoba lagi; pesanan baru tetap"
                    " jalan.",
                )
            )
        if self.feed_down is not None and self.feed_down.fault and line.fault is None:
            found.append(
                Sentence(
                    code="feed",
                    ok=False,
                    en=f"Menus from HQ do not arrive ({self.feed_down.fault.rstrip('.')}); the last"
                    " one stays.",
                    id="Menu dari pusat tidak sampai; yang terakhir tetap berlaku.",
                )
            )
        if self.feed_down is not None:
            found.extend(
                Sentence(
                    code="feed",
                    ok=False,
                    en=f"{name} from HQ cannot be used ({why}); the last good one stays.",
                    id=f"{name} dari pusat tidak bisa dipakai; yang terakhir baik tetap berlaku.",
                )
                for name, why in self.feed_down.parked.items()
            )
        return found

    def _lan(self) -> list[Sentence]:
        """How new screens find the box; nothing where that is switched off."""
        said = self.announcement
        if said is None:
            return []
        if said.trouble is not None:
            en = f"New screens do not find the box by themselves: {said.describe()}."
            id_ = "Layar baru tidak menemukan box dengan sendirinya: jaringan bermasalah."
        elif said.twin:
            en = f"Another machine on this network has this box's name; it is {said.describe()}."
            id_ = "Ada mesin lain di jaringan ini dengan nama box ini; periksa yang mana milik outlet."
        else:
            en = f"The box is {said.describe()}."
            id_ = "Box mengumumkan diri di jaringan; layar baru menemukannya."
        well = said.trouble is None and not said.twin
        return [Sentence(code="lan", ok=well, en=en, id=id_)]

    def _days(self) -> list[Sentence]:
        days = self.uncertified()
        if not days:
            return []
        en = f"{days} closed days have no certificate yet; it follows when HQ has everything."
        id_ = f"{days} hari tutup belum bersertifikat; menyusul saat pusat punya semuanya."
        return [Sentence(code="certificates", ok=True, en=en, id=id_)]

    def _followers(self) -> list[Sentence]:
        return [
            Sentence(
                code=f"parked.{f.name}",
                ok=False,
                en=f"{f.parked} entries could not be handled by {f.name}; they are kept and listed.",
                id=f"{f.parked} entri tidak bisa diproses oleh {f.name}; tersimpan dan terdaftar.",
            )
            for f in self.followers
            if f.parked
        ]


def _line_to_hq(line: Replication) -> Sentence:
    kept_en = f"{line.unsent} entries are kept here until"
    kept_id = f"{line.unsent} entri disimpan di sini sampai"
    if line.fault is None:
        return Sentence(
            code="hq",
            ok=True,
            en=f"HQ has everything but {line.unsent} entries."
            if line.unsent
            else "HQ has everything.",
            id=f"Pusat punya semua kecuali {line.unsent} entri."
            if line.unsent
            else "Pusat punya semuanya.",
        )
    if line.fault == FORGOTTEN:
        return Sentence(
            code="hq",
            ok=False,
            en=f"{FORGOTTEN}. {line.unsent} entries are kept here and go up then.",
            id=f"{FORGOTTEN_ID}. {line.unsent} entri disimpan di sini dan dikirim sesudahnya.",
        )
    if line.answered:  # waiting will not help: somebody must hear the reason
        return Sentence(
            code="hq",
            ok=False,
            en=f"{line.fault.rstrip('.')}; {kept_en} that is put right.",
            id=f"Pusat menolak atau ada kesalahan ({line.fault.rstrip('.')}); {kept_id} diperbaiki.",
        )
    return Sentence(
        code="hq",
        ok=False,
        en=f"HQ cannot be reached; {kept_en} it is back.",
        id=f"Pusat tidak terjangkau; {kept_id} kembali.",
    )
