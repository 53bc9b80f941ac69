"""Dayparts: breakfast until eleven, for guests; staff sell what they can make."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from protocol import commands as c
from protocol.clock import Confidence
from protocol.dayparts import begins_next, holds, hours_of, offered_now
from protocol.house import House, KioskPlan, Offered, Span
from protocol.menu import Item, MenuIndex
from protocol.orders import Source
from protocol.refusals import Refusal
from protocol.rules import Moment, State, apply, decide
from protocol.staff import Actor, May
from protocol.trading_day import local_time

FILE = Path(__file__).parent.parent.parent / "protocol/web/dayparts.json"
VECTORS = json.loads(FILE.read_text("utf-8"))
SPANS = {k: msgspec.convert(v, tuple[Span, ...]) for k, v in VECTORS["spans"].items()}

BREAKFAST = House(dayparts=(Offered(ids=("rice",), spans=SPANS["breakfast"]),))
OPEN = House(kiosk=KioskPlan(hours=SPANS["breakfast"]))
AT_NINE, AT_NOON = "2026-05-28T09:00", "2026-05-28T12:00"
GUEST = Actor(staff_id=None, name="", may=frozenset({May.ORDER}))
SITI = Actor(staff_id="siti", name="Siti", may=frozenset({May.ORDER}))


@pytest.mark.parametrize(("name", "local", "yes"), VECTORS["holds"])
def test_a_span_holds_from_its_begin_until_its_end(name, local, yes):
    assert holds(SPANS[name], local) is yes


@pytest.mark.parametrize(("name", "local", "begin"), VECTORS["begins"])
def test_when_it_begins_next(name, local, begin):
    assert begins_next(SPANS[name], local) == begin


@pytest.mark.parametrize(("name", "text"), VECTORS["hours"])
def test_the_hours_as_people_read_them(name, text):
    assert hours_of(SPANS[name]) == text


@pytest.mark.parametrize(("item_id", "category_id", "local", "yes"), VECTORS["offered"]["cases"])
def test_what_is_said_of_an_item_goes_before_its_category(item_id, category_id, local, yes):
    dayparts = msgspec.convert(VECTORS["offered"]["dayparts"], tuple[Offered, ...])
    item = Item(id=item_id, category_id=category_id, names={"en": item_id}, variants=())
    assert offered_now(House(dayparts=dayparts), item, local) is yes


@pytest.mark.parametrize(("at_ms", "zone", "text"), VECTORS["local"])
def test_the_browser_tells_the_same_local_time(at_ms, zone, text):
    local = local_time(at_ms, ZoneInfo(zone)).replace(tzinfo=None)
    assert local.isoformat(timespec="minutes") == text


@pytest.fixture
def take(cafe_menu, counter):
    """Decide one command of a screen at a local time."""

    def take(command, house, local, **state):
        moment = Moment(
            at_ms=1,
            business_date=local[:10] or "2026-05-28",
            hour=9,
            confidence=Confidence.SYNCED,
            now_ms=1,
            local=local,
        )
        menu = MenuIndex(cafe_menu)
        return decide(State(menu=menu, house=house, order_number="A001", **state), command, moment)

    return take


@pytest.fixture
def wish(counter):
    """One plate of fried rice, from a screen of some kind."""

    def wish(source=Source.KIOSK):
        order_id, line_id = counter.new_id(), counter.new_id()
        line = c.NewLine(line_id=line_id, variant_id="rice-1")
        return c.PlaceOrder(order_id=order_id, lines=(line,), source=source)

    return wish


def test_a_guest_has_breakfast_in_the_morning_only(take, wish):
    assert not isinstance(take(wish(), BREAKFAST, AT_NINE), Refusal)
    no = take(wish(), BREAKFAST, AT_NOON)
    assert no.code == "not_at_this_time"
    assert (no.params["item"], no.params["hours"]) == ("Fried rice", "07:00–11:00")


def test_a_kiosk_that_is_closed_takes_no_order(take, wish):
    assert not isinstance(take(wish(), OPEN, AT_NINE), Refusal)
    assert take(wish(), OPEN, AT_NOON).code == "kiosk_closed"
    assert not isinstance(take(wish(Source.COUNTER), OPEN, AT_NOON), Refusal)


@pytest.mark.parametrize("source", [Source.COUNTER, Source.KIOSK])
def test_who_is_signed_in_sells_what_can_be_made(take, wish, source):
    assert not isinstance(take(wish(source), BREAKFAST, AT_NOON, actor=SITI), Refusal)
    assert take(wish(source), BREAKFAST, AT_NOON, actor=GUEST).code == "not_at_this_time"


def test_the_counter_adds_breakfast_to_a_guests_order_at_noon(take, wish, counter):
    order = None
    for event in take(wish(), BREAKFAST, AT_NINE, screen="kiosk-1"):
        order = apply(order, event)
    line = c.NewLine(line_id=counter.new_id(), variant_id="rice-1")
    more = c.AddLines(order_id=order.order_id, lines=(line,))
    no = take(more, BREAKFAST, AT_NOON, order=order, screen="kiosk-1")
    assert no.code == "not_at_this_time"
    assert not isinstance(take(more, BREAKFAST, AT_NOON, order=order, screen="till-1"), Refusal)


def test_an_order_that_was_accepted_before_is_no_question_of_the_hour(take, wish):
    assert not isinstance(take(wish(), BREAKFAST, AT_NOON, offered=True), Refusal)


def test_a_clock_that_is_known_to_be_wrong_stops_no_sale(take, wish):
    assert not isinstance(take(wish(), BREAKFAST, ""), Refusal)
