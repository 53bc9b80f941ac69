"""Closed days at HQ: counted from its own ledger, compared with what the box printed and signed."""

from functools import partial

import msgspec
import pytest
from msgspec.structs import replace

from cloud.follower import Place
from protocol import events as e
from protocol.bill import Refund
from protocol.certificates import (
    DayAtHq,
    Statement,
    differences,
    signed_statement,
    statement_digest,
    z_digest,
)
from protocol.day_figures import figures_of, given_of, paid_of
from protocol.floor_events import (
    CashMoved,
    DayCertified,
    DayClosed,
    DrawerOpened,
    PaymentRefunded,
    ShiftClosed,
    ShiftOpened,
)
from protocol.rules.folding import fold
from protocol.tills import CashKind, Shift
from tests.made_up_sales import DAY, NOON_MS

pytestmark = pytest.mark.postgres

SHIFT = Shift(
    shift_id="0190c7d2-4f00-7a11-8b22-000000000067",
    till_id="depan",
    opened_ms=NOON_MS,
    opened_by="budi",
    business_date=DAY,
    opening=100_000,
)
COUNTED = replace(
    SHIFT, drops=20_000, no_sales=1, closed_ms=NOON_MS + 9, counted=104_000, expected=105_000
)


class Day:
    """A box's day: what it sells, and the Z that it makes of it."""

    def __init__(self, till, box):
        self.till, self.box = till, box
        self.orders, self.paid, self.given, self.shifts = [], [], [], []
        self.last = None

    async def sell(self, *amounts, day=DAY):
        placed = self.till.placed(*amounts, day=day)
        served = e.OrderServed(order_id=placed.order_id, at_ms=NOON_MS + 2)
        paid = self.till.paid(placed)
        self.orders.append(fold([placed, served, paid]))
        self.paid.append(paid_of(paid))
        await self.box.send(*self.till.entries(placed, served, paid))
        return self.orders[-1]

    async def work_a_till(self):
        self.shifts.append(COUNTED)
        moved = CashMoved(
            shift_id=SHIFT.shift_id, till_id="depan", move_id="m", kind=CashKind.DROP,
            amount=20_000, at_ms=NOON_MS + 1, business_date=DAY, staff="budi",
        )  # fmt: skip
        opened = DrawerOpened(
            shift_id=SHIFT.shift_id, till_id="depan", open_id="o", at_ms=NOON_MS + 2
        )
        events = ShiftOpened(shift=SHIFT, at_ms=NOON_MS), moved, opened
        await self.box.send(*self.till.entries(*events, ShiftClosed(shift=COUNTED, at_ms=NOON_MS)))

    def z(self, number=1, day=DAY, joins=(), **changes):
        figures = figures_of(day, self.orders, self.paid, self.given, self.shifts)
        closed = DayClosed(
            number_z=number,
            close_id="c",
            business_date=day,
            at_ms=NOON_MS + 10,
            figures=replace(figures, **changes),
            outstanding=(),
            through=1,
            previous=self.last.digest if self.last else "",
            digest="",
            as_of={self.box.stream: len(self.box.sent)},
            until="9999-12-31",
            joins=joins,
        )
        closed = replace(closed, digest=z_digest(closed))
        self.orders, self.paid, self.given, self.shifts, self.last = [], [], [], [], closed
        return closed

    async def close(self, **more):
        closed = self.z(**more)
        await self.box.send(*self.till.entries(closed))
        return closed

    async def ask_hq(self, closed):
        path = f"/sync/v1/days/{closed.digest}"
        return self.box.read(await self.box.request("GET", path, b""), DayAtHq).holding

    async def certify(self, closed, previous="", **changes):
        hq = await self.ask_hq(closed)
        box = replace(hq, figures=closed.figures)
        statement = Statement(
            outlet_id=self.box.enrolled.outlet_id,
            number_z=closed.number_z,
            business_date=closed.business_date,
            z_digest=closed.digest,
            previous=previous,
            box=box,
            hq=hq,
            differs=differences(box, hq),
        )
        body = msgspec.json.encode(statement)
        certified = DayCertified(
            number_z=closed.number_z,
            business_date=closed.business_date,
            at_ms=NOON_MS + 11,
            statement=body.decode(),
            signature=self.box.key.sign(signed_statement(body)).hex(),
            node_id=self.box.enrolled.node_id,
            agrees=not statement.differs,
        )
        await self.box.send(*self.till.entries(replace(certified, **changes)))
        return statement_digest(body)


@pytest.fixture
def day(till):
    return partial(Day, till)


@pytest.fixture
def here(day, box):
    return day(box)


def as_json(value):
    return msgspec.json.decode(msgspec.json.encode(value))


async def read(world, browser, path="/api/days", **params):
    await world.project()
    return await browser.read(path, **params)


async def test_hq_counts_a_day_itself_and_agrees(world, browser, here):
    await here.sell(25_000, 9_000)
    await here.sell(18_000)
    await here.work_a_till()
    closed = await here.close()
    (shown,) = (await read(world, browser))["days"]
    assert shown["hq_figures"] == shown["figures"] == as_json(closed.figures)
    assert (shown["state"], shown["differs"], shown["chained"]) == ("not_certified", [], True)
    await here.certify(closed)
    (shown,) = (await read(world, browser))["days"]
    assert (shown["state"], shown["certificate"]["sound"]) == ("certified", True)
    assert await read(world, browser, f"/api/days/{here.box.enrolled.outlet_id}/1") == shown


async def test_figures_that_the_box_made_up_are_found(world, browser, here):
    await here.sell(25_000)
    closed = await here.close(total=20_000)
    (shown,) = (await read(world, browser))["days"]
    assert shown["differs"] == ["figures.total"], "HQ finds it without the box's word"
    await here.certify(closed)
    (shown,) = (await read(world, browser))["days"]
    assert (shown["state"], shown["differs"]) == ("differs", ["figures.total"])
    assert shown["hq_figures"]["total"] == 25_000


async def test_while_entries_are_missing_hq_says_nothing_of_the_day(world, browser, here, till):
    await here.sell(25_000)
    closed = replace(here.z(), as_of={here.box.stream: 100}, digest="")
    closed = replace(closed, digest=z_digest(closed))
    await here.box.send(*till.entries(closed))
    assert await here.ask_hq(closed) is None
    (shown,) = (await read(world, browser))["days"]
    assert (shown["state"], shown["hq_figures"]) == ("waiting", None)


async def test_each_day_counts_what_came_since_the_one_before(world, browser, here):
    await here.sell(25_000)
    first = await here.close()
    await here.sell(30_000)
    await here.sell(5_000, day="2026-01-03")
    second = await here.close(number=2, day="2026-01-03")
    digest = await here.certify(first)
    await here.certify(second, previous=digest)
    late, early = (await read(world, browser))["days"]
    assert [late["state"], early["state"]] == ["certified"] * 2
    assert (late["hq_figures"]["total"], late["hq_figures"]["earlier"]) == (35_000, 2)
    assert early["hq_figures"]["total"] == 25_000


async def test_an_order_paid_otherwise_after_its_z_is_counted_once(world, browser, here, till):
    """Given back and paid anew on the next day: the sale stays in the Z that has counted it."""
    sold = await here.sell(25_000)
    await here.close()
    back = Refund(refund_id="r", amount=25_000, tender="cash", at_ms=NOON_MS)
    day = "2026-01-03"
    refunded = PaymentRefunded(
        order_id=sold.order_id, refund=back, business_date=day, hour=12, due_after=25_000
    )
    again = replace(till.paid(sold, tender="card", amount=25_000), business_date=day)
    await here.box.send(*till.entries(refunded, again))
    here.paid, here.given = [paid_of(again)], [given_of(refunded)]
    await here.close(number=2, day=day)
    late, _ = (await read(world, browser))["days"]
    assert (late["differs"], late["hq_figures"]["orders"]) == ([], 0)
    assert late["hq_figures"]["refund_amount"] == 25_000


@pytest.mark.parametrize("changes", [{"signature": "00" * 64}, {"signature": "zz"}])
async def test_a_certificate_that_no_box_signed_is_shown_as_such(world, browser, here, changes):
    await here.sell(25_000)
    await here.certify(await here.close(), **changes)
    (shown,) = (await read(world, browser))["days"]
    assert shown["state"] == "bad_signature"


async def test_a_day_signed_by_a_box_hq_forgot_is_certified_once_the_next_one_signs(
    world, browser, here
):
    await here.sell(25_000)
    closed = await here.close()
    await here.certify(closed, node_id="a box from before HQ was put back")
    (shown,) = (await read(world, browser))["days"]
    assert (shown["state"], shown["certificate"]["known"]) == ("unknown_signer", False)
    await here.certify(closed)
    (shown,) = (await read(world, browser))["days"]
    assert (shown["state"], shown["certificate"]["known"]) == ("certified", True)


async def test_a_certificate_that_does_not_follow_the_one_before_is_shown(world, browser, here):
    await here.sell(25_000)
    await here.certify(await here.close())
    await here.sell(25_000, day="2026-01-03")
    await here.certify(await here.close(number=2, day="2026-01-03"), previous="ab" * 16)
    assert (await read(world, browser))["days"][0]["state"] == "bad_signature"


async def test_numbers_that_are_missing_twice_or_not_chained_are_named(world, browser, here):
    await here.sell(25_000)
    await here.close()
    here.last = None
    await here.sell(9_000)
    await here.close()
    await here.close(number=4, day="2026-01-04")
    shown = await read(world, browser)
    (gap,) = shown["gaps"]
    assert gap["missing"] == [2, 3]
    assert [(d["number_z"], d["double"]) for d in shown["days"]] == [
        (4, False), (1, True), (1, True),
    ]  # fmt: skip
    assert not shown["days"][0]["chained"]


async def test_two_of_one_number_are_one_line_again_once_a_z_names_both(world, browser, here):
    await here.sell(25_000)
    both = list(here.orders), list(here.paid)
    ours = await here.close()
    # The other box had that order too, and had not heard of the close.
    (here.orders, here.paid), here.last = both, None
    await here.sell(9_000)
    theirs = await here.close()
    shown = (await read(world, browser))["days"]
    assert [(d["double"], d["joined"]) for d in shown] == [(True, False)] * 2
    # Each is right by what it had heard, and what stands in both is named.
    assert [d["differs"] for d in shown] == [[], []]
    assert {(d["figures"]["orders"], d["orders_twice"], d["amount_twice"]) for d in shown} == {
        (1, 1, 25_000), (2, 1, 25_000),
    }  # fmt: skip
    here.last, other = sorted((ours, theirs), key=lambda closed: closed.digest)
    await here.sell(5_000, day="2026-01-03")
    last = await here.close(number=2, day="2026-01-03", joins=(other.digest,))
    shown = await read(world, browser)
    assert [(d["number_z"], d["double"], d["joined"], d["chained"]) for d in shown["days"]] == [
        (2, False, False, True), (1, True, True, True), (1, True, True, True),
    ]  # fmt: skip
    assert (shown["days"][0]["joins"], shown["gaps"]) == ([other.digest], [])
    assert (await here.ask_hq(last)).figures == last.figures


async def test_a_date_with_sales_and_without_a_z_is_named(world, browser, here):
    await here.sell(25_000)
    await here.close()
    await here.sell(9_000, day="2026-01-03")
    (date,) = (await read(world, browser))["unclosed"]
    assert date["business_date"] == "2026-01-03"


async def test_a_shift_that_two_boxes_closed_is_in_the_z_that_heard_of_it_first(
    world, browser, here, till
):
    """Seed 128: the copy that the first Z could not hear of was counted by the second as well."""
    await here.work_a_till()
    first = await here.close()
    again = replace(COUNTED, closed_ms=NOON_MS + 20)
    await here.box.send(*till.entries(ShiftClosed(shift=again, at_ms=NOON_MS + 20)))
    second = await here.close(number=2, day="2026-01-03")
    late, early = (await read(world, browser))["days"]
    assert [s["shift_id"] for s in early["hq_figures"]["shifts"]] == [SHIFT.shift_id]
    assert late["hq_figures"]["shifts"] == []
    assert (early["differs"], late["differs"]) == ([], [])
    assert first.digest == second.previous


async def test_shifts_with_what_moved_in_them(world, browser, here):
    await here.work_a_till()
    (shift,) = (await read(world, browser, "/api/shifts"))["shifts"]
    assert (shift["over_short"], shift["shift"]["counted"]) == (-1_000, 104_000)
    assert [(m["kind"], m["amount"]) for m in shift["moves"]] == [("drop", 20_000), ("no_sale", 0)]
    assert (await read(world, browser, "/api/shifts", open="true"))["shifts"] == []


async def test_made_again_from_the_ledger_it_is_the_same(world, tenant, browser, here):
    await here.sell(25_000)
    await here.work_a_till()
    await here.certify(await here.close())
    before = await read(world, browser), await read(world, browser, "/api/shifts")
    (follower,) = [x for x in world.hq.rare if x.name == "days"]
    await follower.rebuild(Place(tenant.tenant_id, here.box.enrolled.outlet_id))
    assert (await read(world, browser), await read(world, browser, "/api/shifts")) == before


async def test_nobody_sees_or_asks_for_the_days_of_another(world, browser, here, day):
    await here.sell(25_000)
    closed = await here.close()
    stranger = await world.box(await world.tenant("Lain"))
    assert await day(stranger).ask_hq(closed) is None
    other = await world.browser(await world.tenant("Ketiga"))
    assert (await read(world, other))["days"] == []
    path = f"/api/days/{here.box.enrolled.outlet_id}/1"
    assert (await other.get(path)).json()["code"] == "unknown_day"
    assert (await browser.get("/api/days/x/1")).json()["code"] == "unknown_outlet"
    assert (await browser.get("/api/days", **{"from": "kemarin"})).json()["code"] == "bad_request"


async def test_what_hq_cannot_read_spoils_its_own_order_and_not_the_answer(
    world, browser, here, till
):
    await here.sell(25_000)
    broken = till.entry(till.placed(9_000))
    await here.box.send(replace(broken, body=b'{"type":"order.placed","what":1}'))
    sung = till.entry(till.placed(9_000))
    await here.box.send(replace(sung, type="order.sung", body=b'{"type":"order.sung"}'))
    await here.close()
    (shown,) = (await read(world, browser))["days"]
    assert (shown["state"], shown["differs"]) == ("not_certified", [])


async def test_what_a_box_wrote_again_after_a_loss_is_counted_where_it_lies(
    world, browser, here, day, till
):
    """The first box's entries came; its successor wrote the same again and closed the day."""
    await here.sell(25_000)
    again = day(here.box.at(here.box.client))
    again.orders, again.paid = here.orders, here.paid
    first = list(here.box.sent)
    here.box.stream, here.box.sent = "cd" * 16, []
    await here.box.send(*first)
    closed = await again.close()
    assert closed.as_of == {"cd" * 16: 3}
    (shown,) = (await read(world, browser))["days"]
    assert (shown["differs"], shown["hq_figures"]["total"]) == ([], 25_000)
