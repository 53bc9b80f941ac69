"""The rules of the house at HQ: checked, for everybody or whole for one outlet, told once."""

import asyncio

import msgspec
import pytest
from click.testing import CliRunner

from cloud.cli import main
from protocol.bill import BillRules, RuleBook, Tax
from protocol.house import House, Limits, Promotion

pytestmark = pytest.mark.postgres

PBJT = Tax(id="pbjt", names={"id": "PBJT", "en": "Restaurant tax"}, amount="10")
TAXED = House(bill=RuleBook(rules=(BillRules(version=1, taxes=(PBJT,)),)))
STRICT = House(limits=Limits(discount_percent="0"))


@pytest.fixture
def own(box):
    return f"/api/outlets/{box.enrolled.outlet_id}/house"


def house_of(row):
    return msgspec.json.decode(row.body, type=House)


async def last_house(box, start):
    rows = (await box.feed(start.incarnation, start.pos)).rows
    return [house_of(row) for row in rows if row.kind == "house"][-1]


async def test_rules_reach_every_outlet_once(world, tenant, browser, box):
    other = await world.box(tenant, "Cabang", stream="cd" * 16)
    start, elsewhere = await box.feed(), await other.feed()
    told = (await browser.send("PUT", "/api/house", TAXED)).json()
    assert (told["version"], told["unchanged"]) == (1, False)
    for one, at in ((box, start), (other, elsewhere)):
        (row,) = (await one.feed(at.incarnation, at.pos)).rows
        assert (row.kind, row.key, row.version, house_of(row)) == ("house", "*", 1, TAXED)
    again = (await browser.send("PUT", "/api/house", TAXED)).json()
    assert (again["version"], again["unchanged"]) == (1, True)
    shown = await browser.read("/api/house")
    assert msgspec.convert(shown["house"], House) == TAXED


async def test_an_outlet_keeps_its_own_when_everybodys_change(world, tenant, browser, box, own):
    other = await world.box(tenant, "Cabang", stream="cd" * 16)
    start, elsewhere = await box.feed(), await other.feed()
    await browser.send("PUT", "/api/house", TAXED)
    await browser.send("PUT", own, STRICT)
    assert await last_house(box, start) == STRICT
    assert await last_house(other, elsewhere) == TAXED
    await browser.send("PUT", "/api/house", House(tips=("5",)))
    assert await last_house(box, start) == STRICT
    assert await last_house(other, elsewhere) == House(tips=("5",))
    shown = await browser.read(own)
    assert (shown["own"], msgspec.convert(shown["house"], House)) == (True, STRICT)
    everybodys = await browser.read("/api/house")
    assert everybodys["outlets_with_own"] == [box.enrolled.outlet_id]


async def test_a_box_that_begins_anew_gets_the_rules_that_hold_for_it(browser, box, own):
    await browser.send("PUT", own, STRICT)
    await browser.send("PUT", "/api/house", TAXED)
    page = await box.feed()
    assert page.snapshot
    (row,) = [row for row in page.rows if row.kind == "house"]
    assert house_of(row) == STRICT


async def test_an_outlet_goes_by_everybodys_rules_again(browser, box, own):
    start = await box.feed()
    await browser.send("PUT", "/api/house", TAXED)
    await browser.send("PUT", own, STRICT)
    assert (await browser.send("DELETE", own, None)).json()["unchanged"] is False
    assert await last_house(box, start) == TAXED
    assert (await browser.read(own))["own"] is False
    assert (await browser.send("DELETE", own, None)).json()["unchanged"] is True
    await browser.send("PUT", "/api/house", House())
    assert await last_house(box, start) == House()


async def test_own_rules_that_end_before_there_are_others_leave_none(browser, box, own):
    start = await box.feed()
    await browser.send("PUT", own, STRICT)
    await browser.send("DELETE", own, None)
    rows = (await box.feed(start.incarnation, start.pos)).rows
    assert rows[-1].body is None


async def test_rules_the_menu_cannot_keep_are_refused_in_words(browser, menu, box):
    await browser.post("/api/menus/publish", menu())
    unfit = House(
        favourites=("teh",), promotions=(Promotion(id="x", names={"id": "X"}, percent="120"),)
    )
    answer = await browser.send("PUT", "/api/house", unfit)
    assert (answer.status_code, answer.json()["code"]) == (422, "unfit_house")
    assert answer.json()["faults"] == [
        "promotion 'x' is 120 %; it must be above 0 and at most 100",
        "the favourites name 'teh', which the menu has not",
    ]
    assert answer.json()["faults_id"] == [
        "promo 'x' sebesar 120 %; harus di atas 0 dan paling banyak 100",
        "favorit menyebut 'teh', yang tidak ada di menu",
    ]
    assert (await browser.read("/api/house"))["version"] == 0


async def test_two_people_at_hq_do_not_undo_each_other(browser, box):
    await browser.send("PUT", "/api/house?replaces=0", TAXED)
    answer = await browser.send("PUT", "/api/house?replaces=0", STRICT)
    assert (answer.status_code, answer.json()["code"]) == (409, "house_changed")
    assert msgspec.convert((await browser.read("/api/house"))["house"], House) == TAXED
    await browser.send("PUT", "/api/house?replaces=1", STRICT)
    assert (await browser.read("/api/house"))["version"] == 2


@pytest.mark.parametrize("body", [b"", b"[]", b'{"tips":5}', b'{"promotions":[{"id":"a"}]}'])
async def test_what_are_no_rules_is_refused(browser, box, body):
    answer = await browser.client.put("/api/house", content=body, headers=browser.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_the_rules_of_another_tenants_outlet_are_out_of_reach(world, box, own):
    stranger = await world.browser(await world.tenant("Lain"))
    for path in (own, "/api/outlets/none/house"):
        assert (await stranger.get(path)).json()["code"] == "unknown_outlet"
        for method in ("PUT", "DELETE"):
            assert (await stranger.send(method, path, STRICT)).status_code == 404


@pytest.fixture
def operate(world):
    """Runs `kedai cloud house`; returns exit status and what it printed."""

    async def run(*words):
        asked = ["--database-url", world.url, "house", *map(str, words)]
        done = await asyncio.to_thread(CliRunner().invoke, main, asked)
        return done.exit_code, done.output

    return run


async def test_an_operator_publishes_a_file_and_reads_it_back(operate, browser, box, tmp_path):
    assert "No house rules" in (await operate("show"))[1]
    file = tmp_path / "house.toml"
    file.write_text(
        '[[bill.rules]]\nversion = 1\n[[bill.rules.taxes]]\nid = "pbjt"\namount = "10"\n'
        'names = { id = "PBJT", en = "Restaurant tax" }\n'
    )
    status, said = await operate("set", file)
    assert (status, said) == (0, "Version 1 goes to the outlets.\n")
    assert "Bill: Restaurant tax 10 %" in (await operate("show"))[1]
    file = tmp_path / "own.json"
    file.write_bytes(msgspec.json.encode(STRICT))
    assert (await operate("set", file, "--outlet", "Pusat"))[0] == 0
    status, said = await operate("show", "--outlet", "Pusat", "--json")
    assert msgspec.json.decode(said, type=House) == STRICT
    assert "everybody" in (await operate("unset", "Pusat"))[1]


async def test_a_file_that_cannot_be_published_is_said_why(operate, box, tmp_path):
    file = tmp_path / "house.json"
    for body, why in (("{", "cannot be read"), ('{"tips":["0"]}', "- a tip is 0 %")):
        file.write_text(body)
        status, said = await operate("set", file)
        assert (status, why in said) == (1, True), said
