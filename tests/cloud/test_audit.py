"""Who did what at an outlet, as HQ reads it from the ledger."""

import pytest

from cloud.people import PersonWish
from protocol.floor_events import ApprovalGiven
from protocol.staff import May, Role
from tests.made_up_sales import DAY, NOON_MS

pytestmark = pytest.mark.postgres


async def test_voids_and_approvals_are_told_with_names_and_numbers(world, tenant, box, browser):
    sari = await world.hq.people.add(tenant.tenant_id, PersonWish(name="Sari", role=Role.MANAGER))
    placed = world.till.placed(25_000, 30_000)
    approval = ApprovalGiven(
        approval_id="a1",
        by=sari.staff_id,
        action=May.VOID_FIRED,
        subject=placed.order_id,
        amount=25_000,
        asked_by=None,
        at_ms=NOON_MS,
        expires_ms=NOON_MS + 600_000,
    )
    void = world.till.voided(placed)
    entries = [world.till.entry(placed), world.till.entry(approval)]
    entries += [world.till.entry(void, actor=sari.staff_id)]
    await box.send(*entries)
    await world.project()
    page = await browser.read("/api/audit", outlet=box.enrolled.outlet_id, date=DAY)
    assert [(r["kind"], r["who"], r["number"], r["amount"]) for r in page["rows"]] == [
        ("void", "Sari", placed.number, 25_000),
        ("approval", "Sari", placed.number, 25_000),
    ]
    assert page["rows"][0]["what"]["id"].startswith("Membatalkan 1 × Kopi")
    empty = await browser.read("/api/audit", outlet=box.enrolled.outlet_id, date="2026-01-01")
    assert empty["rows"] == []


async def test_another_tenants_outlet_is_nobodys(world, box, browser):
    stranger = await world.browser(await world.tenant("Other"))
    at = {"outlet": box.enrolled.outlet_id, "date": DAY}
    assert (await stranger.get("/api/audit", **at)).json()["code"] == "unknown_outlet"
    for params in ({"date": DAY}, {"outlet": "x", "date": DAY}, {"outlet": at["outlet"]}):
        assert (await browser.get("/api/audit", **params)).status_code in (400, 404)
