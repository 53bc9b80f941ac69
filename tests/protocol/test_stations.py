"""Who makes what: no line without a station that exists, whatever menu and outlet say (FS-41)."""

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.kitchen import tickets_of
from protocol.menu import MenuIndex, Station, faults_of
from protocol.prices import Price, PriceBook
from protocol.routing import Routing
from protocol.routing_checks import faults_with_menu, unserved_items


def changed(menu, part, at, **fields):
    parts = list(getattr(menu, part))
    parts[at] = replace(parts[at], **fields)
    return replace(menu, **{part: tuple(parts)})


def with_stations(menu, *stations):
    return replace(menu, stations=(*menu.stations, *stations))


@pytest.fixture
def restaurant(cafe_menu):
    """The café with a grill and a pass, coffee made at the bar by category."""
    menu = with_stations(
        cafe_menu,
        Station(id="grill", names={"en": "Grill"}, target_s=900, backup="kitchen"),
        Station(id="pass", names={"en": "Pass"}, kind="expo"),
    )
    menu = changed(menu, "categories", 0, station_ids=("bar",))
    return changed(menu, "items", 0, station_ids=())


def stations_of(menu, item, **routing):
    index = MenuIndex(menu, routing=Routing(**routing))
    return index.stations_of(index.items[item])


def test_fs41_an_item_goes_where_it_says_else_with_its_category_else_to_the_fallback(restaurant):
    assert stations_of(restaurant, "set") == ("bar", "kitchen")
    assert stations_of(restaurant, "latte") == ("bar",)
    assert stations_of(restaurant, "retired") == ("kitchen",)


def test_fs41_a_station_that_was_deleted_is_replaced_and_not_left_out(restaurant):
    assert stations_of(restaurant, "water") == ("kitchen",)
    half_gone = changed(restaurant, "items", 2, station_ids=("fryer", "bar"))
    assert stations_of(half_gone, "set") == ("kitchen", "bar")


def test_fs41_an_item_of_no_known_category_has_a_station(restaurant):
    lost = changed(restaurant, "items", 1, category_id="nowhere", station_ids=())
    assert stations_of(lost, "rice") == ("kitchen",)


def test_fs41_a_line_without_any_station_of_its_own_is_on_a_ticket(counter, restaurant):
    lost = changed(restaurant, "items", 1, category_id="nowhere", station_ids=("gone",))
    counter.menu = MenuIndex(lost)
    counter.place(counter.line("rice-1"))
    made_by = [t.station_id for t in tickets_of(counter.order) if not t.expo]
    assert made_by == ["kitchen"]


def test_the_outlets_word_holds_over_the_menus_item_before_category_before_station(restaurant):
    assert stations_of(restaurant, "rice", items={"rice": ("grill",)}) == ("grill",)
    assert stations_of(restaurant, "rice", categories={"food": ("grill",)}) == ("grill",)
    both = {"items": {"rice": ("bar",)}, "categories": {"food": ("grill",)}}
    assert stations_of(restaurant, "rice", **both) == ("bar",)
    closed = {"stations": {"bar": ("kitchen", "grill")}}
    assert stations_of(restaurant, "latte", **closed) == ("kitchen", "grill")
    assert stations_of(restaurant, "set", **closed) == ("kitchen", "grill")


@pytest.mark.parametrize("instead", [(), ("nowhere",)])
def test_a_station_that_the_outlet_has_not_falls_back(restaurant, instead):
    assert stations_of(restaurant, "latte", stations={"bar": instead}) == ("kitchen",)


def test_a_fallback_that_the_outlet_has_not_is_replaced_too(restaurant):
    assert stations_of(restaurant, "retired", stations={"kitchen": ("grill",)}) == ("grill",)
    assert stations_of(restaurant, "retired", stations={"kitchen": ()}) == ("kitchen",)


def test_dated_prices_change_no_station(restaurant, cafe_menu):
    book = PriceBook(version=1, prices=(Price(id="rice-1", amount=1, from_ms=0),))
    index = MenuIndex(restaurant, routing=Routing(items={"rice": ("grill",)})).priced_at(book, 5)
    assert index.variants["rice-1"][1].price == 1
    assert index.stations_of(index.items["rice"]) == ("grill",)


IDS = st.sampled_from(("bar", "kitchen", "grill", "pass", "gone", "nowhere"))
MANY = st.lists(IDS, max_size=3).map(tuple)


@examples(300)
@given(
    item=MANY,
    category=MANY,
    routing=st.builds(
        Routing,
        items=st.dictionaries(st.just("rice"), MANY),
        categories=st.dictionaries(st.just("food"), MANY),
        stations=st.dictionaries(IDS, MANY, max_size=4),
    ),
    fallback=st.sampled_from(("kitchen", "pass")),
)
def test_whatever_is_said_each_line_has_a_station_that_exists(
    new_counter, cafe_menu, item, category, routing, fallback
):
    menu = with_stations(
        replace(cafe_menu, fallback_station=fallback),
        Station(id="grill", names={}),
        Station(id="pass", names={}, kind="expo"),
    )
    menu = changed(menu, "items", 1, station_ids=item)
    menu = changed(menu, "categories", 1, station_ids=category)
    counter = new_counter(menu=MenuIndex(menu, routing=routing))
    counter.place(counter.line("rice-1"))
    (line,) = counter.order.lines
    known = {s.id for s in menu.stations}
    assert line.station_ids
    assert {*line.station_ids, *line.expo_ids} <= known
    assert not {*line.station_ids} & {*line.expo_ids}
    assert len({*line.station_ids}) == len(line.station_ids)
    for station in line.station_ids:
        counter.bump(station)
    assert counter.order.status == "ready", "no expo holds it up"


# ---------------------------------------------------------------- targets


def test_a_target_is_the_items_else_the_slowest_of_its_stations(restaurant):
    index = MenuIndex(restaurant, routing=Routing(targets_s={"bar": 120, "kitchen": 600}))
    targets = {i.id: index.route_of(i).target_s for i in restaurant.items}
    assert (targets["latte"], targets["set"], targets["rice"]) == (120, 600, 600)
    own = MenuIndex(changed(restaurant, "items", 1, target_s=300, station_ids=("grill",)))
    assert own.route_of(own.items["rice"]).target_s == 300
    grilled = MenuIndex(changed(restaurant, "items", 1, station_ids=("grill",)))
    assert grilled.route_of(grilled.items["rice"]).target_s == 900
    assert MenuIndex(restaurant).route_of(restaurant.items[2]).target_s is None


# ---------------------------------------------------------------- what a menu and a routing say wrong

BROKEN = {
    "category 'food' goes to unknown station 'roof'": lambda m: changed(
        m, "categories", 1, station_ids=("roof",)
    ),
    "the backup 'roof' of station 'bar' is not one of the stations": lambda m: changed(
        m, "stations", 0, backup="roof"
    ),
    "station 'bar' is its own backup": lambda m: changed(m, "stations", 0, backup="bar"),
    "station 'bar' has a target of 0 seconds": lambda m: changed(m, "stations", 0, target_s=0),
    "item 'Fried rice' has a target of -5 seconds": lambda m: changed(m, "items", 1, target_s=-5),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_menu_names_what_is_wrong_with_its_stations(cafe_menu, fault):
    assert faults_of(BROKEN[fault](cafe_menu)) == [fault]


def test_a_routing_names_what_the_menu_has_not(restaurant):
    good = Routing(
        items={"rice": ("grill",)},
        categories={"food": ("bar",)},
        stations={"fryer": ("grill",), "pass": ()},
        targets_s={"bar": 90},
    )
    assert faults_with_menu(good, restaurant) == []
    bad = Routing(
        items={"soup": ("grill",), "rice": ("roof",)},
        categories={"wine": ("bar",)},
        stations={"bar": ("roof",)},
        targets_s={"roof": 5, "bar": 0},
    )
    assert faults_with_menu(bad, restaurant) == [
        "the menu has no item 'soup'",
        "item 'rice' goes to unknown station 'roof'",
        "the menu has no category 'wine'",
        "station 'bar' goes to unknown station 'roof'",
        "a target is for unknown station 'roof'",
        "station 'bar' has a target of 0 seconds",
    ]


def test_fs41_items_that_only_have_the_fallback_can_be_listed(restaurant):
    found = unserved_items(MenuIndex(restaurant))
    assert [(x.item_id, x.names["en"], x.missing) for x in found] == [
        ("water", "Water", ("closed-long-ago",)),
        ("retired", "Retired soup", ()),
    ]
    routed = Routing(items={"water": ("bar",)}, stations={"grill": ("gone",)})
    assert [x.item_id for x in unserved_items(MenuIndex(restaurant, routing=routed))] == ["retired"]
