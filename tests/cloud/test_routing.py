"""Who makes what at one outlet, as HQ says it: checked, for that outlet alone, told once."""

import asyncio

import msgspec
import pytest
from click.testing import CliRunner

from cloud.cli import main
from protocol.menu import Station
from protocol.routing import Routing

pytestmark = pytest.mark.postgres

BAR = Station(id="bar", names={"id": "Bar"}, kind="bar")


@pytest.fixture
def with_bar(menu):
    """The café with a bar beside its kitchen; nobody says who makes the coffee."""
    return menu(stations=(*menu().stations, BAR))


@pytest.fixture
async def outlet(world, tenant, browser, with_bar, box):
    """The path of the outlet's routing; the menu is published."""
    await browser.post("/api/menus/publish", with_bar)
    return f"/api/outlets/{box.enrolled.outlet_id}/routing"


async def test_a_routing_reaches_its_outlet_alone(world, tenant, browser, box, outlet):
    other = await world.box(tenant, "Cabang", stream="cd" * 16)
    start, elsewhere = await box.feed(), await other.feed()
    said = Routing(items={"kopi": ("bar",)}, targets_s={"bar": 180})
    told = (await browser.send("PUT", outlet, said)).json()
    assert (told["version"], told["unchanged"]) == (1, False)
    (row,) = (await box.feed(start.incarnation, start.pos)).rows
    assert (row.kind, row.key, row.version) == ("routing", "*", 1)
    assert msgspec.json.decode(row.body, type=Routing) == said
    assert (await other.feed(elsewhere.incarnation, elsewhere.pos)).rows == ()
    shown = await browser.read(outlet)
    assert msgspec.convert(shown["routing"], Routing) == said
    assert shown["unserved"] == []


async def test_the_same_routing_again_is_not_sent_again(browser, outlet):
    said = Routing(categories={"minuman": ("bar",)})
    assert (await browser.read(outlet))["version"] == 0
    first = (await browser.send("PUT", outlet, said)).json()
    again = (await browser.send("PUT", outlet, said)).json()
    assert (again["version"], again["pos"], again["unchanged"]) == (1, first["pos"], True)
    assert (await browser.send("PUT", outlet, Routing())).json()["version"] == 2


async def test_fs41_items_that_only_have_the_fallback_are_listed(browser, outlet):
    (item,) = (await browser.read(outlet))["unserved"]
    assert (item["item_id"], item["missing"]) == ("kopi", [])
    await browser.send("PUT", outlet, Routing(categories={"minuman": ("bar",)}))
    assert (await browser.read(outlet))["unserved"] == []


async def test_a_routing_to_what_the_menu_has_not_is_refused_in_words(browser, outlet):
    answer = await browser.send("PUT", outlet, Routing(items={"teh": ("roof",)}))
    assert (answer.status_code, answer.json()["code"]) == (422, "unfit_routing")
    assert answer.json()["faults"] == [
        "the menu has no item 'teh'",
        "item 'teh' goes to unknown station 'roof'",
    ]
    assert (await browser.read(outlet))["version"] == 0


@pytest.mark.parametrize("body", [b"", b"[]", b'{"items":{"kopi":"bar"}}', b'{"printers":{}}'])
async def test_what_is_no_routing_is_refused(browser, outlet, body):
    answer = await browser.client.put(outlet, content=body, headers=browser.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_a_routing_needs_a_key_and_an_outlet_of_ones_own(world, browser, outlet):
    assert (await world.client.get(outlet)).status_code == 401
    stranger = await world.browser(await world.tenant("Lain"))
    for path in (outlet, "/api/outlets/none/routing"):
        assert (await stranger.get(path)).json()["code"] == "unknown_outlet"
        assert (await stranger.send("PUT", path, Routing())).status_code == 404


async def test_a_box_that_begins_anew_gets_the_routing_with_everything_else(browser, box, outlet):
    await browser.send("PUT", outlet, Routing(items={"kopi": ("bar",)}))
    page = await box.feed()
    assert page.snapshot
    assert {row.kind for row in page.rows} >= {"menu", "routing"}


@pytest.fixture
def route(world):
    """Runs `kedai cloud outlet route`; returns exit status and what it printed."""

    async def run(*words):
        asked = ["--database-url", world.url, "outlet", "route", "Pusat", *words]
        done = await asyncio.to_thread(CliRunner().invoke, main, asked)
        return done.exit_code, done.output

    return run


async def test_an_operator_routes_by_plu_and_takes_it_back(route, browser, outlet):
    status, said = await route()
    assert (status, said.splitlines()[0]) == (0, "Everything goes where the menu says.")
    assert "Kopi: no station named" in said
    words = ("--item", "1001=bar,kitchen", "--target", "bar=120", "--station", "bar=none")
    status, said = await route(*words)
    assert status == 0, said
    assert said.splitlines() == [
        *("item Kopi: bar, kitchen", "instead of bar: nobody", "target at bar: 120 s"),
        *("Only the fallback station (kitchen) has:", "  Kopi: no station bar"),
    ]
    await route("--station", "bar=", "--category", "minuman=bar")
    shown = msgspec.convert((await browser.read(outlet))["routing"], Routing)
    assert shown == Routing(
        items={"kopi": ("bar", "kitchen")},
        categories={"minuman": ("bar",)},
        targets_s={"bar": 120},
    )
    await route("--clear")
    assert (await browser.read(outlet))["routing"] == msgspec.to_builtins(Routing())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--item", "9999=bar"), "The menu has no item '9999'"),
        (("--item", "1001"), "says nothing"),
        (("--target", "bar=soon"), "not a number"),
        (("--item", "1001=roof"), "item 'kopi' goes to unknown station 'roof'"),
    ],
)
async def test_what_cannot_be_routed_is_said_in_words(route, outlet, words, why):
    status, said = await route(*words)
    assert status == 1
    assert why in said
