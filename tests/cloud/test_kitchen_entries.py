"""Where a line was in the kitchen is history to HQ: it is kept, and neither parked nor counted."""

import itertools
import random

import pytest

from protocol import events as e
from protocol.ids import LineId, StationId

pytestmark = pytest.mark.postgres


def whereabouts(placed):
    lines = tuple(LineId(x.line_id) for x in placed.lines)
    about = {"order_id": placed.order_id, "station_id": StationId("bar"), "line_ids": lines}
    return (
        e.TicketRerouted(**about, to="dapur", by_printer=False, at_ms=1),
        e.TicketEscalated(**about, at_ms=2),
        e.TicketShown(**about, device="d", screen="Dapur 1", at_ms=3, elsewhere=True),
        e.PaperPrinted(
            **about, kind="kitchen_ticket", printer="p", job_id="j", at_ms=4, duplicate=1
        ),
    )


@pytest.mark.parametrize("seed", range(3))
async def test_hq_takes_them_in_any_order_parks_nothing_and_counts_nothing_twice(world, till, seed):
    placed = [till.placed(20_000, 5_000), till.placed(9_000)]
    told = list(itertools.chain(*(till.entries(p, *whereabouts(p)) for p in placed)))
    random.Random(seed).shuffle(told)
    tenant = await world.tenant("Kedai")
    box = await world.box(tenant)
    for entry in told:
        await box.send(entry)
        await world.project()
    assert await world.rows(tenant, "SELECT * FROM parked") == []
    orders = await world.rows(tenant, "SELECT * FROM orders")
    assert len(orders) == 2
    ledger = await world.rows(tenant, "SELECT type FROM ledger")
    assert len(ledger) == len(told)
    hours = await world.rows(tenant, "SELECT * FROM hourly_sales")
    assert sum(h["orders"] for h in hours) == 2
    assert sum(h["sales"] for h in hours) == 34_000
