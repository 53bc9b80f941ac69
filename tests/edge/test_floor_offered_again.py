"""What was done on the floor, offered again to a box that lost it: it counts as it was, and once."""

import msgspec
import pytest

from edge.taking import Taken
from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import AdjustmentKind, Check, RefundLine
from protocol.orders import OrderStatus
from protocol.refusals import Refusal
from tests.edge.returning import Hq, recover_with


def again(envelope, taken):
    return msgspec.structs.replace(envelope, accepted=taken.order, offered=True)


@pytest.fixture
async def two(make_heart, menu):
    """The box that was lost, and the one that is offered everything."""
    return await make_heart("lost", menu=menu), await make_heart("new", menu=menu)


@pytest.fixture
def story(guest, clock):
    """An evening: two tables, one joins the other, they split, pay with a tip, and complain."""

    async def tell(heart):
        told = []

        async def ask(command):
            clock.now_ms += 60_000
            envelope = guest.asks(command)
            taken = await heart.taking.take(envelope)
            assert isinstance(taken, Taken), taken
            told.append((envelope, taken))
            return taken.order

        four = await ask(guest.place("nasi-kecil", "nasi-kecil", table="4"))
        nine = await ask(guest.place("nasi-besar", table="9"))
        of = nine.order_id
        first, second = (x.line_id for x in four.lines)
        await ask(f.ChangeLine(order_id=four.order_id, line_id=first, note="", seat=2))
        for kind, line, percent in (
            (AdjustmentKind.DISCOUNT, None, "10"),
            (AdjustmentKind.COMP, second, None),
        ):
            new = guest.new_id()
            await ask(
                f.Adjust(
                    order_id=four.order_id,
                    adjustment_id=new,
                    kind=kind,
                    line_id=line,
                    percent=percent,
                    reason="friends",
                )
            )
        await ask(f.TransferLines(order_id=four.order_id, to_order_id=of))
        await ask(f.ChangeDetails(order_id=of, table="12", covers=4))
        halves = (Check(check_id="a", parts=1), Check(check_id="b", parts=1))
        split = await ask(f.SplitChecks(order_id=of, checks=halves))
        await ask(guest.pay(of, split.checks[0].total + 5_000, check_id="a", tip=2_000))
        await ask(guest.pay(of, 10**6, check_id="b"))
        await ask(c.ChangeOrderStatus(order_id=of, status=OrderStatus.SERVED))
        await ask(f.RefundPayment(order_id=of, refund_id=guest.new_id(), reason="cold",
                                  lines=(RefundLine(line_id=nine.lines[0].line_id, quantity=1),)))  # fmt: skip
        await ask(f.ReopenOrder(order_id=of, reason="wrong tender"))
        paid = (await orders(heart))[of].payments[0]
        await ask(
            f.RefundPayment(
                order_id=of,
                refund_id=guest.new_id(),
                amount=1_000,
                payment_id=paid.payment_id,
                tip=500,
            )
        )
        await ask(guest.pay(of, 1_000, tender="qris"))
        return told

    return tell


async def orders(heart):
    from edge.order_state import load_order

    ids = [row[0] for row in await heart.rows("SELECT order_id FROM orders")]
    return {i: await heart.database.read(lambda db, i=i: load_order(db, i)) for i in ids}


async def test_the_same_bills_come_of_it(two, story, clock):
    lost, new = two
    told = await story(lost)
    clock.now_ms += 7_200_000
    for envelope, taken in told:
        offered = await new.taking.take(again(envelope, taken))
        assert isinstance(offered, Taken), (envelope.command, offered)
    assert await bills(new) == await bills(lost)
    assert "command.overtaken" not in {x.entry.type for x in await new.entries()}


async def test_a_box_that_lost_nothing_does_nothing_twice(two, story):
    lost, _ = two
    told = await story(lost)
    before = await orders(lost)
    for envelope, taken in told:
        assert (await lost.taking.take(again(envelope, taken))).repeated
    assert await orders(lost) == before


async def test_a_box_that_has_it_back_from_hq_knows_each_command_again(two, story):
    lost, new = two
    told = await story(lost)
    hq = Hq()
    await hq.hold(lost)
    await recover_with(hq, new)
    assert await bills(new) == await bills(lost)
    for envelope, taken in told:
        answer = await new.taking.take(again(envelope, taken))
        assert isinstance(answer, Taken)
        assert answer.repeated
        assert answer.order.order_id == taken.order.order_id
    assert await bills(new) == await bills(lost)


async def test_a_refund_of_another_order_is_not_taken_twice(two, story, guest, clock):
    heart, _ = two
    told = await story(heart)
    refund_id = next(e.command.refund_id for e, _ in told if isinstance(e.command, f.RefundPayment))
    place = guest.asks(guest.place("nasi-kecil"))
    order = (await heart.taking.take(place)).order
    await heart.taking.take(guest.asks(guest.pay(order.order_id, order.due)))
    no = await heart.taking.take(
        guest.asks(f.RefundPayment(order_id=order.order_id, refund_id=refund_id, amount=1_000))
    )
    assert isinstance(no, Refusal)
    assert no.code == "duplicate_id"


def money(order):
    return (
        order.status,
        order.totals,
        order.due,
        [(p.payment_id, p.amount, p.tip, p.change, p.check_id) for p in order.payments],
        [(r.refund_id, r.amount, r.credit, r.tip, r.payment_id) for r in order.refunds],
        [(x.check_id, x.total) for x in order.checks],
        [(a.kind, a.given) for a in order.adjustments],
        [x.line_id for x in order.live_lines],
        (order.table, order.covers, order.merged_into),
    )


async def bills(heart):
    return {i: money(o) for i, o in (await orders(heart)).items()}
