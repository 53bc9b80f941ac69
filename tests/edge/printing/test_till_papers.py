"""The drawer opens at its own till, at once or not at all; slips and Z reports come out once."""

import msgspec
import pytest

from protocol import commands as c
from protocol import till_commands as t
from protocol.house import House, TillPlan
from protocol.tills import CashKind

pytestmark = pytest.mark.usefixtures("impatient")

HOUSE = House(
    version=1,
    tills=(
        TillPlan(id="depan", name="Kasir depan", printer="kasir"),
        TillPlan(id="bar", name="Kasir bar", printer="bar"),
        TillPlan(id="teras", name="Kasir teras"),
    ),
)


@pytest.fixture
async def shop(printing_box, take, guest, quiet, printers):
    """A box with three tills, two of which have a printer of their own."""
    body = msgspec.json.encode(HOUSE)
    await printing_box.database.write(
        lambda db: db.execute("INSERT INTO house VALUES ('h', ?)", (body,))
    )

    class Shop:
        box = printing_box

        async def open(self, till):
            shift_id = guest.new_id()
            await self.ask(t.OpenShift(shift_id=shift_id, till_id=till, opening=0))
            await quiet(printing_box)
            return shift_id

        async def ask(self, command):
            return await printing_box.taking.take(guest.asks(command))

        async def kicks(self):
            await quiet(printing_box)
            return {name: printer.drawer_kicks for name, printer in printers.items()}

        async def pay(self, amount=25_000, order=None, **more):
            order = order or await take(printing_box, guest.place("nasi-kecil"))
            return (await self.ask(guest.pay(order.order_id, amount, **more))).order

    return Shop()


async def test_each_drawer_opens_at_its_own_till(shop):
    await shop.open("depan")
    await shop.open("bar")
    assert await shop.kicks() == {"dapur": 0, "bar": 1, "kasir": 1}
    await shop.pay(till_id="depan")
    assert await shop.kicks() == {"dapur": 0, "bar": 1, "kasir": 2}
    await shop.pay(till_id="bar")
    assert await shop.kicks() == {"dapur": 0, "bar": 2, "kasir": 2}


async def test_every_cash_payment_opens_it_and_no_other_tender_does(shop):
    part = await shop.pay(10_000)
    assert (await shop.kicks())["kasir"] == 1
    await shop.pay(15_000, part, tender="card")
    assert (await shop.kicks())["kasir"] == 1


async def test_cash_moved_and_no_sale_open_it_with_a_slip_for_what_moved(shop, guest, printers):
    shift_id = await shop.open("depan")
    for kind in (CashKind.PAID_IN, CashKind.DROP):
        move = t.MoveCash(shift_id=shift_id, move_id=guest.new_id(), kind=kind, amount=5_000)
        await shop.ask(move)
    await shop.ask(t.OpenDrawer(shift_id=shift_id, open_id=guest.new_id()))
    assert (await shop.kicks())["kasir"] == 4
    texts = [sheet.text for sheet in reversed(printers["kasir"].sheets)]
    assert len(texts) == 2
    assert "KAS MASUK" in texts[0] + texts[1]
    assert "Kasir depan" in texts[0]


async def test_a_drawer_whose_printer_is_dead_does_not_open_later_and_no_sale_waits(
    shop, printers, clock, quiet
):
    printers["kasir"].change(offline=True)
    order = await shop.pay(10_000)
    assert order.due == 15_000, "the sale goes on"
    clock.now_ms += 120_000
    printers["kasir"].change(offline=False)

    await quiet(shop.box)
    sql = "SELECT DISTINCT state FROM print_jobs WHERE kind = 'drawer'"
    assert await shop.box.database.read(lambda db: db.execute(sql).fetchall()) == [("discarded",)]
    assert printers["kasir"].drawer_kicks == 0


async def test_a_receipt_that_comes_out_late_opens_no_drawer(shop, printers, clock, quiet):
    printers["kasir"].change(offline=True)
    await shop.pay(25_000)
    clock.now_ms += 120_000
    printers["kasir"].change(offline=False)
    await quiet(shop.box, 20)
    assert (len(printers["kasir"].sheets), printers["kasir"].drawer_kicks) == (1, 0)


async def test_till_and_day_are_closed_on_paper_once(shop, guest, printers, quiet):
    shift_id = await shop.open("depan")
    order = await shop.pay(till_id="depan")
    await shop.ask(c.ChangeOrderStatus(order_id=order.order_id, status="served"))
    await shop.ask(t.CloseShift(shift_id=shift_id, counted=25_000))
    date = shop.box.day_desk.today
    await shop.ask(t.CloseDay(close_id=guest.new_id(), business_date=date))
    await quiet(shop.box)
    texts = [sheet.text for sheet in reversed(printers["kasir"].sheets)]
    assert ["Z 00001" in x for x in texts] == [False, False, True], "receipt, slip, Z"
    assert "TUTUP LACI KAS" in texts[1] or "TILL CLOSED" in texts[1]
    assert "Makanan" in texts[-1] or "Food" in texts[-1]
