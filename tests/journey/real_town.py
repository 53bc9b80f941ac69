"""A restaurant of real processes, and everything that can be done to it: kill, freeze, cut, put back."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from urllib.parse import urlsplit

import asyncpg

from cloud.postgres_programs import find_tool
from protocol import commands as c
from tests.fixtures_world import tell, tell_hq, wait_for, wan_url

MENU = (("nasi-goreng", "kitchen"), ("kopi-tubruk", "bar"))
BACK_S = 120
"""Under way the lines still fail now and then; a minute is promised once they do not."""


class Town:
    """HQ with a Postgres of its own, a box with a broker of its own, the lines between, and screens."""

    def __init__(self, dice, hq, box, postgres, broker, wan, lan):
        self.dice = dice
        self.hq, self.box, self.postgres, self.broker = hq, box, postgres, broker
        self.wan, self.lan = wan, lan
        self.book = {}
        self.diary = []
        self.parties = set()
        self.expected_alarms = set()
        self._began_s = time.monotonic()
        self._copies = 0
        self._folder = box.folder

    def note(self, what):
        """What happened when, for whoever reads a failure."""
        self.diary.append(f"{time.monotonic() - self._began_s:6.1f} s  {what}")

    # ------------------------------------------------------------ people

    async def open_doors(self, screens):
        """Guests at every screen, until cancelled."""
        async with asyncio.TaskGroup() as people:
            for screen in screens:
                people.create_task(screen.run())
                people.create_task(self._serve(screen, people))

    async def _serve(self, screen, people):
        while True:
            await asyncio.sleep(self.dice.expovariate(2.5))
            if len(self.parties) < 12 and not self.closing:
                party = people.create_task(self._party(screen))
                self.parties.add(party)
                party.add_done_callback(self.parties.discard)

    closing = False

    async def _party(self, screen):
        """They order, perhaps more, the cook makes it, they pay and go."""
        dice, order_id = self.dice, screen.new_id()
        if await self._no(screen, c.PlaceOrder(order_id=order_id, lines=self._lines(screen))):
            return
        if dice.random() < 0.4:
            await asyncio.sleep(dice.uniform(0, 2))
            await screen.submit(c.AddLines(order_id=order_id, lines=self._lines(screen)))
        for _, station in MENU:
            if dice.random() < 0.5:
                await screen.submit(c.BumpTicket(order_id=order_id, station_id=station))
        await asyncio.sleep(dice.uniform(0, 3))
        pays = c.TenderPayment(order_id=order_id, payment_id=screen.new_id(), tendered=500_000)
        if not await self._no(screen, pays) and dice.random() < 0.8:
            await screen.submit(c.ChangeOrderStatus(order_id=order_id, status="served"))

    async def _no(self, screen, command):
        return (await screen.submit(command)).refused

    def _lines(self, screen):
        wanted = self.dice.sample(MENU, self.dice.randint(1, 2))
        return tuple(
            c.NewLine(line_id=screen.new_id(), variant_id=v, quantity=self.dice.randint(1, 3))
            for v, _ in wanted
        )

    # ------------------------------------------------------------ small misfortunes

    async def misfortune(self):
        """One of them, by the dice, and a moment to be about it."""
        victims = (
            *(self.kill_box, self.freeze_box, self.kill_hq, self.freeze_hq, self.cut_wan),
            *(self.kill_postgres, self.kill_broker, self.cut_lan),
        )
        await self.dice.choice(victims)()

    async def kill_box(self):
        self.note("the box is killed")
        await self.box.kill()
        await asyncio.sleep(self.dice.uniform(0, 1))
        await self._start(self.box)

    async def kill_hq(self):
        self.note("HQ is killed")
        await self.hq.kill()
        await asyncio.sleep(self.dice.uniform(0, 2))
        await self._start(self.hq)

    async def freeze_box(self):
        await self._freeze(self.box, "the box stands still")

    async def freeze_hq(self):
        await self._freeze(self.hq, "HQ stands still")

    async def _freeze(self, service, what):
        self.note(what)
        os.kill(service.pid, signal.SIGSTOP)
        await asyncio.sleep(self.dice.uniform(0.5, 3))
        os.kill(service.pid, signal.SIGCONT)

    async def kill_postgres(self):
        """Its supervisor, as everywhere, starts it again."""
        how = self.dice.choice((signal.SIGKILL, signal.SIGQUIT))
        self.note(f"Postgres gets {how.name}")
        os.kill(await wait_for(lambda: self.postgres.pid, "no Postgres"), how)
        await asyncio.sleep(self.dice.uniform(0, 1))

    async def kill_broker(self):
        self.note("the broker is killed")
        os.kill(await wait_for(lambda: self.broker.pid, "no broker"), signal.SIGKILL)

    async def cut_wan(self):
        await self._cut(self.wan, "the line to HQ is cut")

    async def cut_lan(self):
        await self._cut(self.lan, "the screens' line is cut")

    async def _cut(self, line, what):
        self.note(what)
        line.set_cut(True)
        await asyncio.sleep(self.dice.uniform(0.5, 3))
        line.set_cut(False)

    async def _start(self, service):
        """As its supervisor does: again and again until it serves."""
        async with asyncio.timeout(BACK_S):
            while True:
                try:
                    await service.restart()
                except AssertionError:
                    self.note("it did not start, and is started again")
                    with contextlib.suppress(ProcessLookupError):
                        await service.kill()
                else:
                    return

    # ------------------------------------------------------------ losses

    async def make_copies(self):
        """The copies that a careful operator makes, of the running HQ and the running box."""
        self._copies += 1
        # Whoever has a copy made waits until it is there.
        if can_dump(self.postgres):
            await again(lambda: self._hq_tool("backup", str(self._hq_copy)))
        data = ("--data", str(self.box.database.parent))
        await tell("edge", "backup", *data, str(self._box_copy))
        self.note("copies of HQ and of the box are made")

    async def put_hq_back(self):
        """HQ's database is lost; the old copy becomes a new database, and HQ begins anew with it."""
        self.note("HQ's database is lost, and put back from its copy")
        await self.hq.kill()
        name = f"again_{self._copies}"
        base = self.hq.place[1]
        place = base.replace(urlsplit(base).path, f"/{name}", 1)
        await again(lambda: self.on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        await again(lambda: self.on_server(f"CREATE DATABASE {name}"))
        self.hq.place[1] = place
        self.hq._arguments[2] = place
        await again(lambda: self._hq_tool("restore", str(self._hq_copy)))
        await self._start(self.hq)
        self.expected_alarms.add("hq_restored")
        await self.until_whole()

    async def put_box_back(self):
        """The box's disk is lost; it is put back as it was some time ago."""
        self.note("the box is put back from its copy")
        await self.box.kill()
        await tell(
            *("edge", "restore", str(self._box_copy)), "--data", str(self.box.database.parent)
        )
        await self._start(self.box)
        self.expected_alarms.add("box_restored")
        await self.until_whole()

    async def replace_box(self):
        """The box is gone with all it had; a new one, out of its carton, takes its place."""
        self.note("a blank box takes the place of the old one")
        await self.box.kill()
        old = self.box.database.parent
        data = self._folder / f"blank{self._copies}"
        await again(lambda: self._enrol(data))
        arguments = self.box._arguments
        arguments[arguments.index("--data") + 1] = str(data)
        self.box.database = data / "box.db"
        shutil.rmtree(old)
        await self._start(self.box)
        # What was wrong with the old one's disk is of no more interest.
        self.expected_alarms = {"box_replaced"}
        await self.until_whole()

    async def _enrol(self, data):
        code = (await tell_hq(self.hq.place, "outlet", "code", self.box.outlet_id))["code"]
        joining = ("--hq", wan_url(self.wan), "--code", code)
        await tell("edge", "enrol", "--data", str(data), *joining)

    async def until_whole(self):
        """Two never lose their memory at once: the next loss waits until this one is made good."""
        self.note("it runs again")
        await wait_for(self.is_whole, f"not made good: {await self._standing()}", BACK_S)
        self.note("what was lost is there again")

    async def is_whole(self):
        """Whether the box has sent all and has every order that HQ knows of."""
        with contextlib.suppress(Exception):
            health = await self.box.read("/health")
            if health["unsent"] or health["last_heard_from_hq_ms"] is None:
                return False
            rows = await self.hq.ledger(self.box.outlet_id)
            placed = {r["aggregate_id"] for r in rows if r["type"] == "order.placed"}
            return placed <= {
                row[0] for row in read_only(self.box.database, "SELECT order_id FROM orders")
            }
        return False

    async def _standing(self):
        with contextlib.suppress(Exception):
            return [s["en"] for s in (await self.box.read("/health"))["sentences"] if not s["ok"]]
        return "the box does not answer"

    @property
    def _hq_copy(self):
        return self._folder / f"hq{self._copies}.dump"

    @property
    def _box_copy(self):
        return self._folder / f"box{self._copies}.copy"

    async def _hq_tool(self, *words):
        return await tell("cloud", *self.hq.place, *words)

    async def on_server(self, statement):
        """One statement as the owner of the Postgres server."""
        base = self.hq.place[1]
        connection = await asyncpg.connect(base.replace(urlsplit(base).path, "/postgres", 1))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def can_dump(postgres):
    """Whether this machine has the tools to copy that Postgres."""
    return find_tool("pg_dump", postgres._get_programs().major) is not None


async def again(work):
    """What an operator does when a tool says that it did not work this time."""
    async with asyncio.timeout(BACK_S):
        while True:
            try:
                return await work()
            except (AssertionError, OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.5)


def read_only(database, sql):
    """Rows of a box's database, whatever the box is doing."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()
