"""Orders are folded anew from what came back: whatever is odd about it stays with its own order."""

import asyncio
from functools import partial

import msgspec
import pytest
from msgspec.structs import replace

from edge import refolding, retention
from edge.stock import shown_stock
from protocol import commands as c
from protocol.journal import CHAIN_START, chain_over
from protocol.orders import Order
from tests.edge.returning import Hq, copy_of, recover_with, sell, state_of


@pytest.fixture
def hq():
    return Hq()


@pytest.fixture
def recover(hq):
    return partial(recover_with, hq)


@pytest.fixture
def busy_day(guest):
    async def run(heart, orders=6, **more):
        return await sell(heart, guest, orders, **more)

    return run


async def sabotage(hq, kind, body=None, type_=None):
    """As if a newer or broken build had written the first entry of this type."""
    for kept in hq.streams.values():
        for index, (entry, _) in enumerate(kept):
            if entry.type == kind:
                kept[index] = (replace(entry, body=body or entry.body, type=type_ or kind), b"")
                entries = [e for e, _ in kept]
                kept[:] = zip(entries, chain_over(CHAIN_START, entries), strict=True)
                return entry.aggregate_id
    raise AssertionError(f"no {kind}")


@pytest.mark.parametrize(
    ("body", "type_"), [(b"{]", None), (b'{"type":"line.sung","order_id":"x"}', "line.sung")]
)
async def test_an_entry_that_cannot_be_folded_stops_its_own_order_only_and_is_listed(
    make_heart, menu, guest, hq, recover, busy_day, body, type_
):
    lost = await make_heart("lost", menu=menu)
    await busy_day(lost)
    await hq.hold(lost)
    whole = {row[0]: row for row in (await state_of(lost))[0]}
    poisoned = await sabotage(hq, "payment.taken", body, type_)
    blank = await make_heart("blank", menu=menu)
    await recover(blank)
    found = {row[0]: row for row in (await state_of(blank))[0]}
    assert found.keys() == whole.keys()
    assert {i for i in found if found[i] != whole[i]} == {poisoned}
    listed = await blank.rows("SELECT follower, aggregate_id FROM parked")
    assert listed == [("orders", poisoned)]
    assert len(await blank.rows("SELECT 1 FROM journal WHERE standing = 1")) == sum(
        len(kept) for kept in hq.streams.values()
    ), "it is kept as it came"
    answer = await blank.taking.take(guest.asks(guest.pay(poisoned, 43_000)))
    assert answer.order, "the order can still be worked with"


async def test_a_newer_build_folds_what_an_older_one_could_not(
    make_heart, menu, hq, recover, busy_day, monkeypatch
):
    lost = await make_heart("lost", menu=menu)
    await busy_day(lost)
    await hq.hold(lost)
    blank = await make_heart("blank")
    real = refolding.apply

    def older(order, event):
        if event.__struct_config__.tag == "payment.taken":
            raise ValueError("unknown here")
        return real(order, event)

    with monkeypatch.context() as build:
        build.setattr(refolding, "apply", older)
        await recover(blank)
    assert len(await blank.rows("SELECT 1 FROM parked")) == 3
    await recover(blank)
    assert await blank.rows("SELECT 1 FROM parked") == []
    assert await state_of(blank) == await state_of(lost)


@pytest.fixture
def forget(monkeypatch):
    """The box lets go of the first entries of its journal, as many as may go or at most so many."""
    monkeypatch.setattr(retention, "KEPT_LEAST", 0)

    async def run(heart, most=500):
        def work(db):
            db.execute("UPDATE streams SET safe_seq = acked_seq")
            db.execute("INSERT OR IGNORE INTO cursors VALUES ('kitchen', 1000000)")
            return retention.prune(db, before=1 << 62, followers=["kitchen"], most=most)

        return await heart.database.write(work)

    return run


async def test_an_order_whose_newer_half_went_first_is_not_made_of_the_older_one_alone(
    make_heart, menu, guest, hq, recover, forget
):
    """The newest stream comes back first, so that it is also the first to go (seed 201)."""
    lost = await make_heart("lost", menu=menu)
    order = (await lost.taking.take(guest.asks(guest.place()))).order
    await hq.hold(lost)
    await lost.stop()
    lost = await make_heart("lost")
    await lost.taking.take(guest.asks(guest.pay(order.order_id, order.totals.total)))
    await hq.hold(lost)
    blank = await make_heart("blank")
    await recover(blank)
    newest = len(list(hq.streams.values())[-1])
    assert await forget(blank, newest) == newest
    (rest,) = await blank.rows("SELECT group_concat(type) FROM journal")
    assert "order.placed" in rest[0]
    assert "payment.taken" not in rest[0]
    await refolding.refold_returned(blank.database, 0)
    (row,) = await blank.rows("SELECT body FROM orders WHERE order_id = ?", order.order_id)
    assert msgspec.json.decode(row[0], type=Order).due == 0


async def test_an_order_whose_beginning_was_pruned_here_takes_what_it_lost_since(
    make_heart, menu, guest, clock, hq, recover, tmp_path, forget
):
    box = await make_heart("box", menu=menu)
    order = (await box.taking.take(guest.asks(guest.place()))).order
    await box.taking.take(guest.asks(guest.pay(order.order_id, 10_000)))
    await hq.hold(box)
    copy_of(box, tmp_path, "copy")
    clock.now_ms += 3_600_000
    await box.taking.take(guest.asks(guest.pay(order.order_id, 15_000)))
    await hq.hold(box)
    restored = await make_heart("copy")

    assert await forget(restored) > 3
    for _ in range(2):  # doing it twice changes nothing
        await recover(restored)
        found = (await restored.taking.take(guest.asks(guest.place()))).order
        assert found.number.startswith("B")
        (row,) = await restored.rows("SELECT body FROM orders WHERE order_id = ?", order.order_id)
        kept = msgspec.json.decode(row[0], type=Order)
        assert [p.amount for p in kept.payments] == [10_000, 15_000]
        await refolding.refold_returned(restored.database, 0)


async def test_while_it_runs_the_box_sells_on(make_heart, menu, guest, hq, recover, busy_day):
    lost = await make_heart("lost", menu=menu)
    made = await busy_day(lost, 20)
    await hq.hold(lost)
    hq.page = 5
    blank = await make_heart("blank", menu=menu)
    recovering = asyncio.create_task(recover(blank))
    sold = []
    while not recovering.done():
        sold.append((await blank.taking.take(guest.asks(guest.place()))).order)
    found, _ = await recovering
    assert sold
    assert found.orders == 20
    rows = await blank.rows("SELECT order_id FROM orders")
    assert {r for (r,) in rows} == {*made, *(o.order_id for o in sold)}
    positions = await blank.rows("SELECT position FROM journal ORDER BY 1")
    assert [p for (p,) in positions] == list(range(1, len(positions) + 1))


async def test_a_copy_put_back_twice_never_uses_a_series_again(
    make_heart, menu, guest, tmp_path, clock, hq, recover
):
    box = await make_heart("box", menu=menu)
    await box.taking.take(guest.asks(guest.place()))
    await hq.hold(box)
    copy_of(box, tmp_path, "first")
    copy_of(box, tmp_path, "second")
    await box.taking.take(guest.asks(guest.place()))
    await hq.hold(box)
    called = []
    for name in ("first", "second"):
        clock.now_ms += 60_000
        restored = await make_heart(name)
        await recover(restored)
        answer = await restored.taking.take(guest.asks(guest.place()))
        called.append(answer.order.number)
        await hq.hold(restored)
    assert called == ["B003", "C004"]
    numbers = [n for (n,) in await restored.rows("SELECT number FROM orders")]
    assert sorted(numbers) == ["A001", "A002", "B003", "C004"], "FS-70: nobody shares a number"


async def test_what_another_box_of_the_outlet_does_comes_without_an_alarm(
    make_heart, menu, guest, hq, recover
):
    ours = await make_heart("ours", menu=menu)
    await ours.taking.take(guest.asks(guest.place()))
    await hq.hold(ours)
    other = await make_heart("other")
    other.journal.node_id = "other"
    await other.use_menu(menu)
    await other.database.write(
        lambda db: db.execute("INSERT OR REPLACE INTO facts VALUES ('series', 'F')").rowcount
    )
    order = (await other.taking.take(guest.asks(guest.place()))).order
    await hq.hold(other)
    found, alarms = await recover(ours)
    assert (found.orders > 0, found.series) == (True, ""), alarms
    assert await ours.rows("SELECT 1 FROM orders WHERE order_id = ?", order.order_id)


async def test_stock_that_moved_before_the_loss_is_counted_once(
    make_heart, menu, guest, clock, hq, recover, tmp_path, forget
):
    box = await make_heart("box", menu=menu)
    await box.taking.take(guest.asks(c.CountStock(item_id="kopi", quantity=20)))
    await box.taking.take(guest.asks(guest.place("kopi")))
    await hq.hold(box)
    copy_of(box, tmp_path, "copy")
    clock.now_ms += 60_000
    again = guest.asks(guest.place("kopi"))
    await box.taking.take(again)
    await box.taking.take(guest.asks(guest.place("kopi")))
    await hq.hold(box)
    restored = await make_heart("copy")
    await restored.taking.take(again)
    await recover(restored)
    for heart in (box, restored):
        shown = await heart.database.read(shown_stock)
        assert [(s.item_id, s.quantity) for s in shown] == [("kopi", 17)]
