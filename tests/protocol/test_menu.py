"""The menu: what makes one unfit to publish, each fault by itself, and how things are looked up."""

import pytest
from msgspec.structs import replace

from protocol.menu import EMPTY_MENU, MenuIndex, Modifier, ModifierGroup, faults_of, name_in


def test_a_sound_menu_has_no_faults(cafe_menu):
    assert faults_of(cafe_menu) == []
    assert faults_of(EMPTY_MENU) == []


def changed(menu, part, at, **fields):
    """The menu with one of its items, groups, … changed."""
    parts = list(getattr(menu, part))
    parts[at] = replace(parts[at], **fields)
    return replace(menu, **{part: tuple(parts)})


def variant(menu, at, **fields):
    item = menu.items[at]
    return changed(menu, "items", at, variants=(replace(item.variants[0], **fields),))


NO_GROUP = ModifierGroup(id="none", names={"en": "None"}, modifiers=())
CHEAPER = Modifier(id="no-ice", names={"en": "No ice"}, price=-8_000)

BROKEN = {
    "currency 'XYZ' is not known": lambda m: replace(m, currency="XYZ"),
    "the fallback station 'roof' is not one of the stations": lambda m: replace(
        m, fallback_station="roof"
    ),
    "station 'bar' is there twice (Bar)": lambda m: replace(
        m, stations=(*m.stations, m.stations[0])
    ),
    "category 'food' is there twice (Food)": lambda m: replace(
        m, categories=(*m.categories, m.categories[1])
    ),
    "modifier group 'none' is there twice (None)": lambda m: replace(
        m, modifier_groups=(*m.modifier_groups, NO_GROUP, NO_GROUP)
    ),
    "modifier group 'milk' wants at least 2, most 1": lambda m: changed(
        m, "modifier_groups", 0, min=2
    ),
    "modifier group 'extras' wants at least -1, most 2": lambda m: changed(
        m, "modifier_groups", 1, min=-1
    ),
    "modifier group 'milk' wants 1 of nothing": lambda m: changed(
        m, "modifier_groups", 0, modifiers=()
    ),
    "modifier 'oat' is there twice (group extras)": lambda m: changed(
        m, "modifier_groups", 1, modifiers=(m.modifier_groups[0].modifiers[1],)
    ),
    "item 'rice' is there twice (Breakfast set)": lambda m: changed(m, "items", 2, id="rice"),
    "item 'rice' has no name": lambda m: changed(m, "items", 1, names={"en": ""}),
    "item 'Fried rice' has no variant, so no price": lambda m: changed(m, "items", 1, variants=()),
    "item 'Fried rice' is in unknown category 'x'": lambda m: changed(
        m, "items", 1, category_id="x"
    ),
    "item 'Fried rice' uses unknown modifier group 'x'": lambda m: changed(
        m, "items", 1, modifier_group_ids=("x", "milk")
    ),
    "variant 'set-1' is there twice (Breakfast set)": lambda m: variant(m, 1, id="set-1"),
    "PLU '301' is there twice (Breakfast set)": lambda m: variant(m, 1, plu="301"),
    "'Fried rice' (201) has a price below zero": lambda m: variant(m, 1, price=-1),
    "'Latte' (101) can be brought below zero by its modifiers": lambda m: changed(
        m, "modifier_groups", 1, modifiers=(CHEAPER,)
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_each_fault_is_named_by_itself(cafe_menu, fault):
    assert faults_of(BROKEN[fault](cafe_menu)) == [fault]


def test_a_modifier_may_make_an_item_cheaper_but_not_a_debt(cafe_menu):
    groups = cafe_menu.modifier_groups
    fits = replace(CHEAPER, price=-7_500)  # twice at most, on a small latte of 15.000
    menu = changed(cafe_menu, "modifier_groups", 1, modifiers=(fits,))
    assert faults_of(menu) == []
    assert groups[1].max == 2


def test_a_group_that_is_missing_does_not_hide_other_faults(cafe_menu):
    both = variant(changed(cafe_menu, "items", 0, category_id="x"), 1, price=-1)
    assert len(faults_of(both)) == 2


def test_items_are_found_by_variant_and_by_plu(cafe_menu):
    index = MenuIndex(cafe_menu)
    item, large = index.by_plu["102"]
    assert (item.id, large.id) == ("latte", "latte-l")
    assert index.variants["latte-l"] == (item, large)


def test_nothing_is_routed_to_nowhere(cafe_menu):
    index = MenuIndex(cafe_menu)
    assert index.stations_of(index.items["set"]) == ("bar", "kitchen")
    assert index.stations_of(index.items["water"]) == ("kitchen",)
    assert index.stations_of(index.items["retired"]) == ("kitchen",)


def test_a_name_falls_back_to_the_first_language_there_is():
    names = {"id": "Kopi", "en": "Coffee"}
    assert name_in(names, "en") == "Coffee"
    assert name_in(names, "fr") == "Kopi"
    assert name_in({"id": "Kopi", "en": ""}, "en") == "Kopi"
    assert name_in({}, "en") == ""
