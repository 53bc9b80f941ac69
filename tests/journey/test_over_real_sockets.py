"""The same journey between processes: HQ, box, broker, displays, printer and counter on sockets."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from protocol.commands import BumpTicket

pytestmark = [pytest.mark.postgres, pytest.mark.broker]


async def test_an_order_from_the_counter_to_hq(
    place, printer, new_id, zero_lag, wait_until, ensure_whole
):
    hq, box, displays = place

    async with events_of(box) as at_counter, events_of(hq) as at_office:
        assert (await at_counter.next("snapshot"))["menu_version"] == 1
        assert (await at_office.next("snapshot"))["totals"]["orders"] == 0

        # The guest orders; the counter, the stove and the bar hear of it without asking.
        placed = await box.order(lines=[("nasi-goreng", 1), ("kopi-tubruk", 2)], table="7")
        order_id = placed["order_id"]
        change = await at_counter.next("change", key=order_id)
        await wait_until(lambda: len(displays.tickets) == 2)

        assert (placed["number"], placed["status"]) == ("A001", "fired")
        assert change["value"]["number"] == "A001"
        assert displays.box_online
        assert displays.tickets[order_id, "bar"].lines[0].quantity == 2

        # The cooks make it, the guest pays, and everything is carried out.
        for station in ("kitchen", "bar"):
            await box.tell(BumpTicket(order_id=order_id, station_id=station))
        await wait_until(lambda: not displays.tickets)
        key = {"idempotency-key": new_id()}
        money = {"payment_id": new_id(), "tendered": 50_000}
        paid = await box.client.post(f"/api/orders/{order_id}/payments", json=money, headers=key)
        twice = await box.client.post(f"/api/orders/{order_id}/payments", json=money, headers=key)
        served = {"status": "served", "command_id": new_id()}
        closed = await box.client.patch(f"/api/orders/{order_id}/status", json=served)
        sheets = await printer.wait_for_sheets(3, timeout_s=10)

        assert paid.json()["order"]["payments"][0]["change"] == 7_000
        assert twice.json() == paid.json() | {"repeated": True, "events": []}
        assert closed.json()["order"]["status"] == "closed"
        assert all("A001" in sheet.text for sheet in sheets)

        # HQ's page shows the sale by itself, and knows when it knows everything.
        news = await at_office.next("change", orders=1)
        assert news["totals"]["amount_minor"] == 43_000

        await zero_lag(box)
    at_box, at_hq = (
        await box.read(f"/api/orders/{order_id}"),
        await hq.read(f"/api/orders/{order_id}"),
    )
    assert at_hq["order"] == at_box
    assert (await hq.sales()).totals == (await box.sales()).totals
    assert (await hq.outlet(box.outlet_id))["menu_version"] == 1

    # Nobody has to be killed, and what they leave agrees to the byte.
    assert await box.stop() == 0
    await wait_until(lambda: displays.box_online is False)
    await ensure_whole(box)
    assert await hq.stop() == 0


# ---------------------------------------------------------------- parts


@pytest.fixture
async def place(start_hq, start_box, broker, open_displays, papers, warung, wait_until):
    """HQ, a box that has its menu, and the displays in its kitchen."""
    hq = await start_hq()
    box = await start_box(hq, mqtt_port=broker.port, printers=[papers])
    displays = await open_displays(broker.port, box.outlet_id)
    await hq.publish(warung)
    await wait_until(box.has_menu)
    return hq, box, displays


class Events:
    """A stream of server-sent events, read as it comes."""

    def __init__(self, answer):
        self._lines = answer.aiter_lines()

    async def next(self, kind, *, key=None, orders=None):
        """The data of the next event of a kind, about a thing or with so many orders if asked."""
        async with asyncio.timeout(15):
            while True:
                name, data = await self._one()
                about = key is None or data["key"] == key
                enough = orders is None or data["totals"]["orders"] == orders
                if name == kind and about and enough:
                    return data

    async def _one(self):
        fields = {}
        async for line in self._lines:
            if not line and "data" in fields:
                return fields["event"], json.loads(fields["data"])
            name, _, value = line.partition(": ")
            fields[name] = value
        raise AssertionError("the stream ended")


@asynccontextmanager
async def events_of(service):
    async with service.client.stream("GET", "/api/feed") as answer:
        assert answer.status_code == 200
        yield Events(answer)
