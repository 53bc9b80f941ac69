"""Guests hear that no cook can be reached before they order: every way to the kitchen counts (FS-48)."""

import msgspec
import pytest

from edge.config import PrinterConfig
from edge.printing.reasons import PrinterFault
from protocol.commands import NewLine, PlaceOrder
from protocol.orders import Source
from protocol.refusals import Refusal

replace = msgspec.structs.replace


@pytest.fixture
async def box(make_desk_box):
    """A house whose ways to the kitchen count as gone at once."""
    box = await make_desk_box()
    strict(box)
    return box


async def leave(display):
    """As the broker says it of a display that vanished."""
    await display.link.publish_many([display.presence(online=False)])
    await display.link.stop()


def strict(box):
    box.open_for_guests.grace_ms, box.open_for_guests.start_ms = 0, 0


@pytest.fixture
def wish(box, menu, guest):
    """An order of a dish of a station, from a kiosk or elsewhere."""

    def make(source=Source.KIOSK, **more):
        variant = menu.items[0].variants[0].id
        line = NewLine(line_id=guest.new_id(), variant_id=variant)
        order = PlaceOrder(order_id=guest.new_id(), lines=(line,), source=source)
        return guest.asks(order, **more)

    return make


async def test_a_house_that_never_had_a_display_is_open(box, wish) -> None:
    assert box.open_for_guests.now().yes
    assert not isinstance(await box.taking.take(wish()), Refusal)


async def test_displays_that_are_all_gone_close_it_and_one_that_is_back_opens_it(
    box, put_up, until, wish
) -> None:
    cook = await put_up("tablet", "dapur", "bar")
    await until(lambda: box.desk.inbox.someone_shows("dapur"))
    assert box.open_for_guests.now().yes
    await leave(cook)
    await until(lambda: not box.desk.inbox.someone_shows("dapur"))
    told = box.open_for_guests.now()
    assert (told.yes, told.why) == (False, "kitchen")
    refused = await box.taking.take(wish())
    assert isinstance(refused, Refusal)
    assert refused.code == "kitchen_away"
    assert not isinstance(await box.taking.take(wish(Source.COUNTER)), Refusal), "staff can say it"
    await put_up("tablet-2", "+")
    await until(lambda: box.desk.inbox.someone_shows("+"))
    assert box.open_for_guests.now().yes


async def test_one_station_in_the_dark_takes_only_its_own_dishes_away(
    box, put_up, until, menu
) -> None:
    await put_up("cook", "dapur")
    barista = await put_up("barista", "bar")
    await until(lambda: box.desk.inbox.someone_shows("bar"))
    await until(lambda: box.desk.inbox.someone_shows("dapur"))
    await leave(barista)
    await until(lambda: not box.desk.inbox.someone_shows("bar"))
    # The kitchen stands in for the bar in this house: its display is the other way.
    assert box.open_for_guests.now() == type(box.open_for_guests.now())()
    alone = replace(menu, stations=tuple(replace(s, backup=None) for s in menu.stations))
    await use_menu(box, alone, 2)
    told = box.open_for_guests.now()
    assert (told.yes, told.stations) == (True, ("bar",))
    index = box.menus.last_used
    expected = {i.id for i in alone.items if set(index.stations_of(i)) == {"bar"}}
    assert set(box.open_for_guests.unreachable()) == expected
    assert expected


async def use_menu(box, menu, version):
    body = msgspec.json.encode(menu)
    await box.database.write(
        lambda db: box.menus.apply(db, body, version, f"p{version}", box.journal.reading())
    )
    await box.database.write(box.menus.current)


async def test_a_printer_that_works_is_a_way(make_desk_box, put_up, until) -> None:
    printers = (PrinterConfig(id="hot", name="Hot", kind="virtual", stations=("dapur", "bar")),)
    box = await make_desk_box(printers=printers)
    strict(box)
    cook = await put_up("tablet", "dapur", "bar")
    await until(lambda: box.desk.inbox.someone_shows("dapur"))
    await leave(cook)
    await until(lambda: not box.desk.inbox.someone_shows("dapur"))
    assert box.open_for_guests.now().yes
    box.spool.owners["hot"].fault = PrinterFault("paper_out", may_have_printed=False)
    assert box.open_for_guests.now().why == "kitchen"


async def test_what_was_taken_once_is_taken_again_whatever_the_kitchen_does(
    box, put_up, until, wish
) -> None:
    cook = await put_up("tablet", "dapur", "bar")
    await until(lambda: box.desk.inbox.someone_shows("dapur"))
    await leave(cook)
    await until(lambda: box.open_for_guests.now().why == "kitchen")
    assert not isinstance(await box.taking.take(wish(offered=True)), Refusal)


async def test_after_a_start_displays_have_time_to_come_back(box, put_up, until) -> None:
    cook = await put_up("tablet", "dapur", "bar")
    await until(lambda: box.desk.inbox.someone_shows("dapur"))
    await leave(cook)
    await until(lambda: box.open_for_guests.now().why == "kitchen")
    box.open_for_guests.start_ms = 10**9
    assert box.open_for_guests.now().yes


async def test_a_box_that_cannot_write_or_stands_by_is_closed_and_says_why(box) -> None:
    box.database.full = True
    assert box.open_for_guests.now().why == "disk"
    box.database.full = False
    box.role.value = "standby"
    assert box.open_for_guests.now().why == "standby"
    heartbeat = box.feed.heartbeat(0)
    assert (heartbeat.taking_orders.yes, heartbeat.at_ms > 0) == (False, True)
