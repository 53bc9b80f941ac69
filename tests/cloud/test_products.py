"""Product fields that HQ and outlets write: the last writer by cause wins, whatever clocks say."""

import itertools

import msgspec
import pytest

from cloud.follower import Place
from protocol import events as e
from protocol.clock import stamp_at
from protocol.rules.product_fields import Fields

pytestmark = pytest.mark.postgres

YEAR_2099 = stamp_at(4_070_908_800_000)


def edited(value, field="name:en", item="kopi"):
    return e.ProductEdited(item_id=item, field=field, value=value, at_ms=1_000)


@pytest.fixture(autouse=True)
async def published(world, browser, menu):
    world.clock.now_ms += 60_000  # boxes' stamps are of a minute ago
    await browser.post("/api/menus/publish", menu())


@pytest.fixture
def kopi(world, browser):
    async def read():
        await world.project()
        (product,) = (await browser.read("/api/products"))["products"]
        return product

    return read


async def fields_of(box, item="kopi"):
    rows = [r for r in (await box.feed()).rows if (r.kind, r.key) == ("product", item)]
    return msgspec.json.decode(rows[-1].body, type=Fields) if rows else {}


async def test_what_an_outlet_wrote_is_told_to_every_outlet(world, tenant, box, till, kopi):
    other = await world.box(tenant, "Cabang")
    await box.send(till.entry(edited("Long black")))
    product = await kopi()
    assert product["names"] == {"id": "Kopi", "en": "Long black"}
    (written,) = product["written"]
    assert (written["outlet_name"], written["who"]) == ("Pusat", "counter")
    assert (await fields_of(other))["name:en"].value == "Long black"
    assert (await fields_of(box)) == (await fields_of(other))


async def test_hq_and_outlets_beat_what_they_have_seen(world, browser, box, till, kopi):
    await box.send(till.entry(edited("Outlet's")))
    await kopi()
    world.clock.now_ms += 1_000
    answer = await browser.patch("/api/products/kopi", {"fields": {"name:en": "HQ's"}})
    assert answer.json()["names"]["en"] == "HQ's"
    assert answer.json()["written"][0]["outlet_id"] is None
    seen = (await box.feed()).stamp
    world.clock.now_ms += 1_000
    await box.send(till.entry(edited("After having seen it"), stamp=seen + 1))
    assert (await kopi())["names"]["en"] == "After having seen it"


async def test_an_edit_from_2099_wins_over_nothing_that_comes_after_it(
    world, browser, box, till, kopi
):
    await box.send(
        till.entry(edited("one"), stamp=YEAR_2099),
        till.entry(edited("two"), stamp=YEAR_2099 + 1),
        till.entry(edited("three"), stamp=YEAR_2099 + 2),
    )
    assert (await kopi())["names"]["en"] == "three"  # a box's own edits keep their order
    world.clock.now_ms += 1_000
    await browser.patch("/api/products/kopi", {"fields": {"name:en": "HQ's"}})
    assert (await kopi())["names"]["en"] == "HQ's"
    assert (await box.feed()).stamp >> 16 <= world.clock.now_ms


async def test_two_managers_offline_converge_whoever_is_heard_first(world, till, menu):
    entries = [till.entry(edited(value)) for value in ("first", "second", "third")]
    results = []
    for number, order in enumerate(itertools.permutations(entries)):
        tenant = await world.tenant(f"Tenant {number}")
        boxes = [await world.box(tenant, name) for name in ("A", "B", "C")]
        for entry in order:
            await boxes[entries.index(entry)].send(entry)
            await world.project()
        rows = await world.rows(tenant, "SELECT value, stamp FROM product_fields")
        results.append(rows)
    assert all(r == [{"value": "third", "stamp": entries[2].stamp}] for r in results)


async def test_what_lost_against_another_place_is_told(world, browser, box, till, kopi):
    await box.send(till.entry(edited("Outlet's")), till.entry(edited("Outlet's second")))
    await kopi()
    assert (await browser.read("/api/conflicts/decisions"))["decisions"] == []
    await browser.patch("/api/products/kopi", {"fields": {"name:en": "HQ's"}})
    (lost,) = (await browser.read("/api/conflicts/decisions"))["decisions"]
    assert (lost["kind"], lost["outlet_name"]) == ("product_field_lost", "Pusat")
    assert lost["params"]["winner"] == "test (HQ)"
    assert (lost["params"]["kept"], lost["params"]["lost"]) == ("HQ's", "Outlet's second")
    world.clock.now_ms += 30 * 24 * 3_600_000
    await box.send(till.entry(edited("A month later"), stamp=stamp_at(world.clock.now_ms)))
    assert (await kopi())["names"]["en"] == "A month later"
    decided = (await browser.read("/api/conflicts/decisions"))["decisions"]
    assert [d["decision_id"] for d in decided] == [lost["decision_id"]]  # all had read HQ's by then


async def test_what_changes_nothing_is_not_told(box, till, kopi):
    late, early = (till.entry(edited(v), stamp=stamp_at(s)) for v, s in (("new", 2), ("old", 1)))
    await box.send(late)
    await kopi()
    before = (await box.feed()).pos
    await box.send(early)
    assert (await kopi())["names"]["en"] == "new"
    assert (await box.feed()).pos == before


async def test_a_rebuild_gives_the_same_and_tells_nobody(world, tenant, browser, box, till, kopi):
    await box.send(till.entry(edited("one"), stamp=YEAR_2099))
    world.clock.now_ms += 5_000
    await browser.patch("/api/products/kopi", {"fields": {"photo": "/kopi.jpg"}})
    await box.send(till.entry(edited("two"), stamp=YEAR_2099 + 1), till.entry(edited("ok", "x")))
    await kopi()
    tables = "SELECT * FROM product_edits ORDER BY edit_id", "SELECT * FROM product_fields"
    before = [await world.rows(tenant, table) for table in tables]
    pos = (await box.feed()).pos
    world.clock.now_ms += 3_600_000
    await world.hq.rare[0].rebuild(Place(tenant.tenant_id, box.enrolled.outlet_id))
    assert [await world.rows(tenant, table) for table in tables] == before
    assert (await box.feed()).pos == pos


async def test_poison_waits_alone_and_flows_once_it_can(world, tenant, box, till, kopi, browser):
    bad = till.entry(edited("x", item="roti"), body=b"{")
    await box.send(bad, till.entry(edited("fine")), till.entry(edited("\0", item="teh")))
    assert (await kopi())["names"]["en"] == "fine"
    parked = (await browser.read("/api/parked"))["parked"]
    assert {p["aggregate_id"] for p in parked} == {"roti", "teh"}
    assert (await browser.read("/api/conflicts"))["open"] == 2
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        await world.hq.rare[0]._projection.retry(  # as a start does
            tx, Place(tenant.tenant_id, box.enrolled.outlet_id)
        )
    assert len((await browser.read("/api/parked"))["parked"]) == 2


@pytest.mark.parametrize(
    ("item", "fields", "code"),
    [
        ("none", {"name:en": "x"}, "unknown_product"),
        ("kopi", {"price": "1"}, "unfit_fields"),
        ("kopi", {"name:en": "x" * 500, "photo": "/a"}, "unfit_fields"),
        ("kopi", {"name:en": "\0"}, "unfit_fields"),
    ],
)
async def test_what_cannot_be_written_is_refused_whole(browser, kopi, item, fields, code):
    answer = await browser.patch(f"/api/products/{item}", {"fields": fields})
    assert answer.json()["code"] == code
    product = await kopi()
    assert (product["photo"], product["written"]) == (None, [])
