"""Stages 1 to 3: a command is taken once, decided by the rules, and committed before the answer.

Commands that wait together are decided one after another in memory, then written together: about
ten statements and one flush for a whole group. A command that cannot be decided (a bug) fails by
itself: nothing of it was written yet.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from edge.asked_again import NOT_NOW, PASSES, is_overtaken, may_come_again
from edge.command_digest import COMMAND_ID_MAX, digest_of, fit_to_keep
from edge.coupons import count_uses, limited_coupons
from edge.database import Busy, Database, DatabaseBroken, DiskFull
from edge.journal import Journal
from edge.journal_table import BODY_BYTES_MAX, TooLarge
from edge.menu import Menus
from edge.order_state import COMMANDS_KEPT_MS, Answer, LiveNumbers, OrderState
from edge.outlet import Outlet
from edge.proofs import Proofs
from edge.returned_commands import RETURNED, is_another
from edge.standing import NEEDS_SUMS, sums_for, with_names
from edge.stock import stream_ends
from protocol.clock import Confidence, Reading
from protocol.commands import Command, CountStock, Envelope, PlaceOrder
from protocol.events import OrderPlaced, tag_of
from protocol.orders import Order, Source
from protocol.refusals import Refusal
from protocol.rules import Moment, State, decide, folded
from protocol.rules.offering import TIME_MAX, believed, happened_ms_of, kept_number
from protocol.rules.state import NO_SUMS, Sums
from protocol.sign_in import staff_of
from protocol.staff import Actor
from protocol.till_commands import CloseDay
from protocol.tills import Outstanding

log = logging.getLogger("edge.taking")

QUEUE_MAX = 4_096
"""Most commands that may wait; a further one is told that the box is busy."""
GROUP_MAX = 256
"""Most commands that share one flush."""

FLOOD_GROUP = 8
"""Commands in one group that mean a flood: an outlet's rush hour makes groups of one or two."""
FLOOD_OVER_S = 0.5
"""A flood is over when no group came for so long."""
OFFERED_AHEAD_MS = 24 * 3600 * 1000
"""How far ahead of a confirmed clock a first answer may be dated: the box that gave it had none."""

_encode = msgspec.json.Encoder().encode
_order_decoder = msgspec.json.Decoder(Order)


@dataclass(frozen=True, slots=True)
class Taken:
    """The yes to a command: on disk at `position`; `order_json` is the order as it now is."""

    command_id: str
    position: int
    repeated: bool
    order_json: bytes | None
    events: tuple[str, ...]
    proof: str = ""

    @property
    def order(self) -> Order | None:
        """The order as it now is."""
        return None if self.order_json is None else _order_decoder.decode(self.order_json)


Outcome = Taken | Refusal


@dataclass(slots=True)
class _Waiting:
    envelope: Envelope
    digest: bytes
    actor: Actor | None
    answer: "asyncio.Future[Outcome]"


class Taking:
    """The one way in: every screen, importer and follower that asks for something comes here."""

    def __init__(self, database: Database, journal: Journal, menus: Menus, outlet: Outlet) -> None:
        self.database = database
        self.journal = journal
        self.menus = menus
        self.outlet = outlet
        self.accepted = 0
        self.refused = 0
        self.repeated = 0
        self.guards: list[Callable[[Envelope], Refusal | None]] = []
        """Who may say no for the box's own sake."""
        self.outstanding: list[Callable[[], Iterable[Outstanding]]] = []
        """Who knows of something that is not done, outside the database."""
        self.proofs: Proofs | None = None
        """Where people sign in: by what the box knows again what was accepted."""
        self._live_numbers = LiveNumbers()
        self._last_group = 0
        self._last_group_s = 0.0
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(QUEUE_MAX)
        self._task: asyncio.Task[None] | None = None

    @property
    def flooded(self) -> bool:
        """Whether more commands come in than in any rush hour; followers then stand back."""
        now_s = asyncio.get_running_loop().time()
        return self._last_group >= FLOOD_GROUP and now_s - self._last_group_s < FLOOD_OVER_S

    @property
    def waiting(self) -> int:
        """Commands that wait for the next group."""
        return self._queue.qsize()

    async def start(self) -> None:
        """Begin to take."""
        self._task = asyncio.create_task(self._run(), name="taking")

    async def stop(self) -> None:
        """Finish what waits, take nothing more."""
        if self._task is not None:
            task, self._task = self._task, None
            await self._queue.put(None)
            await task

    async def take(self, envelope: Envelope, actor: Actor | None = None) -> Outcome:
        """Decide a command and keep what follows; returns after the commit is on disk.

        `actor` is who asks, by their sign-in; None where nobody has to sign in.

        The same command id again returns the first answer. Raises Busy and DatabaseBroken
        (nothing was taken).
        """
        if self._task is None:
            raise DatabaseBroken("the box is stopping")
        if not fit_to_keep(envelope.command_id):
            return Refusal("bad_id", {"id": ascii(envelope.command_id[:COMMAND_ID_MAX])})
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Waiting(envelope, digest_of(envelope), actor, answer))
        except asyncio.QueueFull:
            raise Busy(f"{QUEUE_MAX} commands are waiting") from None
        return await answer

    def take_within(self, db: sqlite3.Connection, envelope: Envelope) -> Outcome:
        """Decide a command of the box's own inside a running transaction: all of it is kept or none.

        Raises what a bug in the rules raises.
        """
        (outcome,) = self._decide_group(db, [(envelope, digest_of(envelope), None)])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _run(self) -> None:
        while (first := await self._queue.get()) is not None:
            group = [first]
            while len(group) < GROUP_MAX and not self._queue.empty():
                another = self._queue.get_nowait()
                if another is None:
                    self._queue.put_nowait(None)
                    break
                group.append(another)
            self._last_group = len(group)
            await self._take_group(group)
            self._last_group_s = asyncio.get_running_loop().time()

    async def _take_group(self, group: list[_Waiting]) -> None:
        outcomes: list[Outcome | Exception]
        try:
            asked = [(item.envelope, item.digest, item.actor) for item in group]
            outcomes = await self.database.write(lambda db: self._decide_group(db, asked))
        except DiskFull:
            outcomes = [Refusal("disk_full")] * len(group)
        except Exception as error:  # noqa: BLE001 - every screen of the group is told
            for item in group:
                if not item.answer.done():
                    item.answer.set_exception(error)
            return
        for item, outcome in zip(group, outcomes, strict=True):
            self._answer(item.answer, outcome)

    def _answer(self, answer: "asyncio.Future[Outcome]", outcome: Outcome | Exception) -> None:
        if isinstance(outcome, Exception):
            if not answer.done():
                answer.set_exception(outcome)
            return
        if isinstance(outcome, Refusal):
            self.refused += 1
        elif outcome.repeated:
            self.repeated += 1
        else:
            self.accepted += 1
        if not answer.done():
            answer.set_result(outcome)

    def _decide_group(
        self, db: sqlite3.Connection, group: list[tuple[Envelope, bytes, Actor | None]]
    ) -> list[Outcome | Exception]:
        reading = self.journal.reading()
        work = OrderState.load(
            db,
            [envelope for envelope, _, _ in group],
            self.menus.current(db),
            self.outlet.moment(reading),
        )
        outcomes: list[Outcome | Exception] = []
        for envelope, digest, actor in group:
            try:
                outcomes.append(self._decide(db, work, envelope, digest, actor, reading))
            except Exception as bug:
                log.exception("command %s cannot be decided", envelope.command_id)
                outcomes.append(bug)
        if work.staged:
            self.journal.write(db)
        work.write(db, reading.wall_ms)
        return outcomes

    def _decide(
        self,
        db: sqlite3.Connection,
        work: OrderState,
        envelope: Envelope,
        digest: bytes,
        actor: Actor | None,
        reading: Reading,
    ) -> Outcome:
        known = work.answers.get(envelope.command_id)
        if known is not None and not may_come_again(envelope, digest, known):
            return self._first_answer(work, envelope, digest, known)
        for guard in self.guards:
            if (no := guard(envelope)) is not None:
                return self._refuse(work, envelope, digest, no)
        proven = self.proofs is None or self.proofs.believes(envelope, digest)
        # A price, a number, a name: without a proof they are what somebody at a screen made up.
        accepted = self._believed(work, envelope, reading) if actor is None or proven else None
        staff = staff_of(envelope, actor, proven=proven and envelope.offered)
        envelope = replace(envelope, accepted=accepted, staff=staff)
        moment = self._moment(work, envelope, reading)
        state = self._state(db, work, envelope, moment.business_date, actor)
        state = replace(state, proven=True) if proven else state
        events = decide(state, envelope.command, moment)
        if isinstance(events, Refusal):
            return self._refuse(work, envelope, digest, with_names(db, events))
        orders = folded(state, events)
        order = orders.get(getattr(envelope.command, "order_id", ""), state.order)
        body = None if order is None else _encode(order)
        position, overtaken = self.journal.position, is_overtaken(events)
        if events:
            self.journal.open_stream(db, reading)
            try:
                position = self.journal.stage(
                    events,
                    reading,
                    command_id=envelope.command_id,
                    actor=envelope.staff or envelope.screen,
                    orders=orders,
                )
            except TooLarge as no:
                log.warning("command %s is refused: %s", envelope.command_id, no)
                return Refusal("too_large", {"most": str(BODY_BYTES_MAX)})
            work.keep(events, orders, body, position)
            if state.approval is not None and not overtaken:
                work.use_approval(state.approval, envelope.command_id)
            if isinstance(envelope.command, CloseDay):
                self._flush(db, work)  # what comes after it in this group is not counted by it
            if isinstance(events[0], OrderPlaced):
                work.note_number(db, moment.business_date, state.order_number)
                if state.accepted is not None:
                    self._live_numbers.note(state.order_number)
        order_id = order.order_id if order else None
        work.remember(envelope, Answer(digest, position, order_id, None, done=not overtaken))
        tags = tuple(tag_of(e) for e in events)
        proof = "" if self.proofs is None or overtaken else self.proofs.of(envelope, digest)
        return Taken(envelope.command_id, position, False, body, tags, proof)

    def _first_answer(
        self, work: OrderState, envelope: Envelope, digest: bytes, known: Answer
    ) -> Outcome:
        if known.digest.startswith(RETURNED):
            other = is_another(known.digest, known.order_id, envelope.command)
        else:
            other = bool(known.digest) and known.digest != digest
        if other:
            return Refusal("command_reused", {"command_id": envelope.command_id})
        if known.refusal is not None:
            return known.refusal
        held = work.orders.get(known.order_id) if known.order_id else None
        body = held.body if held else None
        # The first answer may never have arrived: its proof goes along with each.
        proof = self.proofs.of(envelope, digest) if known.done and self.proofs is not None else ""
        return Taken(envelope.command_id, known.position, True, body, (), proof)

    def _refuse(self, work: OrderState, envelope: Envelope, digest: bytes, no: Refusal) -> Refusal:
        again = envelope.offered or envelope.happened_ms is not None
        if no.code not in NOT_NOW and not (again and no.code in PASSES):
            work.remember(envelope, Answer(digest, self.journal.position, None, no))
        return no

    def _moment(self, work: OrderState, envelope: Envelope, reading: Reading) -> Moment:
        told_ms = envelope.happened_ms
        if told_ms is None and envelope.accepted is not None:
            told_ms = happened_ms_of(envelope.command, envelope.accepted)
        return work.moment if told_ms is None else self.outlet.moment(reading, told_ms)

    def _state(
        self,
        db: sqlite3.Connection,
        work: OrderState,
        envelope: Envelope,
        business_date: str,
        actor: Actor | None,
    ) -> State:
        command = envelope.command
        held = work.orders.get(getattr(command, "order_id", ""))
        number = ""
        if isinstance(command, PlaceOrder):
            number = self._number(db, work, command, business_date, envelope.accepted)
        return State(
            menu=work.menu,
            eighty_six=work.eighty_six,
            order=held.order if held else None,
            order_number=number,
            tenders=self.outlet.tenders,
            taken_ids=work.payments,
            screen=envelope.screen,
            staff=envelope.staff,
            device_ms=envelope.device_ms,
            happened_ms=envelope.happened_ms,
            accepted=envelope.accepted,
            offered=envelope.offered,
            prices=work.menu.book,
            tracked=work.tracked,
            stream_ends=self._ends(db) if isinstance(command, CountStock) else {},
            house=work.house,
            actor=actor,
            approval=work.approvals.get(getattr(command, "approval_id", None) or ""),
            other=work.order_of(getattr(command, "to_order_id", "")),
            shift=work.shift_for(command, actor),
            tills_open=len(work.open_shifts),
            clocked=work.clocked.get(getattr(command, "staff_id", ""), ""),
            sums=self._sums(db, work, command),
        )

    def _believed(self, work: OrderState, envelope: Envelope, reading: Reading) -> Order | None:
        """The first answer that a screen brings along, when a box can have given it."""
        menu, sure = work.menu.menu, reading.confidence is Confidence.SYNCED
        return believed(
            envelope.command,
            envelope.accepted,
            currency=menu.currency if menu.version else self.outlet.currency,
            since_ms=reading.wall_ms - COMMANDS_KEPT_MS if sure else 0,
            until_ms=reading.wall_ms + OFFERED_AHEAD_MS if sure else TIME_MAX,
        )

    def _sums(self, db: sqlite3.Connection, work: OrderState, command: Command) -> Sums:
        coupons = limited_coupons(work.house, command)
        if not coupons and not isinstance(command, NEEDS_SUMS):
            return NO_SUMS
        self._flush(db, work)
        sums = sums_for(db, command, work.moment.business_date, self.outstanding)
        return replace(sums, coupons=count_uses(db, coupons)) if coupons else sums

    def _flush(self, db: sqlite3.Connection, work: OrderState) -> None:
        self.journal.write(db)
        work.write(db, self.journal.reading().wall_ms)

    def _ends(self, db: sqlite3.Connection) -> dict[str, int]:
        self.journal.write(db)
        return stream_ends(db)

    def _number(
        self,
        db: sqlite3.Connection,
        work: OrderState,
        command: PlaceOrder,
        business_date: str,
        accepted: Order | None,
    ) -> str:
        """The next number of the date; one that is still called out since yesterday is passed over.

        An order that a screen offers again keeps the number that its guest was given.
        """
        kept = None if accepted is None else kept_number(accepted)
        if kept is not None and work.is_free(db, business_date, kept):
            return kept
        nobody_calls = command.source is Source.IMPORT
        live = frozenset() if nobody_calls else self._live_numbers.beside(db, business_date)
        next_one = work.last_number(db, business_date) + 1
        while (number := f"{work.series}{next_one:03}") in live:
            next_one += 1
        return number
