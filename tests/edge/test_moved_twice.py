"""Two copies of a box each moved one line to another order: once they have met it counts once."""

import msgspec
import pytest

from edge.alarms import Alarms
from edge.backfill import BackFill
from edge.config import PrinterConfig
from edge.moved_twice import MovedTwice
from edge.node import Node
from edge.printing.wanted import wanted_by
from protocol import floor_commands as f
from protocol.events import ORDER_TAGS, decode
from protocol.orders import MOVED_TWICE, Order
from protocol.replication import Enrolled
from protocol.rules.folding import fold_all
from tests.edge.returning import Hq, copy_of


class Twins:
    """A box and a copy of it that cannot hear each other, until they meet at HQ."""

    def __init__(self, one, two, guest):
        self.one, self.two, self.guest, self.hq = one, two, guest, Hq()

    async def moves(self, heart, line, source, target):
        heart.clock.now_ms += 60_000
        await heart.taking.take(
            self.guest.asks(
                f.TransferLines(order_id=source, to_order_id=target, line_ids=(line.line_id,))
            )
        )

    async def meet(self, times=2):
        for _ in range(times):
            for heart in (self.one, self.two):
                await self.hq.hold(heart)
            for heart in (self.one, self.two):
                await self.hears(heart)

    async def hears(self, heart):
        """The box gets from HQ what the other one wrote."""
        parts = heart.journal, heart.database, heart.clock
        back = BackFill(self.hq, *parts, Alarms(heart.database, heart.journal))
        back.on_returned.append(MovedTwice(*parts, heart.outlet).settle)
        await back.take(await self.hq.missing(heart))

    async def orders(self, heart):
        rows = await heart.rows("SELECT order_id, body FROM orders")
        return {order_id: msgspec.json.decode(body, type=Order) for order_id, body in rows}

    def orders_at_hq(self):
        """What HQ folds from its ledger."""
        told = {}
        for kept in self.hq.streams.values():
            for entry, _ in kept:
                if entry.type in ORDER_TAGS:
                    told.setdefault(entry.aggregate_id, []).append(entry)
        return {
            order_id: fold_all(
                entries, read=lambda e: decode(e.body), when=lambda e: (e.stamp, e.event_id)
            )[0]
            for order_id, entries in told.items()
        }


@pytest.fixture
async def twins(make_heart, menu, guest, tmp_path):
    """Three parties, of which the first has two lines; then the box is copied."""
    one = await make_heart("one", menu=menu)
    orders = [
        (await one.taking.take(guest.asks(guest.place(*what)))).order
        for what in (("nasi-kecil", "kopi"), ("kopi",), ("kopi",))
    ]
    apart = Twins(one, None, guest)
    await apart.hq.hold(one)
    copy_of(one, tmp_path, "two")
    apart.two = await make_heart("two")
    apart.first, apart.second, apart.third = orders
    apart.line = orders[0].lines[0]
    return apart


class Read:
    """What tests read of a box."""

    def __init__(self, database):
        self.database = database

    async def rows(self, sql):
        return await self.database.read(lambda db: db.execute(sql).fetchall())


ENROLLED = Enrolled(
    node_id="node-1",
    outlet_id="o1",
    tenant_id="t1",
    outlet_name="Kedai Dago",
    currency="IDR",
    zone="Asia/Jakarta",
    rollover_hour=0,
)


def holders(orders, line):
    return [o.order_id for o in orders.values() for x in o.live_lines if x.line_id == line.line_id]


async def test_it_counts_where_it_came_first_and_is_struck_elsewhere(twins):
    first, second, third = (x.order_id for x in (twins.first, twins.second, twins.third))
    await twins.moves(twins.one, twins.line, first, third)
    await twins.moves(twins.two, twins.line, first, second)
    await twins.meet()
    at_hq = twins.orders_at_hq()
    for orders in (await twins.orders(twins.one), await twins.orders(twins.two), at_hq):
        assert holders(orders, twins.line) == [third]
        (struck,) = (x for x in orders[second].lines if x.line_id == twins.line.line_id)
        assert struck.void_reason == MOVED_TWICE
        assert orders[second].totals == twins.second.totals
        whole = sum(x.totals.total for x in (twins.first, twins.second, twins.third))
        assert sum(o.totals.total for o in orders.values()) == whole


async def test_it_is_said_once_whichever_box_hears_of_it_first(twins):
    first, second, third = (x.order_id for x in (twins.first, twins.second, twins.third))
    await twins.moves(twins.two, twins.line, first, second)
    await twins.moves(twins.one, twins.line, first, third)
    await twins.meet(3)
    said = {
        (entry.event_id, entry.body)
        for kept in twins.hq.streams.values()
        for entry, _ in kept
        if entry.type == "lines.moved_twice"
    }
    assert len(said) == 1, "both boxes say the same"
    assert holders(await twins.orders(twins.one), twins.line) == [second]


async def test_it_goes_on_from_there_as_any_line(twins):
    """Struck on the second order, it can be moved there by hand when that guest had it."""
    first, second, third = (x.order_id for x in (twins.first, twins.second, twins.third))
    await twins.moves(twins.one, twins.line, first, third)
    await twins.moves(twins.two, twins.line, first, second)
    await twins.meet()
    await twins.moves(twins.one, twins.line, third, second)
    await twins.meet()
    for heart in (twins.one, twins.two):
        assert holders(await twins.orders(heart), twins.line) == [second]
    assert holders(twins.orders_at_hq(), twins.line) == [second]


async def test_what_a_z_report_has_counted_stands_and_is_told_once(twins):
    first, second, third = (x.order_id for x in (twins.first, twins.second, twins.third))
    await twins.moves(twins.one, twins.line, first, third)
    await twins.moves(twins.two, twins.line, first, second)
    counted = "UPDATE orders SET z = 1 WHERE order_id = ?"
    await twins.two.database.write(lambda db: db.execute(counted, (second,)))
    await twins.hq.hold(twins.one)
    await twins.hears(twins.two)
    parts = twins.two.journal, twins.two.database, twins.two.clock
    await MovedTwice(*parts, twins.two.outlet).settle(())
    orders = await twins.orders(twins.two)
    assert sorted(holders(orders, twins.line)) == sorted([second, third])
    rows = await twins.two.rows("SELECT body FROM journal WHERE type = 'lines.moved_twice'")
    assert [decode(body).struck for (body,) in rows] == [False]


async def test_both_moved_it_to_the_same_order_and_nothing_is_to_be_said(twins):
    first, second = twins.first.order_id, twins.second.order_id
    await twins.moves(twins.one, twins.line, first, second)
    await twins.moves(twins.two, twins.line, first, second)
    await twins.meet()
    for heart in (twins.one, twins.two):
        assert holders(await twins.orders(heart), twins.line) == [second]
        assert await heart.rows("SELECT 1 FROM journal WHERE type = 'lines.moved_twice'") == []


async def test_a_box_that_runs_does_it_with_each_hello_and_tells_the_kitchen_on_paper(
    twins, make_box, tmp_path
):
    first, second, third = (x.order_id for x in (twins.first, twins.second, twins.third))
    await twins.moves(twins.one, twins.line, first, third)
    await twins.moves(twins.two, twins.line, first, second)
    await twins.hq.hold(twins.one)
    await twins.two.stop()
    node = Node(tmp_path / "two")
    node.public_key()
    node.keep(ENROLLED, "http://127.0.0.1:1")
    box = await make_box("two")
    box.backfill.uplink = twins.hq
    found = Read(box.database)
    await box.backfill.take(await twins.hq.missing(found))
    order = (await twins.orders(found))[second]
    assert holders({second: order}, twins.line) == []
    ((body,),) = await found.rows("SELECT body FROM journal WHERE type = 'lines.moved_twice'")
    printer = PrinterConfig(id="dapur", name="Dapur", stations=("dapur",), kind="virtual")
    (slip,) = wanted_by(decode(body), order, [printer], box.outlet)
    assert (slip.kind, slip.line_ids) == ("void_slip", (twins.line.line_id,))
