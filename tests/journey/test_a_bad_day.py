"""Everything goes wrong on one day, and in the evening everything is everywhere, exactly once."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from edge.printing.virtual import VirtualPrinter

pytestmark = [pytest.mark.postgres, pytest.mark.broker, pytest.mark.timeout(240)]

RICE, COFFEE = 25_000, 9_000


async def test_a_bad_day(day):
    await the_morning_is_fine(day)
    await at_lunch_the_wan_is_cut_and_the_paper_runs_out(day)
    await somebody_pulls_the_plug_of_the_box(day)
    await hq_loses_its_database_and_then_itself(day)
    await the_wan_is_joined_and_paper_put_in(day)
    await in_the_evening_everything_is_everywhere_once(day)


async def the_morning_is_fine(day):
    await day.sell()
    await day.zero_lag(day.box)
    await day.printer.wait_for_sheets(3, timeout_s=15)

    assert (await day.hq.sales()).totals.orders == 1


async def at_lunch_the_wan_is_cut_and_the_paper_runs_out(day):
    day.wan.set_cut(True)
    day.printer.change(paper_out=True)
    assert await day.hq.publish(day.dearer(day.warung, "kopi-tubruk", 11_000)) == 2

    for _ in range(8):
        await day.sell()
    troubles = await day.wait_until(lambda: day.troubles("hq", "printer.dapur"))

    assert "cannot be reached" in troubles["hq"]
    assert "paper" in troubles["printer.dapur"].lower()
    assert not await day.box.has_menu(2)
    assert len(day.printer.sheets) == 3
    assert (await day.hq.sales()).totals.orders == 1


async def somebody_pulls_the_plug_of_the_box(day):
    before = len(day.orders)
    guests = [asyncio.create_task(day.sell(pause_s=0.05 * n)) for n in range(8)]
    await day.wait_until(lambda: len(day.orders) >= before + 2)
    await day.box.kill()
    assert not all(guest.done() for guest in guests), "the plug was pulled too late"
    await day.box.restart()
    await asyncio.gather(*guests)

    assert len(day.orders) == before + 8
    # The displays never went dark, and have what was ordered while the box was away.
    await day.wait_until(lambda: day.waiting_tickets() == set(day.displays.tickets))


async def hq_loses_its_database_and_then_itself(day):
    await day.hq.kill_postgres()
    await day.sell()
    await day.hq.kill()
    await day.sell()
    await day.hq.restart()

    assert (await day.hq.sales()).totals.orders == 1


async def the_wan_is_joined_and_paper_put_in(day):
    day.wan.set_cut(False)
    day.printer.change(paper_out=False)
    await day.zero_lag(day.box, 120)
    await day.wait_until(lambda: day.box.has_menu(2))
    await day.wait_until(day.all_papers_are_out)

    assert not await day.troubles("hq")
    assert not await day.troubles("printer.dapur")


async def in_the_evening_everything_is_everywhere_once(day):
    numbers = [f"A{n:03}" for n in range(1, len(day.orders) + 1)]
    assert sorted(order["number"] for order in day.orders.values()) == numbers

    # Each was charged what the guest saw, at the box and at HQ.
    for report in (await day.box.sales(), await day.hq.sales()):
        assert report.totals.orders == len(day.orders) == 19
        assert report.totals.amount_minor == len(day.orders) * (RICE + COFFEE)
        assert report.by_tender[0].amount_minor == len(day.orders) * (RICE + COFFEE)
    listed = (await day.hq.read("/api/orders?limit=100"))["orders"]
    assert Counter(row["order_id"] for row in listed) == Counter(dict.fromkeys(day.orders, 1))
    assert {row["paid_minor"] for row in listed} == {RICE + COFFEE}

    # Each paper came out; one that may have come out before says so.
    for (number, kind), sheets in day.papers().items():
        originals = [text for text in sheets if "DUPLICATE" not in text]
        assert len(originals) <= 1, f"{kind} of {number} came twice and does not say so"

    # The new price holds from here on, and the screen that missed it is told.
    late = await day.box.insist(day.wish(menu_version=1))
    assert (late.status_code, late.json()["code"]) == (409, "stale_menu")
    await day.sell(expected=RICE + 11_000)
    await day.zero_lag(day.box)
    assert await day.box.stop() == 0
    await day.ensure_whole(day.box)


# ---------------------------------------------------------------- who takes part


@dataclass
class Day:
    """One outlet and HQ, the line between them, and what guests were told."""

    hq: Any
    box: Any
    wan: Any
    printer: VirtualPrinter
    displays: Any
    warung: Any
    dearer: Callable
    request: Callable
    new_id: Callable
    wait_until: Callable
    zero_lag: Callable
    ensure_whole: Callable
    orders: dict[str, Any] = field(default_factory=dict)

    def wish(self, **more):
        return self.request(lines=[("nasi-goreng", 1), ("kopi-tubruk", 1)], **more)

    async def sell(self, *, expected=RICE + COFFEE, pause_s=0.0):
        """A guest orders and pays; every tap is a double tap, and every screen is stubborn."""
        await asyncio.sleep(pause_s)
        wish = self.wish()
        first, second = await asyncio.gather(self.box.insist(wish), self.box.insist(wish))
        assert first.status_code == second.status_code == 200, first.text
        order = first.json()["order"]
        assert second.json()["order"]["number"] == order["number"]
        assert sorted(a.json().get("repeated", False) for a in (first, second)) in (
            *([False, True], [True, True]),  # both, when the box died between commit and answer
        )
        due = order["totals"]["total"]
        assert due == expected
        money = {"payment_id": self.new_id(), "tendered": due, "command_id": self.new_id()}
        where = f"/api/orders/{order['order_id']}/payments"
        paid = await asyncio.gather(self.box.insist(money, where), self.box.insist(money, where))
        assert [answer.status_code for answer in paid] == [200, 200]
        self.orders[order["order_id"]] = order

    async def troubles(self, *codes):
        """What the health page complains of among these codes; None unless all of them are there."""
        health = await self.box.read("/health")
        wrong = {s["code"]: s["en"] for s in health["sentences"] if not s["ok"]}
        return {c: wrong[c] for c in codes} if set(codes) <= set(wrong) else None

    def waiting_tickets(self):
        """Nobody has bumped anything today: each order waits at both stations."""
        return {(order, station) for order in self.orders for station in ("kitchen", "bar")}

    def papers(self):
        """The sheets' texts by order number and kind of paper."""
        found: dict[tuple[str, str], list[str]] = {}
        for sheet in self.printer.sheets:
            number = re.search(r"A\d{3}", sheet.text).group()
            kind = "receipt" if "LUNAS" in sheet.text else "bar"
            kind = "kitchen" if kind == "bar" and "Nasi" in sheet.text else kind
            found.setdefault((number, kind), []).append(sheet.text)
        return found

    def all_papers_are_out(self):
        return len(self.papers()) == 3 * len(self.orders)


@pytest.fixture
async def day(
    start, broker, open_displays, printer, papers, warung, dearer, new_id, wait_until, zero_lag,
    ensure_whole, order_request,
):  # fmt: skip
    hq = await start.hq(own_postgres=True)
    await hq.publish(warung)
    wan = await start.wan(hq)
    box = await start.box(hq, wan=wan, mqtt_port=broker.port, printers=[papers])
    displays = await open_displays(broker.port, box.outlet_id)
    await wait_until(box.has_menu)
    return Day(
        hq, box, wan, printer, displays, warung, dearer, order_request, new_id, wait_until,
        zero_lag, ensure_whole,
    )  # fmt: skip
