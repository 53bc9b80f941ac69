"""The menu on the box: taken over whole or not at all, once, and as HQ has it now."""

import msgspec
import pytest

from protocol import commands as c
from protocol.events import MenuApplied, decode
from protocol.menu import EMPTY_MENU


def versions(heart):
    return heart.rows("SELECT version FROM menus ORDER BY version")


async def current(heart):
    return (await heart.database.read(heart.menus.current)).menu


async def test_a_box_begins_with_nothing_to_sell(make_heart):
    heart = await make_heart()
    assert await current(heart) == EMPTY_MENU
    assert heart.menus.version == 0


async def test_a_menu_is_in_force_at_once_and_said_in_the_journal(make_heart, menu):
    heart = await make_heart()
    await heart.use_menu(menu, version=7)
    assert await current(heart) == msgspec.structs.replace(menu, version=7)
    told = decode((await heart.entries())[-1].entry.body)
    assert isinstance(told, MenuApplied)
    assert (told.version, told.publish_id, told.items) == (7, "publish-7", len(menu.items))


async def test_the_same_menu_again_changes_nothing(make_heart, menu):
    heart = await make_heart(menu=menu)
    await heart.use_menu(menu, version=5)
    position = heart.journal.position
    await heart.use_menu(menu, version=5)
    assert heart.journal.position == position
    assert (await current(heart)).version == 5


async def test_hqs_word_counts_also_when_its_number_is_lower(make_heart, menu, guest):
    heart = await make_heart(menu=menu)
    await heart.use_menu(menu, version=5)
    await heart.use_menu(msgspec.structs.replace(menu, items=menu.items[:1]), version=4)
    assert [v for (v,) in await versions(heart)] == [1, 4]
    assert len((await current(heart)).items) == 1
    assert (await heart.taking.take(guest.asks(guest.place()))).order.menu_version == 4


async def test_the_same_publish_is_the_same_event_on_a_box_restored_from_backup(make_heart, menu):
    ids = []
    for folder in ("before", "after"):
        heart = await make_heart(folder)
        await heart.use_menu(menu)
        ids.append((await heart.entries())[-1].entry.event_id)
    assert ids[0] == ids[1]


def without_price(menu):
    item = msgspec.structs.replace(menu.items[0], variants=())
    return msgspec.structs.replace(menu, items=(item, *menu.items[1:]))


@pytest.mark.parametrize(
    "spoil",
    [
        without_price,
        lambda m: msgspec.structs.replace(m, fallback_station="roof"),
        lambda m: msgspec.structs.replace(m, currency="XXX"),
        lambda m: msgspec.structs.replace(m, categories=()),
        lambda m: msgspec.structs.replace(m, items=(*m.items, m.items[0])),
    ],
)
async def test_a_menu_nobody_can_sell_from_leaves_the_good_one(heart, menu, guest, spoil):
    position = heart.journal.position
    with pytest.raises(ValueError, match=r".+"):
        await heart.use_menu(spoil(menu), version=2)
    assert (await current(heart)).version == 1
    assert heart.journal.position == position
    assert (await heart.taking.take(guest.asks(guest.place()))).order.number == "A001"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"version": "x"}', b"\xff"])
async def test_what_is_no_menu_leaves_the_good_one(heart, body):
    with pytest.raises((msgspec.DecodeError, ValueError)):
        await heart.database.write(
            lambda db: heart.menus.apply(db, body, 2, "p", heart.journal.reading())
        )
    assert (await current(heart)).version == 1


async def test_an_order_is_priced_by_the_menu_of_its_moment(heart, menu, guest):
    held = (await heart.taking.take(guest.asks(guest.place()))).order
    dearer = [
        msgspec.structs.replace(
            i, variants=tuple(msgspec.structs.replace(v, price=v.price * 2) for v in i.variants)
        )
        for i in menu.items
    ]
    await heart.use_menu(msgspec.structs.replace(menu, items=tuple(dearer)), version=2)
    add = c.AddLines(order_id=held.order_id, lines=(guest.line(),))
    order = (await heart.taking.take(guest.asks(add))).order
    assert [(x.amount, x.menu_version) for x in order.lines] == [(25_000, 1), (50_000, 2)]


async def test_the_menu_survives_a_restart_and_few_former_ones_are_kept(make_heart, menu):
    heart = await make_heart()
    for version in range(1, 9):
        await heart.use_menu(menu, version=version)
    assert [v for (v,) in await versions(heart)] == [4, 5, 6, 7, 8]
    await heart.stop()
    assert (await current(await make_heart())).version == 8
