"""kill -9 of anything, at any moment of a replay: started again, it all ties out to the cent.

`KEDAI_SEED` chooses other moments and other sales; the same seed means the same order of deaths.
"""

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

import httpx
import pytest

from edge.lan.broker import EmbeddedBroker
from edge.lan.broker_programs import find_installed_mosquitto
from edge.replay.engine import replay

pytestmark = [pytest.mark.postgres, pytest.mark.broker, pytest.mark.timeout(300)]

SEEDS = [int(os.environ["KEDAI_SEED"])] if os.environ.get("KEDAI_SEED") else [1, 2]
ORDERS = 3_000
LATE_S = 12
"""Longer than a ticket waits for its proof."""
ENTRIES = 4 * ORDERS  # placed, fired, paid, served
DEATHS_EACH = 2
TENDERS = ("cash", "qris", "card")


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_order_is_there_once_whoever_died(
    seed, town, tmp_path, open_displays, zero_lag, wait_until, ensure_whole
):
    chance = random.Random(seed)
    sales = make_sales(chance, tmp_path / "sales.csv")
    recorder = Recorder(sales.file, town.box.url)
    over = asyncio.Event()

    async with asyncio.TaskGroup() as group:
        guest = group.create_task(keep_ordering(town.box, town.order_request, over))
        await recorder.start()
        await kill_in_turn(chance, town, recorder, wait_until)
        first = await recorder.finish()
        over.set()
    live = guest.result()
    again = await replay(sales.file, town.box.url)

    assert first["accepted"] + first["repeated"] == ORDERS
    assert (again.accepted, again.repeated, again.clean) == (0, ORDERS, True)
    await zero_lag(town.box, 120)
    here, there = await town.box.sales(), await town.hq.sales()
    for report in (here, there):
        days = {f.key: (f.orders, f.amount_minor) for f in report.by_day if f.key < "2026"}
        assert days == sales.by_day
        assert report.totals.orders == ORDERS + len(live)
    parts = ("by_day", "by_hour", "by_category", "by_item", "by_tender")
    for part in parts:
        ours, theirs = ({f.key: f for f in getattr(report, part)} for report in (here, there))
        assert ours == theirs, part
    assert {f.key: f.amount_minor for f in there.by_tender} == sales.by_tender

    # What was ordered meanwhile is in the kitchen, though box and broker died under it.
    displays = await open_displays(town.broker.port, town.box.outlet_id)
    tickets = {(order, station) for order in live for station in ("kitchen", "bar")}
    await wait_until(lambda: set(displays.tickets) == tickets)

    # That nobody at a stove has shown a ticket in time is an entry as well, and the last to come.
    told = -1
    while told != (told := (await town.box.read("/health"))["acknowledged"]):
        await asyncio.sleep(LATE_S)
        await zero_lag(town.box, 120)
    assert await town.box.stop() == 0
    assert await ensure_whole(town.box) >= ENTRIES
    assert await town.hq.stop() == 0


# ---------------------------------------------------------------- who dies, and when


async def kill_in_turn(chance, town, recorder, wait_until):
    """Each victim dies twice, at moments spread over the replay, and is started again meanwhile."""
    victims = [*town.services, recorder, "postgres", "broker"] * DEATHS_EACH
    chance.shuffle(victims)
    coming_back = {}
    deaths_meanwhile = 0
    for turn, victim in enumerate(victims, start=1):
        await town.reached(ENTRIES * turn // (len(victims) + 1), recorder)
        deaths_meanwhile += not recorder.has_ended
        # An HQ whose Postgres dies while it starts gives up, and its supervisor tries again.
        needed = town.hq if victim == "postgres" else victim
        if needed in coming_back:
            # The replay holds its breath, so that the next death falls into it as well.
            recorder.signal(signal.SIGSTOP)
            await coming_back[needed]
            recorder.signal(signal.SIGCONT)
        match victim:
            case "postgres":
                await town.hq.kill_postgres()
            case "broker":
                os.kill(await wait_until(lambda: town.broker.pid), signal.SIGKILL)
            case _:
                await victim.kill()
                again = start_again(victim, chance.uniform(0, 0.5))
                coming_back[victim] = asyncio.create_task(again)
    await asyncio.gather(*coming_back.values())
    assert deaths_meanwhile >= len(victims) // 2, "the replay was over before it was disturbed"


async def start_again(victim, pause_s):
    await asyncio.sleep(pause_s)
    await victim.restart()


class Recorder:
    """`kedai replay` as a process of its own."""

    def __init__(self, file, box_url):
        self._argv = ("-c", "from edge.cli import main; main()", "replay", str(file))
        self._argv += ("--box", box_url, "--json")
        self._process = None
        self._killed = False

    async def start(self):
        self._killed = False
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, *self._argv), stdout=-1, stderr=-1
        )

    restart = start

    @property
    def has_ended(self):
        """Whether it came to its own end; one that was killed is still at it."""
        return not self._killed and self._process.returncode is not None

    def signal(self, number):
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def kill(self):
        self._killed = True
        self.signal(signal.SIGKILL)
        await self._process.communicate()

    async def finish(self):
        output, trouble = await self._process.communicate()
        assert self._process.returncode == 0, trouble.decode()
        return json.loads(output)


async def keep_ordering(box, order_request, over):
    """Guests at the counter meanwhile; returns the orders they were promised."""
    promised = []
    while not over.is_set():
        wish = order_request(lines=[("nasi-goreng", 1), ("kopi-tubruk", 2)])
        answer = await box.insist(wish)
        assert answer.status_code == 200, answer.text
        promised.append(wish["order_id"])
        await asyncio.sleep(0.2)
    return promised


# ---------------------------------------------------------------- parts


class Sales(NamedTuple):
    """A file of sales and what it adds up to."""

    file: object
    by_day: dict
    by_tender: dict


def make_sales(chance, file):
    rows, orders, amounts, tenders = [], Counter(), Counter(), Counter()
    for n in range(ORDERS):
        day, tender = f"2025-03-{1 + n // 150:02}", chance.choice(TENDERS)
        time = f"{day} {8 + n % 150 // 12:02}:{n % 12 * 5:02}:00"
        orders[day] += 1
        for plu in chance.sample(("101", "201"), k=chance.choice((1, 2))):
            quantity, amount = chance.randint(1, 4), chance.randint(1, 90_000)
            rows.append(f"{n},{time},{plu},{quantity},{amount},{tender}")
            amounts[day] += amount
            tenders[tender] += amount
    file.write_text("\n".join(("order,time,plu,quantity,amount,tender", *rows)))
    return Sales(file, {day: (orders[day], amounts[day]) for day in orders}, dict(tenders))


class Town(NamedTuple):
    """Everything that can die."""

    hq: object
    box: object
    broker: EmbeddedBroker
    order_request: object

    @property
    def services(self):
        return [self.hq, self.box]

    async def reached(self, position, recorder):
        """Until the box's journal is so long, or the replay is over."""
        while not recorder.has_ended:
            with suppress(httpx.TransportError):
                if (await self.box.read("/health"))["acknowledged"] >= position:
                    return
            await asyncio.sleep(0.01)


@pytest.fixture
async def town(start, tmp_path, warung, order_request, wait_until):
    program = find_installed_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed")
    broker = EmbeddedBroker(tmp_path / "broker", program=program)
    await broker.start()
    hq = await start.hq(own_postgres=True)
    await hq.publish(warung)
    box = await start.box(hq, mqtt_port=broker.port)
    await wait_until(box.has_menu)
    yield Town(hq, box, broker, order_request)
    await broker.stop()
