"""Recorded sales go through box and HQ and come out as what others computed, to the minor unit."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest

from edge.http_client import TransportError, open_client
from edge.replay.engine import Outcome, replay
from edge.replay.publishing import import_menu
from edge.replay.sales_file import read_sales
from protocol.money import CURRENCIES
from protocol.reports import Figure, SalesReport
from tests.data_readers import READERS, DataSet, Outlet, find_missing, minor

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]

DEMO = Path(__file__).parents[2] / "edge" / "demo"
SPAN = "from=2015-01-01&to=2026-12-31"
QUIET_S = 120
AT_ONCE = 3
"""Boxes that run side by side; the outlets of a larger set take turns."""


class World(NamedTuple):
    """How box and HQ are started here."""

    start_hq: Callable
    start_box: Callable


@pytest.fixture
def world(start_hq, start_box) -> World:
    return World(start_hq, start_box)


async def test_our_own_sample_arrives_at_box_and_hq(world):
    currency = CURRENCIES["IDR"]
    hq = await world.start_hq(currency="IDR", zone="Asia/Jakarta")
    box = await world.start_box(hq, name="Kedai Dago")
    published = await import_menu(DEMO / "menu.csv", hq.url, hq.key, "IDR")
    file = read_sales(DEMO / "sales_sample.csv", currency, ZoneInfo("Asia/Jakarta"))
    lines = [line for order in file.orders for line in order.lines]

    outcome = await replay(DEMO / "sales_sample.csv", box.url)
    await _until_sent(box)
    here, there = await _report(box.url), await _settled_report(hq, outcome)

    assert published.variants == 52
    assert (outcome.accepted, outcome.clean) == (len(file.orders), True)
    assert (here.totals.orders, here.totals.lines) == (len(file.orders), len(lines))
    assert here.totals.amount_minor == sum(line.amount for line in lines)
    assert _comparable(here) == _comparable(there)
    assert {f.key for f in there.by_tender} == {"cash", "qris", "ewallet", "card"}


async def test_killing_box_and_hq_meanwhile_changes_nothing(world, tmp_path):
    hq = await world.start_hq(currency="IDR", zone="Asia/Jakarta")
    box = await world.start_box(hq, name="Kedai Dago")
    await import_menu(DEMO / "menu.csv", hq.url, hq.key, "IDR")
    rows = [
        f"{n},2025-03-{1 + n // 100:02} 08:{n % 60:02}:00,101,1,{1000 + n}" for n in range(2500)
    ]
    file = tmp_path / "many.csv"
    file.write_text("\n".join(["order,time,plu,quantity,amount", *rows]))
    reached = {at: asyncio.Event() for at in (400, 1000, 1800)}

    def on_progress(done: int, _: int) -> None:
        for at, event in reached.items():
            if done >= at:
                event.set()

    replaying = asyncio.create_task(replay(file, box.url, on_progress=on_progress))
    for victim, event in zip((box, hq, box), reached.values(), strict=True):
        await event.wait()
        await victim.kill()
        await victim.restart()
    outcome = await replaying
    await _until_sent(box)
    here, there = await _report(box.url), await _settled_report(hq, outcome)

    assert (outcome.accepted + outcome.repeated, outcome.refused) == (2500, [])
    assert here.totals.amount_minor == sum(1000 + n for n in range(2500))
    assert _comparable(here) == _comparable(there)


@pytest.mark.data
@pytest.mark.parametrize("name", READERS)
async def test_the_sales_of_others_tie_out(world, tmp_path, name):
    if missing := find_missing(name):
        pytest.skip(missing)
    data = READERS[name](tmp_path)
    hq = await world.start_hq(currency=data.currency, zone=data.zone)
    await import_menu(data.menu, hq.url, hq.key, data.currency, language=data.language)

    for start in range(0, len(data.outlets), AT_ONCE):
        turn = data.outlets[start : start + AT_ONCE]
        boxes = [await world.start_box(hq, name=outlet.name) for outlet in turn]
        await asyncio.gather(
            *(_play(data, outlet, box) for outlet, box in zip(turn, boxes, strict=True))
        )
        for box in boxes:
            await box.stop()

    report = await _settled_report(hq, data.known["orders"])
    _ensure_known(data, report)


async def _play(data: DataSet, outlet: Outlet, box) -> None:
    """Replay one outlet, twice, and hold its box to what is known of that outlet."""
    first = await replay(outlet.sales, box.url, in_flight=2)
    await _until_sent(box)
    report = await _report(box.url)
    acknowledged = (await _health(box))["acknowledged"]

    again = await replay(outlet.sales, box.url, in_flight=2)

    assert (first.accepted, first.repeated, first.clean) == (first.orders, 0, True)
    assert (again.accepted, again.repeated) == (0, first.orders)
    assert await _report(box.url) == report
    assert (await _health(box))["acknowledged"] == acknowledged
    if len(data.outlets) == 1:
        _ensure_known(data, report)
        return
    known = data.known["by_outlet"][outlet.name]
    totals = report.totals
    assert (totals.lines, totals.units) == (known["lines"], known["units"])
    assert totals.amount_minor == minor(known["revenue"], data.currency)


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
    parts = ("by_day", "by_hour", "by_category", "by_size", "by_item", "by_tender")
    figures = {part: {f.key: f for f in getattr(report, part)} for part in parts}
    return report.currency, report.totals, figures


async def _report(url: str, key: str = "") -> SalesReport:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with open_client(url, timeout_s=60, headers=headers) as client:
        answer = await client.get(f"/api/reports/sales?{SPAN}")
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=SalesReport)


async def _settled_report(hq, expected: Outcome | int) -> SalesReport:
    """HQ's figures once its projections have caught up with what the boxes sent."""
    orders = expected if isinstance(expected, int) else expected.accepted + expected.repeated
    async with asyncio.timeout(QUIET_S):
        while True:
            report = await _report(hq.url, hq.key)
            if report.totals.orders >= orders:
                break
            await asyncio.sleep(0.2)
    await asyncio.sleep(1)  # whatever is still to come may come: it must not be more
    return await _report(hq.url, hq.key)


async def _until_sent(box) -> None:
    """Until HQ has confirmed every entry of the box's journal."""
    async with asyncio.timeout(QUIET_S):
        while True:
            health = await _health(box)
            if health["unsent"] == 0 and health["replicated"] == health["acknowledged"]:
                return
            await asyncio.sleep(0.2)


async def _health(box) -> dict:
    async with open_client(box.url) as client:
        for _ in range(50):
            try:
                return msgspec.json.decode((await client.get("/health")).content)
            except TransportError:
                await asyncio.sleep(0.2)
        return msgspec.json.decode((await client.get("/health")).content)
