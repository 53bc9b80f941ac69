"""Invariant 24: what the box says of its days, HQ says to the minor unit, in whatever order it heard."""

import random

import msgspec
import pytest

from protocol.reports import sales_report
from tests.made_up_floor import DAYS, HOUSES, Floor

pytestmark = pytest.mark.postgres

PARTS = ("by_day", "by_hour", "by_category", "by_size", "by_item", "by_tender")


def figures(report):
    """What both must agree on; names are looked up where somebody reads them."""
    return {part: {f["key"]: {**f, "name": ""} for f in report[part]} for part in PARTS} | {
        "totals": report["totals"],
        "bill": report["bill"],
    }


@pytest.mark.parametrize("house", range(len(HOUSES)), ids=["plain", "taxed", "inclusive", "offers"])
async def test_the_boxs_report_is_hqs_report(world, tenant, box, browser, till, house):
    floor = Floor(20 + house, HOUSES[house])
    floor.live(400)
    entries = [till.entry(event) for event in floor.events]
    random.Random(house).shuffle(entries)
    for start in range(0, len(entries), 97):
        await box.send(*entries[start : start + 97])
        await world.project()
    orders = list(floor.orders.values())
    assert any(x.refunds for x in orders)
    assert any(x.merged_into for x in orders)
    for first, last in ((DAYS[0], DAYS[-1]), *((day, day) for day in DAYS)):
        here = msgspec.json.decode(msgspec.json.encode(sales_report(orders, "IDR", first, last)))
        there = await browser.read("/api/reports/sales", **{"from": first, "to": last})
        for part, told in figures(here).items():
            assert figures(there)[part] == told, part
    cancelled = [x for x in orders if x.status == "cancelled" and not x.merged_into]
    whole = await browser.read("/api/reports/sales", **{"from": DAYS[0], "to": DAYS[-1]})
    assert whole["cancelled"] == len(cancelled), "what was merged was not called off"
