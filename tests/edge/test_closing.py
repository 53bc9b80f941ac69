"""The day and the tills from the command line, beside a running box."""

from urllib.parse import urlsplit

import pytest

from edge import closing
from protocol import commands as c
from protocol import till_commands as t


@pytest.fixture
def port(url):
    return urlsplit(url).port


@pytest.fixture
def sell(box, guest):
    async def one(**more):
        order = (await box.taking.take(guest.asks(guest.place(**more)))).order
        await box.taking.take(guest.asks(guest.pay(order.order_id, order.totals.total)))
        served = c.ChangeOrderStatus(order_id=order.order_id, status="served")
        await box.taking.take(guest.asks(served))
        return order

    return one


async def test_a_day_is_shown_closed_and_checked(port, box, guest, sell):
    await sell()
    left = (await box.taking.take(guest.asks(guest.place(table="9")))).order
    shown = closing.standing_in_words(await closing.standing(port, None))
    assert any("1 orders, Rp 25.000" in line for line in shown), shown
    assert any(left.number in line for line in shown)
    with pytest.raises(closing.NotDone, match=f"order: {left.number} 9"):
        await closing.close(port, None, guest.new_id, knowing=False)
    (said,) = await closing.close(port, None, guest.new_id, knowing=True)
    assert "closed with Z 1" in said
    with pytest.raises(closing.NotDone, match="closed already"):
        await closing.close(port, None, guest.new_id, knowing=True)
    verdicts = closing.verify_folder(box.data_dir)
    assert closing.verdicts_in_words(verdicts)[0].endswith("not certified yet")
    assert [v.wrong for v in verdicts] == [()]


async def test_a_till_that_is_open_holds_the_day_and_is_listed(port, box, guest, sell):
    await sell()
    opened = t.OpenShift(shift_id=guest.new_id(), till_id="depan", opening=0)
    await box.taking.take(guest.asks(opened))
    assert closing.tills_in_words(await closing.tills(port))[0].startswith("depan: open")
    with pytest.raises(closing.NotDone, match="still open: depan"):
        await closing.close(port, None, guest.new_id, knowing=True)


async def test_a_z_report_that_somebody_changed_on_disk_is_found(port, box, guest, sell):
    await sell()
    await closing.close(port, None, guest.new_id, knowing=True)
    await box.database.write(
        lambda db: db.execute(
            "UPDATE days SET closed = CAST(replace(closed, '25000', '15000') AS BLOB)"
        )
    )
    (verdict,) = closing.verify_folder(box.data_dir)
    assert verdict.wrong == ("the Z report is not what it was",)


def test_a_folder_without_a_box_is_said_to_be_so(tmp_path):
    with pytest.raises(closing.NotDone, match="no box"):
        closing.verify_folder(tmp_path)
