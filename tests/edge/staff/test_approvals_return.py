"""Approvals that were used before a disk was lost: used they come back, and who gave them is known."""

import msgspec

from edge.approvals import Approvals
from edge.taking import Taken
from protocol import commands as c
from protocol.staff import ROLE_MAY, Actor, Given, May, Role
from tests.edge.returning import Hq, recover_with

BUDI = Actor(staff_id="budi", name="Budi", may=ROLE_MAY[Role.CASHIER])


async def test_what_allowed_a_void_allows_nothing_more_on_the_box_that_comes_after(
    make_heart, menu, guest
):
    lost, new = await make_heart("lost", menu=menu), await make_heart("new", menu=menu)
    order = (
        await lost.taking.take(guest.asks(guest.place("nasi-kecil", "kopi", "kopi")), BUDI)
    ).order
    now_ms = lost.journal.reading().wall_ms
    given = Given(
        approval_id=guest.new_id(),
        by="sari",
        action=May.VOID_FIRED,
        subject=order.order_id,
        at_ms=now_ms,
        expires_ms=now_ms + 600_000,
    )
    desk = Approvals(lost.database, lost.journal, lost.journal.platform, None)
    await lost.database.write(lambda db: desk._keep(db, given, "budi"))
    line = order.lines[0].line_id
    void = c.VoidLine(
        order_id=order.order_id, line_id=line, reason="salah", approval_id=given.approval_id
    )
    assert isinstance(await lost.taking.take(guest.asks(void), BUDI), Taken)
    hq = Hq()
    await hq.hold(lost)
    await recover_with(hq, new)
    again = msgspec.structs.replace(void, line_id=order.lines[1].line_id)
    no = await new.taking.take(guest.asks(again), BUDI)
    assert no.code == "approval_used"
