"""Whatever happens in whatever order: each payment is in exactly one Z, and Z reports add up to all."""

import random
from datetime import date, timedelta

import pytest

from edge.days import read_days
from edge.standing import ALL_DATES, day_standing
from protocol import commands as c
from protocol import till_commands as t
from protocol.bill import RefundLine
from protocol.certificates import z_digest
from protocol.floor_commands import RefundPayment
from tests.edge.returning import Hq, copy_of, recover_with

HOUR_MS = 3_600_000


class Life:
    """A restaurant that does what a die says: sells, is paid, gives back, closes, forgets to close,
    restarts, loses its disk."""

    def __init__(self, seed, make_heart, menu, guest, clock, tmp_path):
        self.dice = random.Random(seed)
        self.make_heart, self.menu, self.guest, self.clock = make_heart, menu, guest, clock
        self.tmp_path = tmp_path
        self.hq = Hq()
        self.homes = 0
        self.open = []
        self.paid = []
        self.shift = None

    async def begin(self):
        self.heart = await self.make_heart("home-0", menu=self.menu)

    async def ask(self, command):
        return await self.heart.taking.take(self.guest.asks(command))

    @property
    def today(self):
        return self.heart.outlet.moment(self.heart.journal.reading()).business_date

    async def place(self):
        order = (await self.ask(self.guest.place())).order
        self.open.append(order.order_id)

    async def pay(self):
        if not self.open:
            return
        order_id = self.dice.choice(self.open)
        tender = self.dice.choice(("cash", "card"))
        amount = self.dice.choice((10_000, 25_000)) if tender == "card" else 50_000
        answer = await self.ask(self.guest.pay(order_id, amount, tender=tender, till_id="depan"))
        if getattr(answer, "order", None) and answer.order.due == 0:
            await self.ask(c.ChangeOrderStatus(order_id=order_id, status="served"))
            self.open.remove(order_id)
            self.paid.append(answer.order)

    async def give_back(self):
        if self.paid:
            order = self.paid.pop(self.dice.randrange(len(self.paid)))
            line = RefundLine(line_id=order.lines[0].line_id, quantity=1)
            await self.ask(
                RefundPayment(
                    order_id=order.order_id,
                    refund_id=self.guest.new_id(),
                    tender="cash",
                    lines=(line,),
                    reason="basi",
                )
            )

    async def pay_otherwise(self):
        """The wrong tender: all of it back, and paid anew, maybe on another day."""
        if self.paid:
            order = self.dice.choice(self.paid)
            paid = order.totals.total
            back = RefundPayment(
                order_id=order.order_id, refund_id=self.guest.new_id(), tender="cash", amount=paid
            )
            await self.ask(back)
            await self.dice.choice((self.wait, self.close, self.lose_disk))()
            await self.ask(self.guest.pay(order.order_id, paid, tender="card"))

    async def cancel(self):
        if self.open:
            order_id = self.open.pop(self.dice.randrange(len(self.open)))
            await self.ask(
                c.ChangeOrderStatus(order_id=order_id, status="cancelled", reason="batal")
            )

    async def till(self):
        if self.shift is None:
            self.shift = self.guest.new_id()
            opened = t.OpenShift(shift_id=self.shift, till_id="depan", opening=100_000)
            await self.ask(opened)
        else:
            await self.ask(t.CloseShift(shift_id=self.shift, counted=0, reason="hitung"))
            self.shift = None

    async def close(self):
        if self.shift is not None:
            await self.till()
        day, today = self.dice.choice((self.today, self.yesterday)), self.today
        standing = await self.heart.database.read(lambda db: day_standing(db, day, today))
        knowing = tuple(o.id for o in standing.outstanding)
        await self.ask(t.CloseDay(close_id=self.guest.new_id(), business_date=day, knowing=knowing))

    @property
    def yesterday(self):
        return (date.fromisoformat(self.today) - timedelta(days=1)).isoformat()

    async def wait(self):
        self.clock.now_ms += self.dice.randrange(1, 14) * HOUR_MS

    async def restart(self):
        await self.heart.stop()
        self.heart = await self.make_heart(f"home-{self.homes}")

    async def lose_disk(self):
        await self.hq.hold(self.heart)
        await self.heart.stop()
        self.homes += 1
        self.heart = await self.make_heart(f"home-{self.homes}", menu=self.menu)
        await recover_with(self.hq, self.heart)

    async def put_back_a_copy(self):
        await self.hq.hold(self.heart)
        self.homes += 1
        name = f"home-{self.homes}"
        copy_of(self.heart, self.tmp_path, name)
        await self.place()
        await self.pay()
        await self.hq.hold(self.heart)
        await self.heart.stop()
        self.heart = await self.make_heart(name)
        await recover_with(self.hq, self.heart)

    async def live(self, steps):
        often = [self.place, self.pay, self.pay, self.wait, self.close, self.till]
        rare = [
            self.give_back,
            self.pay_otherwise,
            self.cancel,
            self.restart,
            self.lose_disk,
            self.put_back_a_copy,
        ]
        for _ in range(steps):
            await self.dice.choice(often * 3 + rare)()


@pytest.mark.parametrize("seed", range(8))
async def test_every_payment_is_in_exactly_one_z_and_z_reports_add_up(
    seed, make_heart, menu, guest, clock, tmp_path
):
    life = Life(seed, make_heart, menu, guest, clock, tmp_path)
    await life.begin()
    await life.live(60)
    clock.now_ms += 24 * HOUR_MS
    await life.place()
    await life.pay()
    life.dice = _AlwaysFirst()
    await life.close()
    heart = life.heart
    days = [d.closed for d in reversed(await heart.database.read(read_days))]
    assert [d.number_z for d in days] == list(range(1, len(days) + 1)), "without gap or twin"
    assert [d.previous for d in days] == ["", *(d.digest for d in days[:-1])]
    assert all(z_digest(d) == d.digest for d in days)
    assert len({d.business_date for d in days}) == len(days)
    for table, of_days in (
        ("payments", [sum(x.amount for x in d.figures.tenders) for d in days]),
        ("refunds", [d.figures.refund_amount for d in days]),
    ):
        rows = await heart.rows(f"SELECT z, sum(amount) FROM {table} GROUP BY z")
        counted = dict(rows)
        assert None not in counted, f"{table} that no Z has counted"
        for day, amount in zip(days, of_days, strict=True):
            assert counted.get(day.number_z, 0) == amount, (table, day.number_z)
    (sold,) = (
        await heart.rows(
            "SELECT coalesce(sum(json_extract(CAST(body AS TEXT), '$.totals.total')), 0) FROM orders"
            " WHERE status = 'closed'"
        )
    )[0]
    assert sum(d.figures.total for d in days) == sold
    assert days[-1].until == ALL_DATES


class _AlwaysFirst:
    def choice(self, of):
        return of[0]
