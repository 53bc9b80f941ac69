"""What HQ asks of a box is carried out once, and the event is the answer."""

import msgspec
import pytest

from edge.feed_rows import FeedRows, cursor
from edge.intents import Intent, Intents
from edge.menu import eighty_six_list
from protocol import commands as c
from protocol.refusals import Refusal
from protocol.replication import FeedPage, FeedRow


@pytest.fixture
def ask(heart):
    rows = FeedRows(heart.journal, {"intent": Intents(heart.taking), "menu": heart.menus})

    async def ask(intent, key="i-1", item="kopi", snapshot=False, **more):
        held = await heart.database.read(cursor)
        body = msgspec.json.encode(Intent(intent=intent, item_id=item, **more))
        row = FeedRow(held[1] + 1, "intent", key, 1, body, f"publish-{key}")
        page = FeedPage(incarnation="hq", rows=(row,), pos=row.pos, snapshot=snapshot)
        return await heart.database.write(lambda db: rows.take_page(db, page, held))

    ask.rows = rows
    return ask


async def gone(heart):
    return await heart.database.read(eighty_six_list)


async def test_hq_takes_an_item_off_and_the_journal_says_so(heart, ask, guest):
    assert await ask("eighty_six", reason="recall of a batch") == {}
    assert await gone(heart) == ("kopi",)
    last = (await heart.entries())[-1].entry
    assert (last.type, last.actor) == ("item.eighty_sixed", "hq")
    refused = await heart.taking.take(guest.asks(guest.place("kopi")))
    assert isinstance(refused, Refusal)
    await ask("restore", key="i-2")
    assert await gone(heart) == ()


async def test_it_happens_once_whatever_the_staff_did_since(heart, ask, guest):
    await ask("eighty_six")
    await heart.taking.take(guest.asks(c.RestoreItem(item_id="kopi")))
    position = heart.journal.position
    await ask("eighty_six", snapshot=True)
    # The answer to the command may be forgotten by then: the row remembers.
    await heart.database.write(lambda db: db.execute("DELETE FROM commands"))
    await ask("eighty_six", snapshot=True)
    assert (await gone(heart), heart.journal.position) == ((), position)


async def test_an_intent_of_a_newer_hq_waits_for_a_newer_build(heart, ask):
    assert await ask("reprint_everything") == {}
    assert await heart.rows("SELECT state FROM feed_rows") == [("unknown",)]


async def test_one_that_cannot_be_done_yet_parks_and_is_done_later(heart, ask, menu):
    parked = await ask("eighty_six", item="rendang")
    assert "rendang" in parked["intent/i-1"]
    rendang = msgspec.structs.replace(menu.items[0], id="rendang", variants=())
    rendang = msgspec.structs.replace(
        rendang,
        variants=(msgspec.structs.replace(menu.items[0].variants[0], id="r", plu="999"),),
    )
    await heart.use_menu(msgspec.structs.replace(menu, items=(*menu.items, rendang)), version=2)
    assert await heart.database.write(ask.rows.try_again) == {}
    assert await gone(heart) == ("rendang",)


async def test_one_that_nobody_wants_any_more_is_not_carried_out(heart, ask):
    await ask("eighty_six", until_ms=heart.clock.now_ms - 1)
    assert await gone(heart) == ()
