"""Who did what at an outlet, as HQ reads it from the ledger."""

import pytest

from cloud import audit
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


@pytest.fixture
async def busy(world, tenant, box):
    """Two outlets where three people took things off bills, on two dates."""
    other = await world.box(tenant, name="Dago", stream="cd" * 16)
    for place, who, times in ((box, "budi", 3), (other, "wati", 2)):
        for _ in range(times):
            placed = world.till.placed(10_000)
            await place.send(
                world.till.entry(placed),
                world.till.entry(world.till.voided(placed), actor=who),
                world.till.entry(world.till.cancelled(placed), actor="sari"),
            )
    await world.project()
    return box, other


async def read(browser, **params):
    return await browser.read("/api/audit", **{"from": DAY, "to": DAY} | params)


async def test_all_outlets_are_told_of_as_one_trail_and_each_row_names_its_outlet(busy, browser):
    box, other = busy
    page = await read(browser)
    assert len(page["rows"]) == len(page["outlets"]) == 10
    assert {box.enrolled.outlet_id, other.enrolled.outlet_id} == set(page["outlets"])
    assert page["next"] is None
    times = [row["at_ms"] for row in page["rows"]]
    assert times == sorted(times, reverse=True)
    mine = await read(browser, outlet=other.enrolled.outlet_id)
    assert {row["who"] for row in mine["rows"]} == {"wati", "sari"}


async def test_a_kind_and_a_person_are_looked_for_and_the_sums_stay_of_all(busy, browser):
    page = await read(browser, kind="void", who="budi")
    assert [(r["kind"], r["who"]) for r in page["rows"]] == [("void", "budi")] * 3
    sums = {(t["who"], t["kind"]): (t["times"], t["amount"]) for t in page["tallies"]}
    assert sums == {
        ("budi", "void"): (3, 30_000),
        ("wati", "void"): (2, 20_000),
        ("sari", "cancel"): (5, 0),
    }
    assert page["tallied_all"]
    assert (await read(browser, who="nobody"))["rows"] == []


async def test_what_does_not_fit_on_one_page_follows_without_a_gap_or_a_double(
    busy, browser, monkeypatch
):
    whole = (await read(browser))["rows"]
    monkeypatch.setattr(audit, "ROWS_MAX", 3)
    monkeypatch.setattr(audit, "READ_AT_ONCE", 2)
    found, page = [], await read(browser)
    assert (page["tallied_all"], sum(t["times"] for t in page["tallies"])) == (True, 10)
    for _ in range(9):
        assert len(page["rows"]) <= 3
        found += page["rows"]
        if page["next"] is None:
            break
        page = await read(browser, after=page["next"])
    assert found == whole


async def test_more_than_one_question_looks_through_is_said_and_goes_on(busy, browser, monkeypatch):
    monkeypatch.setattr(audit, "READ_AT_ONCE", 2)
    monkeypatch.setattr(audit, "READ_MAX", 4)
    page = await read(browser, who="sari")
    assert not page["tallied_all"]
    found = page["rows"]
    while page["next"] is not None:
        page = await read(browser, who="sari", after=page["next"])
        found += page["rows"]
    assert len(found) == 5


@pytest.mark.parametrize(
    "after", ["x", "1.2", "1.x.3", "-1.0190c7d2-4f00-7a11-8b22-000000000067.3"]
)
async def test_a_place_that_is_none_of_ours_is_refused(browser, after):
    params = {"from": DAY, "to": DAY, "after": after}
    assert (await browser.get("/api/audit", **params)).json()["code"] == "bad_request"


async def test_another_tenants_outlet_is_nobodys(world, box, browser):
    stranger = await world.browser(await world.tenant("Other"))
    at = {"outlet": box.enrolled.outlet_id, "date": DAY}
    assert (await stranger.get("/api/audit", **at)).json()["code"] == "unknown_outlet"
    assert (await stranger.read("/api/audit", date=DAY))["rows"] == []
    for params in ({"outlet": "x", "date": DAY}, {"outlet": at["outlet"]}, {"kind": "x"}):
        assert (await browser.get("/api/audit", **params)).status_code in (400, 404)
