"""A way to a cook that is none any more is not taken: shut out, dead, or behind a broker that is away."""

import pytest

from edge import delivery_inbox
from edge.config import PrinterConfig
from edge.lan.broker_programs import find_installed_mosquitto
from edge.printing.virtual import VirtualPrinter
from protocol.devices import Approval, DeviceKind, PairingAsked

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]


@pytest.fixture
async def make_printer(clock):
    """A printer of a station, and how the box knows it."""
    started = []

    async def make(name, *stations, **more):
        virtual = VirtualPrinter(clock.wall_ms)
        await virtual.start()
        started.append(virtual)
        known = PrinterConfig(
            id=name,
            name=name.title(),
            host=virtual.host,
            port=virtual.port,
            stations=stations,
            timeout_s=1.0,
            **more,
        )
        return virtual, known

    yield make
    for virtual in started:
        await virtual.stop()


@pytest.fixture
async def join(box):
    """The id of a kitchen display that was let in."""

    async def pair(name):
        asked = PairingAsked(kind=DeviceKind.KITCHEN, name=name, secret_hash="0" * 64)
        code = box.devices.ask(asked, "10.0.0.9")
        card = await box.devices.approve(code.pairing_id, Approval(code=code.code), "test")
        return card.device

    return pair


async def test_a_display_that_was_shut_out_is_no_way_although_its_goodbye_is_refused(
    box, put_up, join, take, guest, told, until, wrong
):
    """Revoked in the middle of the evening: the bar's orders do not wait for it any more."""
    device = await join("Dapur 1")
    kitchen = await put_up(device, "dapur", name="Dapur 1")
    await until(lambda: box.desk.inbox.someone_shows("dapur"))
    await take(guest.place("nasi-kecil"))
    await until(lambda: not box.desk.board.tickets)
    await box.devices.revoke(device, "Sari")
    kitchen.link._current.cut("cut off")
    await kitchen.link.stop()
    assert not box.desk.inbox.someone_shows("dapur")
    said = await until(lambda: wrong().get("kitchen_display"))
    assert "Dapur 1" in said.en
    before = await told()
    order = await take(guest.place("kopi"))
    await until(lambda: "kitchen_unseen" in wrong())
    assert order.number in wrong()["kitchen_unseen"].en
    assert (await told())[len(before) :] == [("ticket.escalated", "bar", 1)], "to nobody else first"


async def test_without_the_broker_paper_is_the_other_way_and_displays_are_none(
    make_desk_box, make_printer, put_up, guest, until, told, broker
):
    """FS-36: a display was there a moment ago; the order must not wait for it in vain."""
    virtual, grill = await make_printer("panggang", "dapur")
    box = await make_desk_box("printing", printers=(grill,))
    box.desk.rerouted_ms = 10_000
    display = await put_up("grill-1", "dapur")
    await until(lambda: box.desk.inbox.someone_shows("dapur"))
    await broker.stop()
    await until(lambda: not box.link.connected)
    # One that stops in order says goodbye for its displays; one whose power goes does not.
    await box.desk.inbox._hear_presence(display.presence(online=True))
    taken = await box.taking.take(guest.asks(guest.place("kopi")))
    (sheet,) = await virtual.wait_for_sheets(1)
    assert taken.order.number in sheet.text
    assert "REROUTED FROM BAR" in sheet.text
    await until(lambda: not box.desk.board.tickets)
    assert [t for t, *_ in await told(box)] == ["ticket.rerouted"]


async def test_of_two_printers_that_may_stand_in_the_one_that_prints_is_taken(
    make_desk_box, make_printer, guest, until, told
):
    """Neither the bar's own printer nor the first that stands in for it has paper."""
    bar, own = await make_printer("bar", "bar", backup="pantry")
    pantry, first = await make_printer("pantry", backup="panggang")
    grill, second = await make_printer("panggang", "dapur")
    box = await make_desk_box("printing", printers=(own, first, second))
    for dead in (bar, pantry):
        dead.change(paper_out=True)
    await until(lambda: box.spool.faults["bar"] and box.spool.faults["pantry"], 10)
    await box.taking.take(guest.asks(guest.place("kopi")))
    (sheet,) = await grill.wait_for_sheets(1)
    assert "DUPLI" not in sheet.text
    await until(lambda: not box.desk.board.tickets)
    assert (bar.sheets_printed, pantry.sheets_printed, grill.sheets_printed) == (0, 0, 1)


async def test_a_display_that_says_nothing_for_long_is_not_there(
    box, put_up, until, monkeypatch, clock
):
    """Its machine died while the broker had lost its memory: nobody says that it is gone."""
    await put_up("grill-1", "dapur")
    inbox = box.desk.inbox
    await until(lambda: inbox.someone_shows("dapur"))
    now = clock.mono_ms()
    monkeypatch.setattr(clock, "mono_ms", lambda: now + delivery_inbox.SILENT_MS - 5_000)
    assert inbox.someone_shows("dapur")
    monkeypatch.setattr(clock, "mono_ms", lambda: now + delivery_inbox.SILENT_MS + 5_000)
    assert not inbox.someone_shows("dapur")
    assert inbox.gone_dark("dapur") == "Grill-1"
    # The broker is back after a while: whoever is there has time to say so.
    await inbox.begin_anew()
    assert inbox.someone_shows("dapur")
