"""Stage 6: entries go up to HQ in batches, and stay until HQ has confirmed them by their chain.

A hello first, and with it every step that makes both sides whole (`reconciling`); then batches, one
in flight. Whatever goes wrong ends in another hello after a pause. Retries are driven by a timer,
never by something new to send.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from edge.alarms import Alarms
from edge.batches import Batches, entries_of
from edge.database import Busy, Database, DatabaseBroken
from edge.follower import Fault
from edge.greeting import Greeting, acked_seqs, read_greeting, sent_through
from edge.journal import BUILT_MS, Journal, read_rows
from edge.pace import Pace
from edge.platform import Platform
from edge.reconciling import Reconciling, TakesBack
from edge.role import Role
from edge.uplink import HqBusy, HqRefused, HqSaid, HqSaysHello, HqUnreadable, NoLine, Uplink
from protocol import PROTOCOL
from protocol.box_events import ClockAnchored
from protocol.clock import AHEAD_MS_MAX, Confidence
from protocol.ids import CommandId
from protocol.replication import Alarm, Batch, Digest, Hello, Receipt, Wanted, Welcome

log = logging.getLogger("edge.replication")

LINGER_S = 0.1
"""How long fresh entries wait for company before they are sent."""
HELLO_EVERY_S = 600.0
HELLO_AGAIN_S = 15.0
"""How soon a hello is said again whose last step, taking back what was lost, did not come through.
What is new here goes up meanwhile."""
CLOSE_MS = 60_000
"""A wall clock this near HQ's is right."""


class ReadsReceipts(Protocol):
    """Whoever makes and reads the codes on printed receipts (`edge.printing.links`)."""

    secret: bytes

    def learn(self, secrets: Sequence[bytes]) -> None:
        """Read the codes of these boxes too."""


class Replication:
    """The box's line up to HQ."""

    def __init__(
        self,
        uplink: Uplink,
        journal: Journal,
        database: Database,
        platform: Platform,
        *,
        product: str,
        alarms: Alarms,
        role: Role,
        backfill: TakesBack,
    ) -> None:
        self.uplink = uplink
        self.journal = journal
        self.database = database
        self.platform = platform
        self.product = product
        self.alarms = alarms
        self.standing = role
        self.pace = Pace(platform)
        self.batches = Batches(journal, database)
        self.reconciling = Reconciling(uplink, journal, database, platform, alarms, backfill)
        self.digests: Callable[[sqlite3.Connection], tuple[Digest, ...]] = lambda _: ()
        """What the box holds of HQ's feed, for HQ to compare."""
        self.note_welcome: Callable[[Sequence[Digest], int], Awaitable[None]] | None = None
        """Hears what HQ says the box should hold of its feed, and at which position."""
        self.note_pepper: Callable[[bytes], None] | None = None
        """Told what HQ says PINs of its people are hashed with."""
        self.receipts: ReadsReceipts | None = None
        """Whose secret HQ keeps, and who hears of those of other boxes of the outlet."""
        self.incarnation = ""
        self.sent_through = 0
        self.fault: str | None = None
        self.answered = True
        """Whether the fault is HQ's own no, or a bug, and not merely a line that is down."""
        self.not_back: str | None = None
        """Why what HQ has of this outlet could not be taken back, if so."""
        self.last_heard_ms: int | None = None
        self.greeted = 0
        """Hellos that were done to the end."""
        self.sent = 0
        """Batches that HQ answered."""
        self.entries = 0
        self._anchored = False
        self._known: int | None = None
        self._in_flight = 0
        self._greeted_ms = 0
        self._hello_asked = False
        self._task: asyncio.Task[None] | None = None

    @property
    def unsent(self) -> int:
        """Committed entries that HQ may not have: at most so many are missing there."""
        return self.journal.position - self.sent_through

    @property
    def replicated(self) -> int:
        """HQ has confirmed everything up to this position of the journal."""
        return self.sent_through

    @property
    def role(self) -> str:
        """`primary`, or `standby` while another box of the outlet is in charge."""
        return self.standing.value

    async def start(self) -> None:
        """Begin with a hello. What HQ confirmed before the restart stays confirmed."""
        await self._find_place()
        self._task = asyncio.create_task(self._run(), name="replication")

    async def stop(self) -> None:
        """Stop; what is unsent is sent after the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def try_now(self) -> None:
        """HQ answers again, as its feed shows: greet it, and sit out no pause that grew meanwhile."""
        self._hello_asked = True
        self.pace.try_now()

    def note_head(self, head: int | None) -> None:
        """HQ said in passing how many entries of the outlet it has.

        More than it had at the hello and was sent since come from another box of the outlet (one
        on standby that sold, a copied disk): they are fetched now, not with the next hello.
        """
        if head is None or self._known is None or head <= self._known + self._in_flight:
            return
        if self.platform.mono_ms() >= self._greeted_ms + HELLO_AGAIN_S * 1000:
            self.try_now()

    async def take_role(self, role: str) -> None:
        """HQ said in passing which role this box has."""
        await self.standing.take(role)

    async def take_over(self) -> None:
        """A person puts this box in charge: HQ is told at once, or when it is back."""
        await self.standing.take_over()
        self.try_now()

    async def _run(self) -> None:
        while True:
            try:
                whole = await self._hello()
                until_s = HELLO_EVERY_S if whole else HELLO_AGAIN_S
                await self._send_until(self.platform.mono_ms() + int(until_s * 1000))
            except HqSaysHello as reason:
                log.info("HQ asks for a hello: %s", reason)
                await self.pace.pause()
            except Fault as fault:
                self.answered = isinstance(fault, HqRefused)
                self._note_fault(str(fault))
                await self.pace.pause(fault.trouble if isinstance(fault, HqSaid) else None)
            except (Busy, DatabaseBroken):
                await self.pace.pause()
            except Exception as bug:
                # What is kept here is safe; a line that ended in silence would not be missed.
                if self.fault is None:
                    log.exception("sending to HQ stopped at a bug; it is tried again")
                self.answered = True
                self._note_fault(f"Sending stopped at a bug ({bug!r})")
                await self.pace.pause()

    async def _hello(self) -> bool:
        """Greet HQ and do all that follows from its answer; whether every step came through.

        Nothing is sent before both sides are compared. A box that cannot get back what it lost
        says hello again and again, but does not keep to itself what it has.
        """
        self._hello_asked = False
        self._known = None
        greeting = await self.database.read(read_greeting)
        hello = await self._introduction(greeting)
        asked_ms = self.platform.mono_ms()
        welcome = await self.uplink.hello(hello)
        answered_ms = self.platform.mono_ms()
        self.pace.agree(welcome)
        await self._take_time(welcome, asked_ms, answered_ms)
        await self.standing.take(welcome.role, knows_wish=greeting.take_over)
        try:
            wanted = await self.reconciling.compare(greeting.streams, welcome)
        finally:
            # What HQ turned out to have lost is not confirmed any more, whatever comes next.
            await self._find_place()
        self.incarnation = welcome.incarnation
        self.not_back = await self._take_back(wanted)
        await self._find_place()
        if self.note_pepper is not None:
            self.note_pepper(welcome.pin_pepper)
        if self.receipts is not None:
            self.receipts.learn(welcome.receipt_keys)
        if self.note_welcome is not None:
            await self.note_welcome(welcome.digests, welcome.feed_pos)
        await self.database.write(lambda db: self.journal.receive(welcome.stamp, db))
        await self.alarms.load()
        await self.alarms.forget_old()
        self._note_heard()
        self._known, self._in_flight = welcome.head, 0
        self._greeted_ms = self.platform.mono_ms()
        self.greeted += self.not_back is None
        # Of a box that got another name meanwhile HQ says the role only once it has introduced itself.
        self._hello_asked |= hello.instance != self.platform.instance
        return self.not_back is None

    async def _introduction(self, greeting: Greeting) -> Hello:
        digests = await self.database.read(self.digests)
        oldest = await self.database.read(lambda db: oldest_unsent_ms(db, self.sent_through))
        reading = self.journal.reading()
        unsure = Alarm("clock_unsure", {}, reading.wall_ms)
        return Hello(
            protocol=PROTOCOL,
            product=self.product,
            boot=self.platform.boot,
            clock=reading,
            streams=greeting.streams,
            feed_incarnation=greeting.feed_incarnation,
            feed_pos=greeting.feed_pos,
            menu_version=greeting.menu_version,
            unsent=self.unsent,
            instance=self.platform.instance,
            succeeds=greeting.succeeds,
            stamp=self.journal.stamp(),
            take_over=greeting.take_over,
            alarms=self.alarms.listed
            + ((unsure,) if reading.confidence is Confidence.UNCERTAIN else ()),
            digests=digests,
            parked=greeting.parked,
            acknowledged=greeting.acknowledged,
            oldest_unsent_ms=oldest,
            receipt_key=b"" if self.receipts is None else self.receipts.secret,
        )

    async def _take_back(self, wanted: Sequence[Wanted]) -> str | None:
        try:
            await self.reconciling.take_back(wanted)
        except (NoLine, HqBusy, Busy, DatabaseBroken):
            raise
        except Exception as trouble:  # noqa: BLE001 - whatever it is, what is new here still goes up
            if self.not_back is None:
                log.warning("what HQ has of this outlet does not come back yet: %r", trouble)
            return str(trouble) or repr(trouble)
        return None

    async def _take_time(self, welcome: Welcome, asked_ms: int, answered_ms: int) -> None:
        """HQ's clock, once per boot as an entry: everything of the boot is dated from it."""
        self.journal.receive(welcome.stamp)
        if not 0 < welcome.server_ms <= BUILT_MS + AHEAD_MS_MAX:
            return
        near = abs(welcome.server_ms - self.platform.wall_ms()) < CLOSE_MS
        self.platform.clock_synced |= near
        if self._anchored:
            return
        anchored = ClockAnchored(
            node_id=self.journal.node_id,
            boot=self.platform.boot,
            mono_ms=(asked_ms + answered_ms) // 2,
            server_ms=welcome.server_ms,
            rtt_ms=answered_ms - asked_ms,
        )
        command = CommandId(self.platform.new_id())

        def work(db: sqlite3.Connection) -> None:
            reading = self.journal.reading()
            self.journal.append(
                db, [anchored], reading, command_id=command, actor=self.journal.node_id
            )

        await self.database.write(work)
        self._anchored = True

    async def _find_place(self) -> None:
        self.batches.acked = await self.database.read(acked_seqs)
        self.sent_through = await self.database.read(sent_through)

    async def _send_until(self, deadline_ms: int) -> None:
        while (left := deadline_ms - self.platform.mono_ms()) > 0 and not self._hello_asked:
            if self.unsent == 0:
                self.pace.attempt = 0
                await self.alarms.clear("hq_restored")
                await self._wait_for_more(left / 1000)
                continue
            batch, last = await self.batches.next(
                self.sent_through, self.pace.size, self.pace.bytes_max, self.incarnation
            )
            if not batch.segments:
                self.sent_through = last
                continue
            receipt = await self._send(batch)
            if receipt is not None:
                await self._take_receipt(batch, receipt, last)

    async def _wait_for_more(self, at_most_s: float) -> None:
        self.pace.heard.clear()
        if self._hello_asked:
            return
        more = asyncio.create_task(self.journal.wait_after(self.sent_through))
        called = asyncio.create_task(self.pace.heard.wait())
        try:
            await asyncio.wait(
                (more, called), timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            more.cancel()
            called.cancel()
        await asyncio.sleep(LINGER_S)

    async def _send(self, batch: Batch) -> Receipt | None:
        """HQ's receipt; None when HQ could not read the batch and a smaller one is next."""
        count = self._in_flight = entries_of(batch)
        try:
            return await self.uplink.send(batch)
        except HqUnreadable:
            only = batch.segments[0].entries[0].event_id
            if count == 1 and only == self.batches.opaque:
                raise
            self.pace.halve(count)
            if count == 1:
                self.batches.opaque = only
            return None
        except (NoLine, HqBusy, HqSaysHello):
            raise
        except Fault:
            self.pace.halve(count)
            raise

    async def _take_receipt(self, batch: Batch, receipt: Receipt, last: int) -> None:
        if receipt.incarnation != self.incarnation:
            raise HqSaysHello("HQ is not the one that was greeted")
        whole = await self.batches.take(batch, receipt.acks)
        self.sent += 1
        self._note_heard()
        if not whole:
            raise HqSaysHello("HQ did not confirm a whole batch")
        self.entries += self._in_flight
        self._known = None if self._known is None else self._known + self._in_flight
        self._in_flight = 0
        self.sent_through = last
        self.pace.went_through()
        if batch.segments[0].entries[0].event_id == self.batches.opaque:
            self.batches.opaque = None
            known = next((a for a in self.alarms.listed if a.code == "entry_unreadable"), None)
            before = int(known.params.get("entries", "0")) if known else 0
            await self.alarms.tell("entry_unreadable", entries=str(before + 1))

    def _note_heard(self) -> None:
        self.last_heard_ms = self.journal.reading().wall_ms
        if self.fault is not None:
            log.info("HQ is there again; %d entries to send", self.unsent)
        self.fault = None

    def _note_fault(self, sentence: str) -> None:
        if self.fault is None:
            log.warning("%s; orders are kept here and sent when it is back", sentence)
        self.fault = sentence


def oldest_unsent_ms(db: sqlite3.Connection, sent_through: int) -> int | None:
    """When the oldest entry that HQ has not confirmed was written (Unix milliseconds)."""
    rows = read_rows(db, sent_through, 1)
    return rows[0].entry.wall_ms if rows else None
