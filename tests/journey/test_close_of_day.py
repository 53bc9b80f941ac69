"""From the close to the certificate: box, HQ and every screen have the same, and the box signs it."""

import msgspec
import pytest

from edge.box import Box
from edge.config import Config
from edge.day_desk import ScreenUnsent
from edge.days import find_day, read_days
from edge.platform import Platform
from edge.verifying import verify
from protocol import commands as c
from protocol import till_commands as t
from protocol.certificates import Statement

pytestmark = pytest.mark.postgres


@pytest.fixture
async def hq(start, warung):
    hq = await start.hq()
    await hq.publish(warung)
    return hq


@pytest.fixture
async def wan(start, hq):
    return await start.wan(hq)


@pytest.fixture
async def box(start, hq, wan, wait_until):
    process = await start.box(hq, wan=wan)
    await process.stop()
    config = Config(data_dir=str(process.database.parent), announce=False, mqtt_port=1)
    box = Box(config, Platform())
    await box.start()
    await wait_until(lambda: box.menus.version == 1 and box.replication.unsent == 0)
    yield box
    await box.stop()


@pytest.fixture
def staff(box, new_id):
    class Staff:
        async def ask(self, command):
            outcome = await box.taking.take(c.Envelope(command_id=new_id(), command=command))
            assert isinstance(getattr(outcome, "events", None), tuple), outcome
            return outcome

        async def day(self, orders=3):
            shift_id = new_id()
            await self.ask(t.OpenShift(shift_id=shift_id, till_id="depan", opening=50_000))
            for _ in range(orders):
                line = c.NewLine(line_id=new_id(), variant_id="nasi-goreng")
                order_id = new_id()
                await self.ask(c.PlaceOrder(order_id=order_id, lines=(line,)))
                await self.ask(c.ChangeOrderStatus(order_id=order_id, status="served"))
                await self.ask(
                    c.TenderPayment(
                        order_id=order_id, payment_id=new_id(), tendered=50_000, till_id="depan"
                    )
                )
            counted = 50_000 + orders * 25_000
            await self.ask(t.CloseShift(shift_id=shift_id, counted=counted))

        async def close(self):
            date = box.day_desk.today
            return await self.ask(
                t.CloseDay(close_id=new_id(), business_date=date, knowing=("hq",))
            )

    return Staff()


async def test_a_closed_day_is_certified_when_hq_has_the_same(box, hq, staff, wait_until):
    await staff.day()
    await staff.close()
    box.day_desk.note_screen(ScreenUnsent(screen="kasir", unsent=0))

    async def certified():
        return (await box.database.read(lambda db: find_day(db, 1))).certified

    await wait_until(certified, "no certificate", 30)
    day = await box.database.read(lambda db: find_day(db, 1))
    statement = msgspec.json.decode(day.certified.statement, type=Statement)
    assert (day.certified.agrees, statement.differs) == (True, ())
    assert statement.hq.figures == statement.box.figures == day.closed.figures
    assert statement.hq.counts.orders == statement.hq.counts.payments == 3
    assert statement.hq.heads == statement.box.heads != ()
    (verdict,) = verify(box.node, [day])
    assert (verdict.certified, verdict.wrong) == (True, ())


async def test_with_hq_away_the_day_is_closed_and_certified_later_also_over_a_restart(
    box, hq, wan, staff, wait_until
):
    wan.set_cut(True)
    await staff.day(2)
    closed = await staff.close()
    assert closed.events == ("day.closed",)
    assert not await box.certifier.certify_next()
    assert box.certifier.waiting == 1
    assert any(s.code == "certificates" for s in box.health.sentences())
    await box.stop()
    again = Box(box.config, Platform())
    await again.start()
    try:
        wan.set_cut(False)
        again.replication.try_now()

        async def certified():
            return (await again.database.read(read_days))[0].certified

        await wait_until(certified, "no certificate", 40)
        await wait_until(lambda: again.replication.unsent == 0, "HQ lacks the certificate", 20)
        days = await again.database.read(read_days)
        assert days[0].certified.agrees
        assert verify(again.node, days)[0].wrong == ()
    finally:
        await again.stop()
