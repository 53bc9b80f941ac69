"""Bills through a whole box: HQ's rules come in, orders are taxed by them, and keep them."""

import msgspec
import pytest

from edge.feed_rows import Arrival, FeedRows, cursor
from edge.house import HouseHere
from protocol import floor_commands as f
from protocol.bill import BillRules, RuleBook, Service, Tax
from protocol.house import House, Promotion
from protocol.replication import FeedPage, FeedRow

TAXED = House(
    bill=RuleBook(
        rules=(
            BillRules(
                version=1,
                taxes=(Tax(id="pbjt", names={"id": "PBJT"}, amount="10"),),
                service=Service(names={"id": "Layanan"}, percent="5"),
            ),
        )
    ),
    promotions=(
        Promotion(id="two", names={"id": "Dua hemat"}, buy=1, get=1, ids=("kopi-panas", "kopi")),
    ),
)
DEARER = House(
    bill=RuleBook(
        rules=(
            BillRules(version=2, taxes=(Tax(id="vat", names={"id": "Pajak lain"}, amount="25"),)),
        )
    )
)


@pytest.fixture
def hear(box):
    """HQ publishes rules of the house."""

    async def take(house, version):
        row = FeedRow(
            version, "house", "*", version, msgspec.json.encode(house), f"house-{version}"
        )
        arrival = Arrival(incarnation="hq", reading=box.journal.reading())
        here = HouseHere(box.journal)
        await box.database.write(lambda db: here.take_row(db, row, arrival))

    return take


@pytest.fixture
def ask(box, guest):
    async def take(command, **more):
        outcome = await box.taking.take(guest.asks(command, **more))
        return getattr(outcome, "order", None) or outcome

    return take


async def test_a_bill_over_http_is_taxed_and_the_screen_must_have_shown_it(client, hear, guest):
    await hear(TAXED, 1)
    shown = msgspec.structs.replace(guest.place("nasi-kecil"), expected_total=25_000)
    envelope = guest.asks(shown)
    said = await client.post("/api/commands", content=msgspec.json.encode(envelope))
    assert said.status_code == 409
    assert said.json()["code"] == "total_differs"
    right = msgspec.structs.replace(guest.place("nasi-kecil"), expected_total=28_875)
    said = await client.post("/api/commands", content=msgspec.json.encode(guest.asks(right)))
    assert said.status_code in (200, 201)
    totals = said.json()["order"]["totals"]
    assert (totals["service"], totals["taxes"][0]["amount"]) == (1_250, 2_625)


async def test_a_receipt_stays_what_it_was_when_hq_changes_the_rules(client, box, hear, ask, guest):
    """The order carries its rules: the same page to the byte, however long after."""
    await hear(TAXED, 1)
    order = await ask(guest.place("nasi-kecil", "kopi", "kopi"))
    off = f.Adjust(order_id=order.order_id, adjustment_id="off", percent="10")
    order = await ask(off)
    await ask(guest.pay(order.order_id, order.totals.total))
    address = f"/r/{box.receipt_links.code(order.order_id)}"
    before = await client.get(address)
    for words in ("Layanan 5%", "PBJT 10%", "Diskon 10%", "LUNAS / PAID"):
        assert words in before.text
    await hear(DEARER, 2)
    after = await client.get(address)
    assert after.content == before.content
    assert "Pajak lain" not in after.text
    assert (await ask(guest.place("nasi-kecil"))).totals.total == 31_250


async def test_rules_that_no_bill_can_be_made_by_are_set_aside(box, ask, guest):
    """Whatever HQ has come to: the outlet goes on selling by the last rules that were good."""

    async def send(house, pos):
        body = msgspec.json.encode(house)
        row = FeedRow(pos, "house", "*", pos, body, f"house-{pos}")
        page = FeedPage(incarnation="hq", rows=(row,), pos=pos)
        rows = FeedRows(box.journal, {"house": HouseHere(box.journal)})
        return await box.database.write(lambda db: rows.take_page(db, page, cursor(db)))

    assert await send(TAXED, 1) == {}
    whole = Tax(id="all", names={"id": "Semua"}, amount="100", kind="division")
    unsolvable = House(bill=RuleBook(rules=(BillRules(version=2, taxes=(whole,)),)))
    happy = Promotion(id="x", names={"id": "x"}, percent="many")
    for pos, bad in enumerate((unsolvable, House(promotions=(happy,))), 2):
        (reason,) = (await send(bad, pos)).values()
        assert "takes 100 %" in reason or "'many' %" in reason
        assert (await ask(guest.place("nasi-kecil"))).totals.total == 28_875
    assert await send(DEARER, 4) == {}
    assert (await ask(guest.place("nasi-kecil"))).totals.total == 31_250


async def test_a_command_again_gets_the_total_of_its_first_answer(hear, ask, guest):
    await hear(TAXED, 1)
    place = guest.place("nasi-kecil")
    first = await ask(place, command_id="the-same")
    await hear(DEARER, 2)
    again = await ask(place, command_id="the-same")
    assert again.totals == first.totals
    assert again.totals.total == 28_875


async def test_offers_are_in_the_journal_with_what_they_came_to(box, hear, ask, guest):
    await hear(TAXED, 1)
    order = await ask(guest.place("kopi", "kopi"))
    assert [a.given for a in order.adjustments] == [18_000]
    found = await box.journal.read_after(0, 1_000)
    bodies = [msgspec.json.decode(x.entry.body) for x in found]
    (told,) = [b for b in bodies if b["type"] == "promotions.applied"]
    assert told["promotions"][0]["given"] == 18_000
    assert told["totals"]["total"] == order.totals.total == 20_790
