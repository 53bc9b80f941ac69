"""Read this first: one order, from the guest's finger to the figure at HQ, in the eight stages.

Everything is real and in this process: SQLite, Postgres, mosquitto, a printer made of software
that proves what it printed. `ARCHITECTURE.md` has the same eight headings.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import msgspec
import pytest
import uvicorn

from cloud import access, outlets
from cloud.app import create_app as create_hq_app
from cloud.app import running
from cloud.config import Config as HqConfig
from edge.app import create_app, listen
from edge.box import Box
from edge.config import Config
from edge.listening import listen_no_more
from edge.node import Node
from edge.printing.virtual import VirtualPrinter
from edge.uplink import Uplink
from protocol.commands import Accepted, BumpTicket, Envelope, NewLine, PlaceOrder, TenderPayment
from protocol.events import decode, tag_of
from protocol.journal import Stored, chain_over, find_break
from protocol.kitchen import Ticket
from protocol.menu import Menu, MenuIndex
from protocol.rules import State, decide
from protocol.rules.folding import fold

pytestmark = [pytest.mark.postgres, pytest.mark.broker, pytest.mark.timeout(30)]


async def test_the_life_of_an_order(story, dearer, record_property):
    began = asyncio.get_running_loop().time()
    await taken(story)
    await decided(story)
    await committed(story)
    await shown(story)
    await printed(story)
    await replicated(story)
    await resolved(story, dearer)
    await seen_at_hq(story)
    record_property("measured", f"{asyncio.get_running_loop().time() - began:.2f} s")


# ---------------------------------------------------------------- 1. Taken


async def taken(story):
    """The box says yes once it is on disk; a screen that asks again gets the same yes."""
    box, order_id, command_id = story.box, story.order_id, story.command_id
    # Table 7 wants one fried rice and two coffees; the screen mints every id itself.
    story.wish = PlaceOrder(
        order_id=order_id,
        table="7",
        lines=(
            NewLine(line_id=story.new_id(), variant_id="nasi-goreng", quantity=1, note="pedas"),
            NewLine(line_id=story.new_id(), variant_id="kopi-tubruk", quantity=2),
        ),
        menu_version=1,
        expected_total=25_000 + 2 * 9_000,
    )

    story.yes = yes = await box.tell(Envelope(command_id=command_id, command=story.wish))
    again = await box.tell(Envelope(command_id=command_id, command=story.wish))

    assert (yes.order.number, yes.order.totals.total) == ("A001", 43_000)
    assert (again.repeated, again.position, again.order) == (True, yes.position, yes.order)


# ---------------------------------------------------------------- 2. Decided


async def decided(story):
    """Pure rules made events of the command, and would make the same ones anywhere."""
    box = story.box
    moment = box.outlet.moment(box.journal.reading())

    events = decide(State(menu=MenuIndex(story.menu), order_number="A001"), story.wish, moment)

    tags = tuple(tag_of(event) for event in events)
    assert tags == story.yes.events == ("order.placed", "order.fired")
    assert fold(events).totals == story.yes.order.totals


# ---------------------------------------------------------------- 3. Committed


async def committed(story):
    """Events and state went to disk in one transaction, chained to all before them."""
    entries = await story.box.journal.read_after(0, 100)
    written = [f for f in entries if f.entry.command_id == story.command_id]

    assert [f.at.position for f in entries] == list(range(1, len(entries) + 1))
    assert find_break(b"", [Stored(f.at, f.entry) for f in entries]) is None
    assert fold(decode(f.entry.body) for f in written) == story.yes.order


# ---------------------------------------------------------------- 4. Shown


async def shown(story):
    """Each station's display has its part of the order, until the cook bumps it."""
    kitchen, order_id = story.kitchen, story.order_id
    await story.wait_until(lambda: len(kitchen) == 2)
    at_stove, at_bar = kitchen[order_id, "kitchen"], kitchen[order_id, "bar"]

    assert [(x.quantity, x.names["id"]) for x in at_stove.lines] == [(1, "Nasi Goreng")]
    assert [(x.quantity, x.names["id"]) for x in at_bar.lines] == [(2, "Kopi Tubruk")]

    for station in ("kitchen", "bar"):
        bump = BumpTicket(order_id=order_id, station_id=station)
        done = await story.box.tell(Envelope(command_id=story.new_id(), command=bump))
    await story.wait_until(lambda: not kitchen)

    assert done.order.status == "ready"


# ---------------------------------------------------------------- 5. Printed


async def printed(story):
    """A ticket for each station, then the receipt; each proven by the printer."""
    box, order_id = story.box, story.order_id
    cash = TenderPayment(order_id=order_id, payment_id=story.new_id(), tendered=50_000)

    paid = await box.tell(Envelope(command_id=story.new_id(), command=cash))
    receipt, *tickets = await story.printer.wait_for_sheets(3)
    proofs = await story.wait_until(lambda: box.find_proofs(order_id))

    assert paid.order.payments[0].change == 7_000
    assert all("A001" in sheet.text for sheet in (receipt, *tickets))
    assert any("pedas" in sheet.text for sheet in tickets)
    assert "43.000" in receipt.text
    assert [p.kind for p in proofs] == ["kitchen_ticket", "kitchen_ticket", "receipt"]


# ---------------------------------------------------------------- 6. Replicated


async def replicated(story):
    """HQ holds the very same bytes, under a chain that it works out by itself."""
    box = story.box
    await story.wait_until(lambda: box.replication.unsent == 0)
    ours, theirs = await box.journal.read_after(0, 100), await story.hq.ledger()

    assert [row["body"] for row in theirs] == [f.entry.body for f in ours]
    assert [row["chain"] for row in theirs] == chain_over(b"", [f.entry for f in ours])


# ---------------------------------------------------------------- 7. Resolved


async def resolved(story, dearer):
    """HQ owns the prices. A screen that still shows the old ones is told before anybody is charged.

    What is paid stays as it is.
    """
    box = story.box
    await story.hq.publish(dearer(story.menu, "kopi-tubruk", 11_000))
    await story.wait_until(lambda: box.menus.version == 2)
    late = msgspec.structs.replace(story.wish, order_id=story.new_id())

    no = await box.tell(Envelope(command_id=story.new_id(), command=late))

    assert (no["code"], no["params"]["version"], no["params"]["total"]) == (
        *("stale_menu", "2", "47000"),
    )
    assert (await box.get_order(story.order_id)).totals.total == 43_000


# ---------------------------------------------------------------- 8. Seen at HQ


async def seen_at_hq(story):
    """The figure is there, and says itself that nothing is missing from it."""
    await story.wait_until(lambda: story.hq.knows_all(story.box.journal.position))
    today = await story.hq.today()
    totals, outlet = today["totals"], today["outlets"][0]

    assert (totals["orders"], totals["units"], totals["amount_minor"]) == (1, 3, 43_000)
    assert outlet["paid_minor"] == 43_000
    assert outlet["completeness"]["sentence"]["en"] == "Everything is here."


# ---------------------------------------------------------------- who takes part


@dataclass
class Story:
    """Everybody who takes part, and what has been said so far."""

    hq: "Office"
    box: "Outlet"
    kitchen: dict[tuple[str, str], Ticket]
    printer: VirtualPrinter
    menu: Menu
    wait_until: Callable
    new_id: Callable[[], str]
    order_id: str
    command_id: str
    wish: PlaceOrder | None = None
    yes: Accepted | None = None


class Office:
    """HQ as a manager sees it."""

    def __init__(self, hq, client, tenant_id, url):
        self._hq, self._client, self._tenant_id = hq, client, tenant_id
        self.url = url

    async def publish(self, menu):
        answer = await self._client.post("/api/menus/publish", content=msgspec.json.encode(menu))
        assert answer.status_code == 200, answer.text

    async def today(self):
        return (await self._client.get("/api/reports/today")).json()

    async def knows_all(self, position):
        """Whether everything up to a position of the box's journal is counted."""
        known = (await self.today())["outlets"][0]["completeness"]
        return known["projected"] == position and known["state"] == "complete"

    async def ledger(self):
        async with self._hq.database.transaction(self._tenant_id) as tx:
            return await tx.fetch("SELECT body, chain FROM ledger ORDER BY position")

    async def enrolment_code(self, name):
        database, platform = self._hq.database, self._hq.platform
        tenant = await outlets.get_tenant(database, "")
        outlet_id = await outlets.add_outlet(database, platform, tenant, name=name)
        code, _ = await outlets.make_code(database, platform, tenant.tenant_id, outlet_id)
        return code


class Outlet(Box):
    """The box, with its screens' way in."""

    def __init__(self, config):
        super().__init__(config)
        transport = httpx.ASGITransport(create_app(self))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://box")

    async def tell(self, envelope):
        answer = await self.client.post("/api/commands", content=msgspec.json.encode(envelope))
        if answer.status_code != 200:
            return answer.json()
        return msgspec.json.decode(answer.content, type=Accepted)

    async def get_order(self, order_id):
        answer = await self.client.get(f"/api/orders/{order_id}")
        return msgspec.json.decode(answer.content, type=Accepted.__annotations__["order"])

    async def find_proofs(self, order_id):
        """What the printer proved of this order, once it has proved all three papers."""
        entries = [f.entry for f in await self.journal.read_after(0, 100)]
        events = [decode(e.body) for e in entries if e.aggregate_id == order_id]
        printed = [e for e in events if tag_of(e) == "paper.printed"]
        return printed if len(printed) == 3 else None


@pytest.fixture
async def story(hq, box, broker, open_displays, printer, warung, wait_until):
    displays = await open_displays(broker.port, box.outlet.outlet_id)
    new_id = box.platform.new_id
    return Story(hq, box, displays.tickets, printer, warung, wait_until, new_id, new_id(), new_id())


@pytest.fixture
async def hq(fresh_database, warung):
    """HQ on a socket of its own, with a menu."""
    async with AsyncExitStack() as stack:
        hq = await stack.enter_async_context(running(HqConfig(database_url=fresh_database)))
        tenant = await outlets.add_tenant(
            hq.database, hq.platform, name="Kopi Contoh", currency="IDR", zone="Asia/Jakarta"
        )
        key = await access.add_key(hq.database, hq.platform, tenant.tenant_id, "manager")
        listening = listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(create_hq_app(hq), lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve([listening]))
        headers = {"authorization": f"Bearer {key}"}
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, headers=headers))
        office = Office(hq, client, tenant.tenant_id, url)
        await office.publish(warung)
        yield office
        hq.release_waiting()
        for listening in server.servers:
            await listen_no_more(listening)
        server.should_exit = True
        await serving


@pytest.fixture
async def box(tmp_path, hq, broker, papers, wait_until):
    """A box of this HQ with its printer."""
    node = Node(tmp_path)
    uplink = Uplink(node, hq.url)
    await uplink.start()
    node.keep(await uplink.enrol(await hq.enrolment_code("Kedai Dago"), "test"), hq.url)
    await uplink.stop()
    config = Config(
        data_dir=str(tmp_path), mqtt_port=broker.port, announce=False, printers=(papers,)
    )
    box = Outlet(config)
    await box.start()
    await wait_until(lambda: box.menus.version == 1)
    yield box
    await box.stop()
    await box.client.aclose()
