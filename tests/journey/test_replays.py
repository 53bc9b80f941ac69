"""Recorded sales go through box and HQ and come out as what others computed, to the minor unit."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from edge.replay.engine import replay
from edge.replay.publishing import import_menu
from edge.replay.sales_file import read_sales
from protocol.money import CURRENCIES
from protocol.reports import Figure, SalesReport
from tests.data_readers import READERS, DataSet, Outlet, find_missing, minor

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(600)]

DEMO = Path(__file__).parents[2] / "edge" / "demo"
AT_ONCE = 3
"""Boxes that run side by side; the outlets of a larger set take turns."""
PARTS = ("by_day", "by_hour", "by_category", "by_size", "by_item", "by_tender")


async def test_our_own_sample_arrives_at_box_and_hq(start_hq, start_box, zero_lag):
    currency = CURRENCIES["IDR"]
    hq = await start_hq(currency="IDR", zone="Asia/Jakarta")
    box = await start_box(hq, name="Kedai Dago")
    published = await import_menu(DEMO / "menu.csv", hq.url, hq.key, "IDR")
    file = read_sales(DEMO / "sales_sample.csv", currency, ZoneInfo("Asia/Jakarta"))
    lines = [line for order in file.orders for line in order.lines]

    outcome = await replay(DEMO / "sales_sample.csv", box.url)
    await zero_lag(box)
    here, there = await box.sales(), await hq.sales()

    assert published.variants == 52
    assert (outcome.accepted, outcome.clean) == (len(file.orders), True)
    assert (here.totals.orders, here.totals.lines) == (len(file.orders), len(lines))
    assert here.totals.amount_minor == sum(line.amount for line in lines)
    assert _comparable(here) == _comparable(there)
    assert {f.key for f in there.by_tender} == {"cash", "qris", "ewallet", "card"}


@pytest.mark.data
@pytest.mark.parametrize("name", READERS)
async def test_the_sales_of_others_tie_out(
    start_hq, start_box, zero_lag, ensure_whole, tmp_path, record_property, name
):
    if missing := find_missing(name):
        pytest.skip(missing)
    data = READERS[name](tmp_path)
    hq = await start_hq(currency=data.currency, zone=data.zone)
    await import_menu(data.menu, hq.url, hq.key, data.currency, language=data.language)
    walk = Walk(data, hq, zero_lag, Counter())

    for begin in range(0, len(data.outlets), AT_ONCE):
        turn = data.outlets[begin : begin + AT_ONCE]
        boxes = [await start_box(hq, name=outlet.name) for outlet in turn]
        await asyncio.gather(*map(walk.through, turn, boxes))
        for box in boxes:
            assert await box.stop() == 0
            await ensure_whole(box)

    report = await hq.sales()
    _ensure_known(data, report)
    _ensure_outlets(data, report)
    record_property("measured", walk.describe())


class Walk(NamedTuple):
    """The way of one data set through boxes and HQ."""

    data: DataSet
    hq: object
    zero_lag: Callable
    measured: Counter

    async def through(self, outlet: Outlet, box) -> None:
        """Replay one outlet, twice, and hold its box, and HQ's view of it, to what is known."""
        data, now = self.data, asyncio.get_running_loop().time
        began = now()
        first = await replay(outlet.sales, box.url, in_flight=2)
        taken = now()
        await self.zero_lag(box, 120)
        self.measured.update(orders=first.orders, taking=taken - began, lag=now() - taken)
        report = await box.sales()
        acknowledged = (await box.read("/health"))["acknowledged"]

        again = await replay(outlet.sales, box.url, in_flight=2)

        assert (first.accepted, first.repeated, first.clean) == (first.orders, 0, True)
        assert (again.accepted, again.repeated) == (0, first.orders)
        assert await box.sales() == report
        assert (await box.read("/health"))["acknowledged"] == acknowledged
        assert _comparable(await self.hq.sales(box.outlet_id)) == _comparable(report)
        if len(data.outlets) == 1:
            _ensure_known(data, report)

    def describe(self) -> str:
        """Per box: how fast orders were taken while they went to HQ, and what was left then."""
        orders, boxes = self.measured["orders"], len(self.data.outlets)
        return (
            f"{orders} orders, {orders / self.measured['taking']:.0f}/s per box with "
            f"{min(boxes, AT_ONCE)} at once; HQ had counted all {self.measured['lag'] / boxes:.1f} s"
            " after the last"
        )


def _ensure_known(data: DataSet, report: SalesReport) -> None:
    """Every figure of the report for which somebody else has an answer equals it."""
    known, totals = data.known, report.totals
    assert (totals.orders, totals.lines, totals.units) == (
        *(known["orders"], known["lines"], known["units"]),
    )
    assert totals.amount == known["revenue"]
    _ensure_equal(data, "by_day", report.by_day, lambda f: f.key)
    _ensure_equal(data, "by_hour_of_day", report.by_hour, lambda f: f.key)
    _ensure_equal(data, "by_category", report.by_category, lambda f: f.name)
    if "by_size" in known:
        _ensure_equal(data, "by_size", report.by_size, lambda f: f.key)
    if data.name != "coffee":  # there several products of one name are told apart by number
        _ensure_equal(data, "by_item", report.by_item, lambda f: f.name)
    if "by_payment_method" in known:
        _ensure_tenders(data, report)
    for which, key_of in (("by_month", _month), ("by_weekday", _weekday)):
        sums: dict[str, list[int]] = {}
        for figure in report.by_day:
            total = sums.setdefault(key_of(figure.key), [0, 0])
            total[0] += figure.orders
            total[1] += figure.amount_minor
        assert sums == {
            key: [answer["orders"], minor(answer["revenue"], data.currency)]
            for key, answer in known[which].items()
        }


def _month(day: str) -> str:
    return day[:7]


def _weekday(day: str) -> str:
    return ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[date.fromisoformat(day).weekday()]


def _ensure_outlets(data: DataSet, report) -> None:
    """HQ's figure of each outlet; nothing is missing anywhere."""
    assert report.totals.orders == sum(f.orders for f in report.by_outlet)
    if "by_outlet" in data.known:
        _ensure_equal(data, "by_outlet", report.by_outlet, lambda f: f.name)
    if "orders_by_outlet" in data.known:
        orders = {f.name.split()[0]: f.orders for f in report.by_outlet}
        assert orders == data.known["orders_by_outlet"]
    assert all(c.lag == c.unsent == c.parked == 0 for c in report.completeness)


def _ensure_equal(
    data: DataSet, which: str, figures: tuple[Figure, ...], key_of: Callable[[Figure], str]
) -> None:
    theirs = {
        key: {**answer, "revenue": minor(answer["revenue"], data.currency)}
        for key, answer in data.known[which].items()
    }
    fields = {name for answer in theirs.values() for name in answer}
    ours = {
        key_of(figure): {
            name: getattr(figure, "amount_minor" if name == "revenue" else name) for name in fields
        }
        for figure in figures
    }
    assert ours == theirs, which


def _ensure_tenders(data: DataSet, report: SalesReport) -> None:
    kinds = {
        "cash": ("Tunai",),
        "qris": ("QRIS",),
        "ewallet": ("GoPay", "OVO"),
        "card": ("Kartu Debit",),
    }
    paid, counts = data.known["by_payment_method"], data.known["orders_by_payment"]
    assert {f.key: (f.orders, f.amount_minor) for f in report.by_tender} == {
        kind: (
            sum(counts[word] for word in words),
            sum(minor(paid[word]["revenue"], data.currency) for word in words),
        )
        for kind, words in kinds.items()
    }


def _comparable(report: SalesReport) -> object:
    """What box and HQ must agree on; who is asked may order equals differently."""
    figures = {part: {f.key: f for f in getattr(report, part)} for part in PARTS}
    return report.currency, report.totals, figures, report.bill
