"""Invariant 23 under whatever may happen: every fired line is in one place, and never with nobody.

The real desk on a real journal and database, with a clock of the story's own: orders, voids, bumps,
proofs early, late and twice, displays that come and go, paper, restarts, and time passing.
"""

import asyncio
import itertools
import tempfile
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.config import PrinterConfig
from edge.deliveries import rebuild, told_of
from edge.delivery import Desk
from edge.lan.mqtt import Message, MqttLink
from edge.order_state import load_order
from protocol import commands as c
from protocol import lan
from protocol.deliveries import Delivery
from protocol.events import PaperPrinted
from protocol.ids import CommandId
from protocol.orders import LineStatus, OrderStatus
from tests.edge.conftest import CAFE, Clock, Guest, Heart

DAPUR, BAR = CAFE.stations
MENU = replace(CAFE, stations=(DAPUR, replace(BAR, backup="dapur")))
PRINTER = PrinterConfig(id="p-bar", name="Printer Bar", host="127.0.0.1", stations=("bar",))
DISPLAYS = {"grill-1": ("dapur",), "bar-1": ("bar",), "pass": ("+",)}
RANK = list(Delivery)
ON_THE_WAY = (Delivery.QUEUED, Delivery.SENT)
MEMORY = next((place for place in ("/dev/shm",) if Path(place).is_dir()), None)
"""Nothing is proven here about disks: hundreds of commits need not wait for one."""
LONGEST_STEP_MS = 6_000
VARIANTS = ("nasi-kecil", "kopi", "paket")


class StoryClock(Clock):
    """Both clocks go together, and only when the story says so."""

    def mono_ms(self):
        return self.now_ms - 1_000_000


class Story:
    """A box's desk, one step at a time."""

    def __init__(self, folder):
        self.clock = StoryClock()
        self.guest = Guest(self.clock)
        self.heart = Heart(folder, self.clock)
        self.orders = []
        self.last = {}
        self.fired = {}
        self.numbers = itertools.count()

    async def begin(self):
        await self.heart.start()
        await self.heart.use_menu(MENU)
        await self.open_desk()

    async def open_desk(self):
        heart = self.heart
        link = MqttLink("127.0.0.1", 1, "nobody")
        link._healthy.set()  # else no display would be a way
        self.desk = Desk(
            *(link, heart.journal, heart.database, heart.outlet, heart.menus), (PRINTER,)
        )
        self.since_ms = self.clock.now_ms
        await self.desk._take_up()
        for device, stations in getattr(self, "there", {}).items():
            await self.come(device, stations)

    async def come(self, device, stations, *, online=True):
        self.there = getattr(self, "there", {}) | {device: stations}
        said = lan.Presence(
            device=device, name=device, kind="kitchen", online=online, stations=stations
        )
        topic = lan.presence_topic("alone", device)
        await self.desk.inbox._hear_presence(Message(topic, msgspec.json.encode(said)))

    async def settle(self):
        """The desk reads the journal to its end, and does what is due."""
        desk = self.desk
        while True:
            if batch := await self.heart.journal.read_after(desk.follower.position, 50):
                await desk._follow(batch)
                desk.follower.position = batch[-1].at.position
                continue
            before = self.heart.journal.position
            await desk._round()
            if self.heart.journal.position == before and not desk._pending:
                return

    async def ask(self, command):
        await self.heart.taking.take(self.guest.asks(command))

    async def place(self, variants):
        self.orders.append(placed := self.guest.place(*variants))
        await self.ask(placed)

    async def add(self, order, variants):
        await self.ask(c.AddLines(order_id=order.order_id, lines=self.guest.place(*variants).lines))

    async def show(self, device, order, share):
        """A display proves some lines of an order, of any moment's picture."""
        lines = [x.line_id for x in order.lines][:share]
        tickets = tuple(
            lan.ShownTicket(
                ticket_id=f"{order.order_id}.{station}",
                order_id=order.order_id,
                station_id=station,
                position=1,
                line_ids=tuple(lines),
            )
            for station in ("dapur", "bar")
        )
        said = lan.Shown(device=device, name=device, tickets=tickets)
        topic = lan.shown_topic("alone", device)
        await self.desk.inbox._hear_shown(Message(topic, msgspec.json.encode(said)))

    async def printed(self, order):
        heart, reading = self.heart, self.heart.journal.reading()
        paper = PaperPrinted(
            order_id=order.order_id,
            kind="kitchen_ticket",
            printer="p-bar",
            job_id=f"job-{next(self.numbers)}",
            at_ms=reading.wall_ms,
            station_id="bar",
            line_ids=tuple(x.line_id for x in order.lines),
        )
        command = CommandId(self.guest.new_id())
        await heart.database.write(
            lambda db: heart.journal.append(db, [paper], reading, command_id=command)
        )

    async def look(self):
        """The invariant, on everything there is."""
        for placed in self.orders:
            order = await self.heart.database.read(lambda db, p=placed: load_order(db, p.order_id))
            where = await self.heart.database.read(
                lambda db, p=placed: told_of(db, p.order_id, 10**9)
            )
            found = {}
            for delivery in where:
                place = (delivery.line_id, delivery.station_id)
                assert place not in found, "a line is in two places"
                found[place] = delivery
            for line in order.lines:
                if line.status is LineStatus.FIRED:
                    for station in line.station_ids:
                        self.look_at(order, line, station, found[line.line_id, station].state)

    def look_at(self, order, line, station, state):
        place = (line.line_id, station)
        waited_ms = self.clock.now_ms - max(self.since_ms, line.fired_ms)
        assert state not in ON_THE_WAY or waited_ms < self.desk.confirm_ms, "with nobody"
        # The second time begins when the first was noticed: at a step of the story.
        limit_ms = self.desk.confirm_ms + self.desk.rerouted_ms + LONGEST_STEP_MS
        assert state is not Delivery.REROUTED or waited_ms < limit_ms, "rerouted for ever"
        before = self.last.get(place)
        recalled = before is Delivery.BUMPED
        assert before is None or recalled or RANK.index(state) >= RANK.index(before), "went back"
        self.last[place] = state
        if state is Delivery.ESCALATED:
            assert (station, order.number) in set(self.desk.board.escalated()), "a person forgot"
            codes = {code for code, _, _ in self.desk.wrong()}
            assert "kitchen_unseen" in codes, "escalated, and nobody is told"


def any_of(story, data):
    return data.draw(st.sampled_from(story.orders))


async def one_step(story, data):
    some = st.lists(st.sampled_from(VARIANTS), min_size=1, max_size=2)
    step = data.draw(st.sampled_from(STEPS if story.orders else ("place",)))
    match step:
        case "place":
            await story.place(data.draw(some))
        case "add":
            await story.add(any_of(story, data), data.draw(some))
        case "show":
            device = data.draw(st.sampled_from(sorted(DISPLAYS)))
            await story.show(device, any_of(story, data), data.draw(st.integers(1, 2)))
        case "print":
            await story.printed(any_of(story, data))
        case "wait":
            story.clock.now_ms += data.draw(st.sampled_from((300, 1_500, 4_000, LONGEST_STEP_MS)))
        case "restart":
            await story.open_desk()
        case "come" | "go":
            device = data.draw(st.sampled_from(sorted(DISPLAYS)))
            await story.come(device, DISPLAYS[device], online=step == "come")
        case _:
            await story.ask(command_of(step, any_of(story, data)))


STEPS = (
    *("place", "place", "add", "show", "show", "print", "wait", "wait", "wait", "restart"),
    *("come", "go", "void", "bump", "bump-bar", "recall", "serve", "cancel"),
)


def command_of(step, placed):
    order_id = placed.order_id
    match step:
        case "void":
            line_id = placed.lines[0].line_id
            return c.VoidLine(order_id=order_id, line_id=line_id, reason="salah")
        case "recall":
            return c.RecallTicket(order_id=order_id, station_id="dapur")
        case "serve":
            return c.ChangeOrderStatus(order_id=order_id, status=OrderStatus.SERVED)
        case "cancel":
            status = OrderStatus.CANCELLED
            return c.ChangeOrderStatus(order_id=order_id, status=status, reason="pergi")
        case _:
            station = "bar" if step == "bump-bar" else "dapur"
            return c.BumpTicket(order_id=order_id, station_id=station)


async def tell(data, folder):
    story = Story(folder)
    await story.begin()
    try:
        for _ in range(data.draw(st.integers(4, 14))):
            await one_step(story, data)
            await story.settle()
            await story.look()
        await the_table_is_what_the_journal_says(story.heart)
    finally:
        await story.heart.stop()


async def the_table_is_what_the_journal_says(heart):
    sql = "SELECT order_id, station_id, line_id, state, by_name FROM deliveries ORDER BY 1, 2, 3"
    before = await heart.rows(sql)
    await heart.database.write(lambda db: rebuild(db, {PRINTER.id: PRINTER.name}))
    assert await heart.rows(sql) == before


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_every_fired_line_is_somewhere_with_proof_or_with_a_person(data):
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        asyncio.run(tell(data, Path(folder)))
