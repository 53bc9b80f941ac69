"""What came back from HQ happened before a loss: its paper came out then."""

from edge.backfill import BackFill
from edge.config import PrinterConfig
from tests.edge.returning import Hq, copy_of


async def test_a_payment_that_came_back_prints_no_second_receipt(
    make_heart, make_box, menu, guest, tmp_path, until
):
    lost = await make_heart("lost", menu=menu)
    order = (await lost.taking.take(guest.asks(guest.place("nasi-kecil")))).order
    copy_of(lost, tmp_path, "copy")
    await lost.taking.take(guest.asks(guest.pay(order.order_id, order.totals.total)))
    hq = Hq()
    await hq.hold(lost)

    counter = PrinterConfig(id="kasir", name="Kasir", host="127.0.0.1", port=1, receipts=True)
    box = await make_box("copy", printers=(counter,))
    await BackFill(hq, box.journal, box.database, box.platform, box.alarms).take(
        await hq.missing(box)
    )
    await until(lambda: box.spool.follower.lag == 0)
    there = "SELECT 'paid' FROM payments UNION ALL SELECT kind FROM print_jobs"
    assert await box.database.read(lambda db: db.execute(there).fetchall()) == [("paid",)]
